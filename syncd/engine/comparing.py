"""How much a changed mapping would change: wanted against published, by the ledger alone, nothing sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from syncd.domain.identity import ChannelName, Sku
from syncd.domain.listing import BoundListing
from syncd.domain.rules import Limits
from syncd.engine.ordering import open_demands
from syncd.engine.planning import Wanted
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.engine.tempo import Tempo
from syncd.engine.wanting import want

CHUNK = 2_000
MOST = 50_000
"""Listings that are looked at; a larger shop is judged by these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlastRadius:
    """Of so many listings, how many would change, become 0, and move their price."""

    channel: ChannelName
    listings: int
    changed: int
    to_zero: int
    price_moved: int

    def exceeds(self, limits: Limits) -> bool:
        """Whether a guard would hold it."""
        return any(
            count >= limits.at_least and count > share * self.listings
            for count, share in (
                (self.changed, limits.changed),
                (self.to_zero, limits.to_zero),
                (self.price_moved, limits.price_moved),
            )
        )

    def __str__(self) -> str:
        return (
            f"{self.channel}: of {self.listings} listings {self.changed} would change, "
            f"{self.to_zero} of them to 0, and {self.price_moved} prices"
        )


def blast_radius(engine: EngineSetup, setup: ChannelSetup) -> BlastRadius:
    """What these rules would change of what is published."""
    listings = changed = to_zero = price_moved = 0
    open_, tempo = open_demands(engine), Tempo(engine, setup)
    skus = iter(islice(engine.ledger.bound_skus(setup.name), MOST))
    for bound in _chunks(engine, setup, skus):
        for wanted in want(engine, setup, bound, open_, tempo):
            listings += 1
            before, after = _published(wanted), _offered(wanted)
            if after is not None and before is not None and after != before:
                changed += 1
                to_zero += after == 0
            price_moved += _moves_price(wanted)
    return BlastRadius(
        channel=setup.name, listings=listings, changed=changed, to_zero=to_zero,
        price_moved=price_moved,
    )  # fmt: skip


def _chunks(
    engine: EngineSetup, setup: ChannelSetup, skus: Iterator[Sku]
) -> Iterator[Mapping[Sku, Sequence[BoundListing]]]:
    while chunk := list(islice(skus, CHUNK)):
        yield engine.ledger.bound(setup.name, chunk)


def _published(wanted: Wanted) -> int | None:
    quantities = wanted.bound.published.quantities
    return sum(units for _, units in quantities) if quantities else None


def _offered(wanted: Wanted) -> int | None:
    return None if wanted.stock is None else wanted.stock.total


def _moves_price(wanted: Wanted) -> bool:
    if wanted.price is None or wanted.bound.published.price is None:
        return False
    return wanted.price.price != wanted.bound.published.price

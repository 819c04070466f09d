"""What is known of escrow for some listings, read once: who owns what, what is on the move, and since when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syncd.domain.escrow import Step
from syncd.domain.identity import ChannelName, ListingRef, Place, Sku
from syncd.domain.rules import Allocation
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.ports.escrow import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Which listings were looked at, and when their live values were asked for.

    `began` is None where they are those of the ledger, to be told only.
    """

    refs: Sequence[ListingRef] = ()
    began: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The accounts of some SKUs on all channels, and base units by which moves change places.

    `began` is when the live values were asked for; None where they are those of the ledger, to be told only.
    """

    accounts: Mapping[tuple[ChannelName, ListingRef], Held]
    moving: Mapping[Sku, Mapping[Place, int]]
    began: datetime | None
    orders_until: datetime | None

    def of(self, sku: Sku) -> Sequence[Held]:
        """Every account that owns units of a SKU."""
        return [held for held in self.accounts.values() if held.account.sku == sku]


@dataclass(frozen=True, slots=True, kw_only=True)
class Escrowed:
    """The next step of one listing, with what is needed to take it.

    `place` is where its units come from; None where they are only counted. `is_new`: it has no account yet.
    """

    step: Step
    held: Held
    place: Place | None
    granted_before: int
    is_new: bool = False

    @property
    def acts(self) -> bool:
        """Whether the ledger changes before anything is sent."""
        return self.is_new or self.step.is_note or bool(self.step.allot or self.step.give_back)


def read_scene(
    engine: EngineSetup, setup: ChannelSetup, skus: Iterable[Sku], looked: Looked
) -> Scene | None:
    """What concerns these SKUs and listings; None where nothing is in escrow."""
    named = list(skus)
    held = engine.ledger.escrow_accounts(named, [(setup.name, ref) for ref in looked.refs])
    if not held and setup.rules.allocation is Allocation.POOL:
        return None
    owned = {item.account.sku for item in held}
    return Scene(
        accounts={(item.channel, item.ref): item for item in held},
        moving=engine.ledger.moving({*named, *owned}),
        began=looked.began,
        orders_until=engine.ledger.order_cursor(setup.name).complete_until,
    )

"""Reads everything a channel lists, so that drift, new and vanished listings are seen."""

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta

from syncd.domain.counting import counted
from syncd.domain.errors import ChannelError, ChannelUnavailable
from syncd.domain.identity import ListingRef, RunId
from syncd.domain.listing import Listing
from syncd.domain.promotion import price_locks
from syncd.engine.setup import ChannelSetup, EngineSetup, Trigger
from syncd.ports.records import ListingScan

logger = logging.getLogger(__name__)

SMALL_SHOP = 2_000
"""Listings up to which a command typed by hand reads the whole shop: about 40 requests."""


def scan_if_due(
    engine: EngineSetup, setup: ChannelSetup, run: RunId, trigger: Trigger
) -> ListingScan | None:
    """Read all listings when the last full read is older than allowed, or was never.

    A small shop is read in full at every command typed by hand. Raises ChannelError; nothing changes.
    """
    scanned = engine.ledger.scanned_at(setup.name)
    if scanned is not None:
        if trigger is Trigger.SERVICE:
            return None
        if engine.clock.now() - scanned < _allowed(engine, setup, trigger):
            return None
    return scan(engine, setup, run)


def scan(engine: EngineSetup, setup: ChannelSetup, run: RunId) -> ListingScan:
    """Read all listings now; may run beside a cycle, whose later writes win over what was read before.

    Raises ChannelError, also when the list lacks what the shop still has; nothing changes.
    """

    def doubt(vanished: Sequence[ListingRef]) -> None:
        _look_again(setup, vanished)

    found = engine.ledger.record_listings(
        run, setup.name, _told(engine, setup), setup.rules.bound_sku, doubt
    )
    if setup.rules.price is not None:
        note_promotions(engine, setup)
    return found


def vanished(found: ListingScan | None) -> str:
    """What a reader should know of a full read: that listings are gone; empty where none is."""
    if found is None or not found.gone:
        return ""
    return f"{counted(found.gone, 'listing')} vanished from the shop since they were last read"


def _look_again(setup: ChannelSetup, missing: Sequence[ListingRef]) -> None:
    """A list that was cut on its way reads like a shop that deleted the rest (rule 1)."""
    still = setup.channel.still_listed(missing)
    if still:
        first = min(still)
        raise ChannelUnavailable(
            f"the list of listings was cut: it lacks {len(still)} of {len(missing)} that were looked at "
            f"and are there (first: product {first.product_id}, SKU id {first.listing_id}); "
            "the former list stays"
        )


def note_promotions(engine: EngineSetup, setup: ChannelSetup) -> None:
    """Read which prices are locked by promotions; without an answer the former knowledge stays.

    A shop that does not let us read them refuses prices one by one, and each waits an hour then.
    """
    try:
        promotions = setup.channel.promotions()
    except ChannelError as error:
        logger.warning(
            "channel %s: promotions could not be read: %s", setup.name, error,
            extra={"action": "promotions_unread", "channel": setup.name},
        )  # fmt: skip
        return
    locks = price_locks(promotions, engine.clock.now())
    engine.ledger.record_price_locks(setup.name, locks)


def _allowed(engine: EngineSetup, setup: ChannelSetup, trigger: Trigger) -> timedelta:
    """How old the last full read may be."""
    if trigger is Trigger.BY_HAND and not engine.ledger.lists_more_than(SMALL_SHOP, setup.name):
        return timedelta(0)
    return setup.reconcile_every


def _told(engine: EngineSetup, setup: ChannelSetup) -> Iterator[Sequence[Listing]]:
    read = 0
    for batch in setup.channel.listings():
        read += len(batch)
        engine.progress.step(f"reading listings of {setup.name}", read, None)
        yield batch

"""Which listings have no stock behind them: no source names their SKU, and no kit or pack explains it."""

from collections.abc import Iterator

from syncd.domain.identity import Sku
from syncd.domain.listing import BoundListing, ListingStatus
from syncd.engine.setup import ChannelSetup, EngineSetup


def unmapped(engine: EngineSetup, setup: ChannelSetup) -> Iterator[BoundListing]:
    """Listings whose SKU no source ever named; those that take no writes anyway are left out."""
    for bound in engine.ledger.unsourced(setup.name):
        writable = bound.listing.status in {ListingStatus.LIVE, ListingStatus.DEACTIVATED}
        if writable and not is_composed(setup, bound):
            yield bound


def is_composed(setup: ChannelSetup, bound: BoundListing) -> bool:
    """Kits and packs have no row of their own in a source."""
    rule = setup.rules.rule_for(bound.sku or Sku(bound.listing.seller_sku))
    return len(rule.components) > 1 or rule.components[0].sku != rule.sku

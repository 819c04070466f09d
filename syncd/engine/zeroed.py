"""Tells which listings stay at 0 because the seller cancelled an order of them for want of stock."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from syncd.domain.counting import counted
from syncd.domain.identity import ChannelName, Sku
from syncd.domain.listing import BoundListing
from syncd.domain.report import Attention
from syncd.domain.shortage import stays_at_zero
from syncd.engine.drafting import channel_bounds
from syncd.engine.ordering import open_demands
from syncd.engine.planning import plan_listing
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.engine.wanting import want

MOST_NAMED = 5
"""SKUs of a channel that are told one by one."""


def zeroed(engine: EngineSetup, setup: ChannelSetup) -> Mapping[Sku, datetime]:
    """SKUs that a plan made now would leave at 0 for that reason alone, and since when; the latest first."""
    with engine.ledger.at_one_moment():
        cancelled = engine.ledger.sold_out(setup.name)
        bound = _at_zero(engine.ledger.bound(setup.name, cancelled) if cancelled else {})
        if not bound:
            return {}
        bounds = channel_bounds(engine, setup)
        kept = {
            wanted.rule.sku
            for wanted in want(engine, setup, bound, open_demands(engine))
            for skip in plan_listing(wanted, bounds).skips
            if stays_at_zero(wanted.rule.sku) in skip.reason
        }
    latest = sorted(kept, key=lambda sku: (cancelled[sku], sku), reverse=True)
    return {sku: cancelled[sku] for sku in latest}


def _at_zero(
    bound: Mapping[Sku, Sequence[BoundListing]],
) -> Mapping[Sku, Sequence[BoundListing]]:
    """Those with a listing that shows 0 in some warehouse."""
    return {
        sku: rows
        for sku, rows in bound.items()
        if any(item.available == 0 for row in rows for item in row.listing.stock)
    }


def tell_zeroed(name: ChannelName, rows: Mapping[Sku, datetime]) -> Iterator[Attention]:
    """A few by their names, the others counted."""
    skus = list(rows)
    for sku in skus[:MOST_NAMED]:
        yield Attention(
            what=f"{name}: {sku}: {stays_at_zero(sku)}", since=rows[sku], count=1,
            help=f"syncd explain {sku}",
        )  # fmt: skip
    left = skus[MOST_NAMED:]
    if left:
        what = counted(len(left), "more SKU", "at 0 after out-of-stock cancellations")
        yield Attention(
            what=f"{name}: {what} (first: {left[0]})", since=min(rows[sku] for sku in left),
            count=len(left), help=f"syncd explain {left[0]}",
        )  # fmt: skip

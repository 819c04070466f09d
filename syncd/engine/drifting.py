"""Notices listings that show what neither we nor orders made of them, and stops for a second writer."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from syncd.domain.change import Field
from syncd.domain.drifting import (
    ECHO_WITHIN,
    SECOND_WRITER,
    SLACK,
    WITHIN,
    Drift,
    Move,
    Mover,
    OwnWrite,
    contest,
    explained,
)
from syncd.domain.identity import ListingRef, WarehouseId
from syncd.domain.listing import SetAside
from syncd.engine.ordering import INDEX_DELAY, poll_meanwhile
from syncd.engine.planning import Rows, Wanted
from syncd.engine.setup import ChannelSetup, EngineSetup, Mode
from syncd.ports.records import Park

WRITES = 8
"""Our latest writes to a listing among which one that arrived is looked for; few answers in a row are lost."""
logger = logging.getLogger(__name__)


def is_suspicious(wanted: Wanted, rows: Rows) -> bool:
    """Whether a listing shows neither what we last wrote nor what it should; one set aside is left alone.

    What shows the right number is no trouble, whoever wrote it.
    """
    if wanted.stock is None or rows.settled:
        return False
    ours = dict(wanted.bound.published.quantities)
    return any(
        item.warehouse_id in wanted.stock.offer
        and ours.get(item.warehouse_id, item.available) != item.available
        for item in wanted.bound.listing.stock
    )


def note_drift(engine: EngineSetup, setup: ChannelSetup, suspects: Sequence[Wanted]) -> None:
    """Keep what these listings show, unless orders known by now explain it.

    Where the shop named nobody and our last write is not settled yet, it may still come to be shown: such a
    listing is left out. Only a channel that we write to can drift.
    """
    if not suspects or engine.mode is not Mode.APPLY:
        return
    ledger, name = engine.ledger, setup.name
    rows = {wanted.bound.listing.ref: wanted for wanted in suspects}
    writes, blames = ledger.own_writes(name, rows, WRITES), _blames(engine, setup, rows)
    open_ = {item.change.ref for item in ledger.unresolved(name)}
    found = [
        _drift(setup, wanted, _last_to_arrive(writes[ref]), blames.get(ref))
        for ref, wanted in rows.items()
    ]
    seen = [_since_zeroed(engine, setup, rows[row.ref], row) for row in found]
    kept = [
        row
        for row in seen
        if row.decided or not (row.ref in open_ or explained_by_orders(engine, setup, row))
    ]
    ledger.record_drift(name, kept)
    stop_second_writers(engine, setup, {row.ref for row in kept if row.decided})


def _blames(
    engine: EngineSetup, setup: ChannelSetup, rows: Mapping[ListingRef, Wanted]
) -> Mapping[ListingRef, Move]:
    """Who set what each of these listings shows, where the shop told; each telling blames once."""
    moves = engine.ledger.moves(setup.name, rows)
    if not moves:
        return {}
    since = min(move.at for move in moves.values()) - SLACK
    blamed = {(row.ref, row.moved_at) for row in engine.ledger.drift(setup.name, since)}
    return {
        ref: move
        for ref, move in moves.items()
        if (ref, move.at) not in blamed and move.units in {None, rows[ref].bound.listing.available}
    }


def _last_to_arrive(writes: Iterable[OwnWrite]) -> OwnWrite | None:
    return next((write for write in writes if write.arrived), None)


def _drift(
    setup: ChannelSetup, wanted: Wanted, written: OwnWrite | None, move: Move | None
) -> Drift:
    """What a listing shows beside what we wrote; whoever the shop named since then did it."""
    listing, published = wanted.bound.listing, wanted.bound.published
    offered = {} if wanted.stock is None else wanted.stock.offer
    ours = {name: units for name, units in published.quantities if name in offered}
    shown = {
        item.warehouse_id: item.available for item in listing.stock if item.warehouse_id in ours
    }
    ours_at = written.at if written else (wanted.bound.adopted_at or listing.observed_at)
    theirs = move if move is not None and move.at >= ours_at - ECHO_WITHIN else None
    return Drift(
        channel=setup.name, sku=wanted.rule.sku, ref=listing.ref,
        write=0 if written is None else written.number,
        verified=written is not None and written.verified,
        ours=sum(ours.values()), ours_at=ours_at,
        shown=sum(shown.values()), places=_places(setup, shown),
        mover=Mover.UNKNOWN if theirs is None else theirs.mover,
        moved_at=None if theirs is None else theirs.at,
        first_seen=listing.observed_at, last_seen=listing.observed_at,
        decided=theirs is not None,
    )  # fmt: skip


def _since_zeroed(engine: EngineSetup, setup: ChannelSetup, wanted: Wanted, row: Drift) -> Drift:
    """The drift from 0 where the platform set that after our write, for want of stock.

    A value that orders make of ours says that it did not.
    """
    at = engine.ledger.sold_out(setup.name).get(row.sku) if wanted.sold_out else None
    if at is None or at <= row.ours_at or not row.shown or explained_by_orders(engine, setup, row):
        return row
    lines = engine.ledger.listing_lines(setup.name, row.ref, row.ours_at)
    return replace(row, ours=0, ours_at=at) if any(line.out_of_stock for line in lines) else row


def _places(setup: ChannelSetup, shown: dict[WarehouseId, int]) -> str:
    """Units by warehouse, where there are several."""
    if len(shown) == 1:
        return ""
    names = setup.rules.warehouse_names
    return ", ".join(f"{names.get(place, place)} {units}" for place, units in sorted(shown.items()))


def decide_drift(engine: EngineSetup, setup: ChannelSetup) -> None:
    """Judge what was noted up to when the order feed is complete, and stop where a second writer is at work."""
    complete = engine.ledger.order_cursor(setup.name).complete_until
    open_ = [
        row
        for row in engine.ledger.undecided_drift(setup.name)
        if complete is not None and row.first_seen <= complete
    ]
    if not open_:
        return
    judged = {row.number: explained_by_orders(engine, setup, row) for row in open_}
    theirs = [row for row in open_ if not judged[row.number]]
    engine.ledger.decide_drift(
        setup.name, [row.number for row in theirs], [key for key, done in judged.items() if done]
    )
    stop_second_writers(engine, setup, {row.ref for row in theirs})


def decide_now(engine: EngineSetup, setup: ChannelSetup) -> None:
    """Ask for orders once more where something noted waits for them, and judge it. Raises ChannelError."""
    open_ = engine.ledger.undecided_drift(setup.name)
    if not open_:
        return
    missing = max(row.first_seen for row in open_) + INDEX_DELAY - engine.clock.now()
    # where the clock was put back they seem to lie ahead, which is nothing to wait for
    engine.clock.sleep(max(0.0, min(missing, INDEX_DELAY).total_seconds()))
    poll_meanwhile(engine, setup)
    decide_drift(engine, setup)


def explained_by_orders(engine: EngineSetup, setup: ChannelSetup, row: Drift) -> bool:
    """Whether the orders of a listing known by now account for what it showed."""
    ours = set(setup.rules.warehouses.values())
    lines = [
        line
        for line in engine.ledger.listing_lines(setup.name, row.ref, row.ours_at - SLACK)
        if line.warehouse_id is None or not ours or line.warehouse_id in ours
    ]
    if row.shown == row.ours:  # the warehouses differ, and orders move them
        return bool(lines)
    return explained(row.shown, row.ours, row.ours_at, row.first_seen, lines)


def stop_second_writers(
    engine: EngineSetup, setup: ChannelSetup, refs: Iterable[ListingRef]
) -> None:
    """Set aside those of these listings that somebody else keeps writing, until a person has settled it."""
    now = engine.clock.now()
    recent: dict[ListingRef, list[Drift]] = {}
    for row in engine.ledger.drift(setup.name, now - WITHIN):
        recent.setdefault(row.ref, []).append(row)
    for ref in refs:
        found = contest(recent.get(ref, ()), now)
        if found is None:
            continue
        engine.ledger.park(
            Park(
                channel=setup.name, sku=found.sku, ref=ref, field=Field.QUANTITY.value,
                code=SECOND_WRITER, message=str(found), since=now, until=None,
                kind=SetAside.CONTESTED,
            )
        )  # fmt: skip
        engine.ledger.count_drift(setup.name, ref)
        logger.warning(
            "%s on %s is stopped: %s", found.sku, setup.name, found,
            extra={"action": "second_writer", "channel": setup.name, "sku": found.sku,
                   "state": SetAside.CONTESTED.value},
        )  # fmt: skip

"""How escrow is told: what a listing owns and how it came to it, and what a channel owns as a whole."""

from collections.abc import Iterator
from datetime import datetime

from syncd.domain.counting import counted
from syncd.domain.report import Attention
from syncd.domain.rules import Allocation
from syncd.domain.views import EscrowStatus, Line
from syncd.domain.write_back import Effect
from syncd.engine.escrow_scene import Escrowed
from syncd.engine.planning import Wanted
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.ports.escrow import Move

MOVES = 6


def escrow_status(engine: EngineSetup, setup: ChannelSetup) -> EscrowStatus | None:
    """What a channel owns; None where nothing is in escrow."""
    totals = engine.ledger.escrow_totals(setup.name)
    if not totals.listings and setup.rules.allocation is Allocation.POOL:
        return None
    return EscrowStatus(
        listings=totals.listings, owned=totals.owned, coming=totals.coming, counted=totals.counted
    )


def escrow_lines(engine: EngineSetup, setup: ChannelSetup, wanted: Wanted) -> Iterator[Line]:
    """What a listing owns, its next step, and its latest moves; nothing for one of the pool."""
    if wanted.escrowed is None:
        return
    yield from _account(wanted, wanted.escrowed)
    yield from _step(wanted.escrowed)
    ref = wanted.bound.listing.ref
    moves = engine.ledger.escrow_moves(wanted.escrowed.held.account.sku, MOVES * 4)
    own = [move for move in moves if (move.channel, move.ref) == (setup.name, ref)]
    for move in own[:MOVES]:
        yield _move(move)


def stranded(engine: EngineSetup, setup: ChannelSetup) -> Iterator[Attention]:
    """Units that nobody sells: their listings are gone."""
    gone = engine.ledger.escrow_totals(setup.name).gone
    if gone:
        yield Attention(
            what=f"{setup.name}: {counted(gone, 'listing')} gone from the shop with units of its own",
            since=None,
            count=gone,
            help="list them again; until then their units are missing in the source (syncd explain SKU)",
        )


def _account(wanted: Wanted, escrowed: Escrowed) -> Iterator[Line]:
    account = escrowed.held.account
    opened = account.opened_at
    yield Line(
        label="owns",
        value=counted(account.owned, "unit"),
        origin=wanted.rule.origins.get("allocation", ""),
        note="escrow has not begun" if opened is None else f"in escrow since {_time(opened)}",
    )
    if wanted.stock is not None:
        target = sum(wanted.stock.capped.values())
        yield Line(
            label="should own", value=counted(target, "unit"), note="the share of all unsold"
        )
    if account.sold:
        yield Line(
            label="sold", value=counted(account.sold, "unit"), note="in orders that did not leave"
        )
    if account.spare > 0:
        yield Line(label="not shown", value=counted(account.spare, "unit"))
    if account.coming:
        yield Line(
            label="asked for", value=counted(account.coming, "unit"), note="not answered yet"
        )


def _step(escrowed: Escrowed) -> Iterator[Line]:
    step = escrowed.step
    if step.give_back:
        yield Line(label="to give back", value=counted(step.give_back, "unit"))
    if step.allot:
        yield Line(label="to take", value=counted(step.allot, "unit"), note=step.reason)
    if step.waiting:
        yield Line(label="waits", value=step.waiting)


def _move(move: Move) -> Line:
    given = move.effect is Effect.RETURN
    place = "counted only" if move.place is None else str(move.place)
    units = move.units if move.granted is None or given else move.granted
    state = "under way" if move.ended_at is None else ""
    if not given and move.granted is not None and move.granted < move.units:
        state = f"of {move.units} asked for"
    return Line(
        label=_time(move.stored_at),
        value=f"{'gave back' if given else 'took'} {counted(units, 'unit')}",
        origin=place,
        note="; ".join(filter(None, (state, move.reason))),
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"

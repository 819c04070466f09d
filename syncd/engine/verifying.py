"""Reads back what was sent: success is only what the shop shows afterwards (rule 5)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from syncd.domain.change import Change, Field
from syncd.domain.identity import ListingRef, RunId, WarehouseId
from syncd.domain.listing import Listing
from syncd.domain.money import Money
from syncd.domain.orders import OrderState
from syncd.domain.outcome import Accepted, Unknown, Verdict
from syncd.engine.applying import Sent
from syncd.engine.drafting import Drafted, clear_marks
from syncd.engine.ordering import INDEX_DELAY, poll_meanwhile
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.ports.records import Attempt

LOOKS = (0.5, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds after the last send at which it is read back (DESIGN rule 5); the last is `verify_within`."""

VERIFY_WITHIN = timedelta(seconds=LOOKS[-1])
LONGEST_NAP = 5.0


def verify(
    engine: EngineSetup, setup: ChannelSetup, run: RunId, sent: Sequence[Sent],
    looks: Sequence[float], stopping: Callable[[], bool],
) -> dict[tuple[str, str, str, str], Verdict]:  # fmt: skip
    """VERIFIED or CONTRADICTED; nothing for a row that is not known when the looks or the process end."""
    pending = {row.change.key: row for row in sent if _to_verify(row)}
    verdicts: dict[tuple[str, str, str, str], Verdict] = {}
    begun = engine.clock.monotonic()
    for after in looks:
        if not pending or stopping():
            break
        engine.progress.step(f"reading back from {setup.name}", len(verdicts), None)
        _wait(engine, setup, begun + after)
        seen = _confirmed(engine, setup, list(pending.values()))
        for key in seen:
            verdicts[key] = Verdict.VERIFIED
        _record(engine, setup, run, [pending.pop(key) for key in seen], Verdict.VERIFIED)
    waited = engine.clock.monotonic() - begun
    if pending and not stopping() and waited >= LOOKS[-1]:
        _record(engine, setup, run, pending.values(), Verdict.CONTRADICTED)
        verdicts.update(dict.fromkeys(pending, Verdict.CONTRADICTED))
    return verdicts


def clear_verified(
    engine: EngineSetup, setup: ChannelSetup, drafted: Drafted, sent: Sequence[Sent],
    verdicts: Mapping[tuple[str, str, str, str], Verdict],
) -> None:  # fmt: skip
    """A SKU of which every planned row is verified as planned needs nothing more, unless marked meanwhile.

    One whose answer was lost is planned once more: only then is remembered what its value was computed from.
    """
    done = {
        row.change.key
        for row in sent
        if row.sent == row.change.after
        and isinstance(row.outcome, Accepted)
        and verdicts.get(row.change.key) is Verdict.VERIFIED
    }
    planned = [*drafted.plan.changes, *(row.change for row in drafted.plan.held)]
    left = {row.sku for row in planned if row.key not in done}
    clear_marks(engine, setup, {sku: n for sku, n in drafted.marks.items() if sku not in left})


def _wait(engine: EngineSetup, setup: ChannelSetup, until: float) -> None:
    """Wait for a monotonic moment in pieces, so that the lease stays alive."""
    while (left := until - engine.clock.monotonic()) > 0:
        engine.progress.step(f"reading back from {setup.name}", 0, None)
        engine.clock.sleep(min(left, LONGEST_NAP))


def _to_verify(row: Sent) -> bool:
    return row.sent is not None and isinstance(row.outcome, (Accepted, Unknown))


def _record(
    engine: EngineSetup, setup: ChannelSetup, run: RunId, rows: Iterable[Sent], verdict: Verdict
) -> None:
    words = None if verdict is Verdict.VERIFIED else "the shop shows another value"
    engine.ledger.record_verdicts(run, setup.name, [(row.change, verdict, words) for row in rows])


def _confirmed(
    engine: EngineSetup, setup: ChannelSetup, rows: Sequence[Sent]
) -> list[tuple[str, str, str, str]]:
    """Which of these the shop shows now, counting units ordered since the send as still there."""
    quantities = [row for row in rows if row.change.field is Field.QUANTITY]
    prices = [row for row in rows if row.change.field is Field.PRICE]
    found = [row.change.key for row in _matching_prices(engine, setup, prices)]
    live = _look(engine, setup, quantities)
    exact = [row for row in quantities if _shown(row.change, live) == row.sent]
    found += [row.change.key for row in exact]
    rest = [row for row in quantities if row.change.key not in set(found)]
    if rest:
        poll_meanwhile(engine, setup)
        found += [row.change.key for row in rest if _explained(engine, setup, row, live)]
    return found


def _look(
    engine: EngineSetup, setup: ChannelSetup, rows: Sequence[Sent]
) -> Mapping[ListingRef, Listing]:
    if not rows:
        return {}
    live = setup.channel.look(list(dict.fromkeys(row.change.ref for row in rows)))
    engine.ledger.record_observed(setup.name, live.values())
    return live


def _shown(change: Change, live: Mapping[ListingRef, Listing]) -> int | None:
    listing = live.get(change.ref)
    if listing is None:
        return None
    for stock in listing.stock:
        if stock.warehouse_id == change.warehouse_id:
            return stock.available
    return None


def _explained(
    engine: EngineSetup, setup: ChannelSetup, row: Sent, live: Mapping[ListingRef, Listing]
) -> bool:
    """Whether live + units ordered since the send = sent."""
    shown = _shown(row.change, live)
    if shown is None or row.sent is None:
        return False
    since = row.at - INDEX_DELAY - timedelta(seconds=1)
    return shown + ordered_since(engine, setup, row.change, since) == row.sent


def ordered_since(engine: EngineSetup, setup: ChannelSetup, change: Change, since: datetime) -> int:
    """Units of this listing ordered from this warehouse since a moment, and not cancelled."""
    return sum(
        line.units
        for line in engine.ledger.order_lines(change.sku, 500)
        if line.ref == change.ref
        and line.channel == setup.name
        and line.warehouse_id in {None, change.warehouse_id or WarehouseId("")}
        and line.created_at >= since
        and line.state is not OrderState.CANCELLED
    )


def _matching_prices(engine: EngineSetup, setup: ChannelSetup, rows: Sequence[Sent]) -> list[Sent]:
    if not rows:
        return []
    live = setup.channel.look_at_prices([row.change.ref for row in rows])
    engine.ledger.record_observed(setup.name, live.values())
    return [row for row in rows if _shows_price(row, live.get(row.change.ref))]


def _shows_price(row: Sent, listing: Listing | None) -> bool:
    if listing is None or row.sent is None or row.change.currency is None:
        return False
    return listing.price == Money(row.sent, row.change.currency)


def settle_unresolved(
    engine: EngineSetup, setup: ChannelSetup, run: RunId, patience: timedelta
) -> Mapping[tuple[str, str, str, str], int]:
    """What was sent without learning the result, by an earlier process or cycle: read back, then plan anew.

    A row that the shop accepted less than `patience` ago is left as it is: it may still be shown, unless the
    shop told that somebody overwrote it. Answers what was sent of those that are left. The number of an old
    intent is never sent again.
    """
    attempts = engine.ledger.unresolved(setup.name)
    if not attempts:
        return {}
    rows = [
        Sent(change=item.change, sent=item.sent, at=item.intent_at, outcome=_as_sent(item))
        for item in attempts
    ]
    seen = set(_confirmed(engine, setup, rows))
    verified = [row for row in rows if row.change.key in seen]
    hoped = engine.clock.now() - patience
    unseen = [row for row in rows if row.change.key not in seen]
    accepted = {item.change.key for item in attempts if item.outcome_at is not None}
    taken = _overwritten(engine, setup, unseen)
    lost = [
        row
        for row in unseen
        if row.at <= hoped or row.change.key not in accepted or row.change.key in taken
    ]
    _record(engine, setup, run, verified, Verdict.VERIFIED)
    engine.ledger.record_verdicts(
        run,
        setup.name,
        [
            (
                row.change,
                Verdict.CONTRADICTED,
                taken.get(row.change.key, "never shown; planned anew"),
            )
            for row in lost
        ],
    )
    engine.ledger.mark_dirty(setup.name, {row.change.sku for row in rows})
    given_up = {row.change.key for row in lost}
    return {
        row.change.key: row.sent
        for row in unseen
        if row.change.key not in given_up and row.sent is not None
    }


def _overwritten(
    engine: EngineSetup, setup: ChannelSetup, rows: Sequence[Sent]
) -> Mapping[tuple[str, str, str, str], str]:
    """Which of these quantities the shop told to have been set to another by somebody since they were sent."""
    moves = engine.ledger.moves(setup.name, {row.change.ref for row in rows})
    return {
        row.change.key: "somebody else overwrote it"
        for row in rows
        if row.change.field is Field.QUANTITY
        and (move := moves.get(row.change.ref)) is not None
        and move.at > row.at
        and move.units != row.sent
    }


def _as_sent(item: Attempt) -> Unknown:
    return Unknown(change=item.change, reason="no answer was recorded")

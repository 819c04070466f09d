"""Takes the steps of escrow that come before a number is sent: notes in accounts, and units moved."""

from collections.abc import Iterator
from datetime import datetime

from syncd.domain.change import Field
from syncd.domain.escrow import LANDS_WITHIN
from syncd.domain.identity import ListingRef
from syncd.domain.write_back import Effect
from syncd.engine.drafting import Drafted
from syncd.engine.escrow_scene import Escrowed
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.ports.escrow import NewMove
from syncd.ports.ledger import Lease


def doubt_what_died(engine: EngineSetup, setup: ChannelSetup, lease: Lease) -> None:
    """What a process sent and did not live to hear of may land for some time from now on."""
    refs = {
        item.change.ref
        for item in engine.ledger.unresolved(setup.name)
        if item.outcome_at is None and item.change.field is Field.QUANTITY and item.sent
    }
    if refs:
        until = engine.clock.now() + LANDS_WITHIN
        engine.ledger.doubt_escrow(setup.name, lease.fence, refs, until)


def credit(engine: EngineSetup, setup: ChannelSetup, lease: Lease) -> None:
    """What sources gave since the last look belongs to listings now."""
    engine.ledger.end_moves(setup.name, lease.fence)


def carry_out(engine: EngineSetup, setup: ChannelSetup, lease: Lease, drafted: Drafted) -> bool:
    """Take the steps of a plan that the guard let pass; whether units are to be moved for them.

    Raises LeaseLost when another process took the channel over.
    """
    acting = {ref: item for ref, item in drafted.escrowed.items() if item.acts}
    if not acting:
        return False
    ledger, name, fence = engine.ledger, setup.name, lease.fence
    ledger.open_escrow(name, fence, [item.held for item in acting.values() if item.is_new])
    notes = [(ref, item.step) for ref, item in acting.items() if item.step.is_note]
    if notes:
        ledger.note_escrow(name, fence, notes)
    moves = list(_moves(drafted, acting))
    return bool(moves) and ledger.move_escrow(name, fence, moves) > 0


def _moves(drafted: Drafted, acting: dict[ListingRef, Escrowed]) -> Iterator[NewMove]:
    passed = {change.ref for change in drafted.plan.changes if change.raises}
    for ref, item in acting.items():
        step, need = item.step, item.held.account.need
        if step.give_back:
            yield NewMove(
                ref=ref, effect=Effect.RETURN, units=step.give_back, base=step.give_back * need,
                place=item.place, reason=step.reason or step.waiting,
            )  # fmt: skip
        if step.allot and (ref in passed or step.show is None):
            yield NewMove(
                ref=ref, effect=Effect.ALLOT, units=step.allot, base=step.allot * need,
                place=item.place, reason=step.reason or step.waiting,
                granted_before=item.granted_before,
            )  # fmt: skip


def next_look(drafted: Drafted) -> datetime | None:
    """When the first of these listings can take its next step by itself; those held by a guard cannot."""
    sent = {change.ref for change in drafted.plan.changes}
    steps = [
        item.step for ref, item in drafted.escrowed.items() if item.step.waiting or ref in sent
    ]
    return min((step.due for step in steps if step.due), default=None)

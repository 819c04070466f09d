"""What webhooks tell of who moved a channel's stock: our own writes coming back need no look, others' do."""

from collections.abc import Iterator, Sequence

from syncd.domain.drifting import Move, is_echo
from syncd.domain.identity import ListingId, ListingRef, ProductId
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.ports.deliveries import WaitingDelivery

WRITES = 20
"""Our latest writes to a listing that a telling is compared with."""


def hear(
    engine: EngineSetup, setup: ChannelSetup, waiting: Sequence[WaitingDelivery]
) -> Sequence[int]:
    """Remember who moved what and mark it to be looked at; the numbers of deliveries that ask for no look.

    Those are the ones that only tell of writes of ours. Hearing the same again does no harm, nor does what
    tells of a listing that is not known, or of a time to come.
    """
    told = [(item.number, move) for item in waiting for move in _moves(item)]
    if not told:
        return ()
    refs = dict.fromkeys(move.ref for _, move in told)
    writes = engine.ledger.own_writes(setup.name, refs, WRITES)
    echoes = {(number, move) for number, move in told if is_echo(move, writes[move.ref])}
    others = [pair for pair in told if pair not in echoes]
    engine.ledger.record_moves(setup.name, [move for _, move in others])
    needed = {number for number, _ in others}
    needed |= {item.number for item in waiting if any(hint.moved is None for hint in item.hints)}
    return tuple(dict.fromkeys(number for number, _ in told if number not in needed))


def _moves(item: WaitingDelivery) -> Iterator[Move]:
    for hint in item.hints:
        if hint.moved is not None:
            yield Move(
                ref=ListingRef(ProductId(hint.moved.product), ListingId(hint.reference)),
                mover=hint.moved.mover,
                at=min(hint.moved.at or item.received_at, item.received_at),
                units=hint.moved.units,
            )

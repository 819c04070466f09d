"""The mistake that the crash harness must find: a ledger that writes its intents down after the sending."""

from collections.abc import Sequence

from syncd.domain.identity import ChannelName, RunId
from syncd.domain.outcome import Outcome
from syncd.ledger.store_attempts import AttemptStore
from syncd.ports.records import Intent


def record_after_sending() -> None:
    """From now on intents are kept in memory until the outcomes are there."""
    honest_intents, honest_outcomes = AttemptStore.record_intents, AttemptStore.record_outcomes
    kept: list[tuple[RunId, ChannelName, int, Sequence[Intent]]] = []

    def record_intents(
        _: AttemptStore, run: RunId, channel: ChannelName, fence: int, intents: Sequence[Intent]
    ) -> None:
        kept.append((run, channel, fence, intents))

    def record_outcomes(
        store: AttemptStore, run: RunId, channel: ChannelName, outcomes: Sequence[Outcome]
    ) -> None:
        while kept:
            honest_intents(store, *kept.pop(0))
        honest_outcomes(store, run, channel, outcomes)

    for method in (record_intents, record_outcomes):
        setattr(AttemptStore, method.__name__, method)

"""The mistake that the crash harness must find: a ledger that writes its intents down after the sending.

Afterwards they bear the moment at which they should have been written: as long as nobody dies in between,
nothing shows the mistake.
"""

from collections.abc import Sequence
from datetime import datetime

from syncd.domain.identity import ChannelName, RunId
from syncd.domain.outcome import Outcome
from syncd.ledger.store_attempts import AttemptStore
from syncd.ports.records import Intent
from tests.fakes.clock import FakeClock


def record_after_sending() -> None:
    """From now on intents are kept in memory until the outcomes are there."""
    honest_intents, honest_outcomes = AttemptStore.record_intents, AttemptStore.record_outcomes
    kept: list[tuple[datetime, RunId, ChannelName, int, Sequence[Intent]]] = []

    def record_intents(
        store: AttemptStore, run: RunId, channel: ChannelName, fence: int, intents: Sequence[Intent]
    ) -> None:
        kept.append((store._clock.now(), run, channel, fence, intents))

    def record_outcomes(
        store: AttemptStore, run: RunId, channel: ChannelName, outcomes: Sequence[Outcome]
    ) -> None:
        while kept:
            then, of_run, of_channel, fence, intents = kept.pop(0)
            dated = AttemptStore(store._database, FakeClock(then))
            honest_intents(dated, of_run, of_channel, fence, intents)
        honest_outcomes(store, run, channel, outcomes)

    for method in (record_intents, record_outcomes):
        setattr(AttemptStore, method.__name__, method)

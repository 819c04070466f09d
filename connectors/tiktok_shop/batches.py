"""How many SKUs one write takes: documented nowhere (Unsure 2), so the most it ever took is remembered."""

from syncd.domain.identity import ChannelName
from syncd.domain.trial import LARGEST_BATCH
from syncd.ports.channel import FactStore


class LargestBatch:
    """The fact of one channel; the ledger is asked once and told only what is larger."""

    def __init__(self, channel: ChannelName, facts: FactStore) -> None:
        self._channel = channel
        self._facts = facts
        self._known: int | None = None

    def note(self, skus: int) -> None:
        """So many SKUs were taken by one call."""
        if self._known is None:
            fact = self._facts.fact(self._channel, LARGEST_BATCH)
            self._known = 0 if fact is None else int(fact.value)
        if skus > self._known:
            self._known = skus
            self._facts.learn(self._channel, LARGEST_BATCH, str(skus))

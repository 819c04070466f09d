"""How many SKUs one write takes: documented nowhere (Unsure 2), so the most it ever took is remembered."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from syncd.domain.change import Change
from syncd.domain.identity import ChannelName, ListingRef
from syncd.domain.trial import LARGEST_BATCH
from syncd.ports.channel import FactStore

SKUS_PER_CALL = 50
"""How many SKUs of one product go into one write."""


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


def parts(rows: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """Cut a product's rows into calls of at most SKUS_PER_CALL SKUs, a SKU's rows together."""
    part: list[Change] = []
    refs: set[ListingRef] = set()
    ordered = sorted(rows, key=lambda row: row.ref)
    for ref, group in groupby(ordered, key=lambda row: row.ref):
        if len(refs) == SKUS_PER_CALL:
            yield part
            part, refs = [], set()
        part.extend(group)
        refs.add(ref)
    if part:
        yield part

"""How long the merchant's changes take until the shop was seen to show them."""

from datetime import datetime

from syncd.domain.change import Field
from syncd.domain.outcome import Verdict
from syncd.domain.report import Report, SourceState
from syncd.ports.ledger import Ledger
from syncd.simulation.process import SHOP
from syncd.simulation.tally import Tally
from syncd.simulation.timeline import BEGIN, Timeline

MOST_DIRTY = 10_000
_READ = frozenset({SourceState.OK, SourceState.UNCHANGED})


class Delays:
    """The stretch from each change of a SKU to the read-back of the value that answers it.

    Several changes in a row count as one, from the first of them. A change that needed nothing of the shop
    (what an order took there already) counts for nothing.
    """

    def __init__(self, timeline: Timeline, tally: Tally) -> None:
        self._timeline = timeline
        self._tally = tally
        self._unread: dict[str, float] = {}
        self._unshown: dict[str, float] = {}

    def changed(self, sku: str) -> None:
        """The merchant's own business moved the SKU's stock."""
        self._unread.setdefault(sku, self._timeline.time)

    def told(self, report: Report, ledger: Ledger) -> None:
        """A run of syncd ended."""
        for source in report.sources:
            if source.state in _READ and source.as_of is not None:
                self._was_read(source.as_of)
        if report.channels and self._unshown:
            self._was_shown(report, ledger)

    def _was_read(self, as_of: datetime) -> None:
        until = (as_of - BEGIN).total_seconds()
        for sku in [sku for sku, at in self._unread.items() if at <= until]:
            self._unshown.setdefault(sku, self._unread.pop(sku))

    def _was_shown(self, report: Report, ledger: Ledger) -> None:
        seen = {
            str(row.change.sku)
            for channel in report.channels
            for row in channel.changes
            if row.verdict is Verdict.VERIFIED and row.change.field is Field.QUANTITY
        }
        waiting = {str(sku) for sku in ledger.dirty(SHOP, MOST_DIRTY).skus}
        for sku in list(self._unshown):
            if sku in seen:
                self._tally.delays.append(self._timeline.time - self._unshown.pop(sku))
            elif sku not in waiting:
                del self._unshown[sku]

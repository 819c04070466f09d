"""One reading of a query: rows as values, how far it reaches, and what an operator should know of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from xxhash import xxh3_64_intdigest, xxh3_128_intdigest

from connectors.sql_query.columns import BadColumns, lay_out
from connectors.sql_query.database import Answer, Row, too_long
from connectors.sql_query.newest import Newest, NoZone
from connectors.sql_query.options import SqlQueryOptions
from connectors.tabular.rows import RowParser, Unbelievable
from syncd.domain.duration import age
from syncd.domain.errors import SourceInvalid, SourceUnavailable
from syncd.domain.identity import Sku
from syncd.domain.stock import Basis, Completeness, Reading, Reject, Watermark
from syncd.ports.clock import Clock
from syncd.ports.source import RawBatch

_ALL = (1 << 64) - 1
_NO_DIFFERENCE = timedelta(seconds=1)


class SqlReader:
    """The rows of one SELECT. `scope` is None where the query cannot be asked for changes.

    `begun` is when it was sent, by the monotonic clock: a server that stops a function at its own time
    limit may answer with what the function had until then.
    """

    def __init__(
        self, options: SqlQueryOptions, answer: Answer, clock: Clock, *, origin: str,
        scope: str | None, since: datetime | None, begun: float,
    ) -> None:  # fmt: skip
        self._options = options
        self._answer = answer
        self._clock = clock
        self._scope = scope
        self._since = since
        self._begun = begun
        self.origin = origin
        self.notes: list[str] = list(answer.notes)
        self.fingerprint: str | None = None
        self.watermark: Watermark | None = None
        self.completeness = Completeness.FULL if since is None else Completeness.PARTIAL
        self.as_of = self._spoken_until()
        try:
            self._layout = lay_out(answer.columns)
        except BadColumns as reason:
            raise self._invalid(str(reason)) from None
        self._require_columns()
        self._parser = RowParser(options.form(), self._layout.keys)
        self._newest = Newest(options.timezone)

    def _spoken_until(self) -> datetime:
        ours, theirs = self._clock.now(), self._answer.now
        tolerance = self._options.clock_tolerance
        if abs(theirs - ours) > max(tolerance, _NO_DIFFERENCE):
            way = "ahead of" if theirs > ours else "behind"
            ahead = age(abs(theirs - ours))
            self.notes.append(f"the clock of the database is {ahead} {way} the one here")
        return min(ours, theirs) - tolerance

    def _require_columns(self) -> None:
        options, keys = self._options, self._layout.keys
        counted = options.basis is Basis.ON_HAND and "quantity" in keys
        if counted and options.committed is None and "committed" not in keys:
            raise self._invalid(
                "basis on_hand needs to know what is sold but not shipped: select it AS committed, "
                "or write committed: none if nothing else sells this stock"
            )
        if self._scope is not None and self._layout.updated_at is None:
            raise self._invalid(
                "the query asks for changes by :since, but no column tells how far they go; "
                "select the same time AS updated_at"
            )

    def batches(self) -> Iterator[RawBatch]:
        """Every row; SourceUnavailable when the connection is lost or the query takes too long."""
        pick = self._layout.pick
        summed = count = 0
        for positions, rows in self._answer.batches():
            self._require_time()
            if self._scope is not None:
                self._see(rows)
            values = rows if pick is None else list(map(pick, rows))
            hashes = list(map(xxh3_64_intdigest, map(str.encode, map("\0".join, values))))
            summed += sum(hashes)
            count += len(values)
            yield RawBatch(positions, values, hashes)
        whole = repr((self._layout.keys, count, summed & _ALL, len(self.rejects())))
        self.fingerprint = f"xxh3:{xxh3_128_intdigest(whole.encode()):032x}"
        self._mark()

    def _require_time(self) -> None:
        if self._clock.monotonic() - self._begun > self._options.timeout.total_seconds():
            raise SourceUnavailable(f"{self.origin}: {too_long(self._options.timeout)}")

    def _see(self, rows: Sequence[Row]) -> None:
        at = self._layout.updated_at
        try:
            self._newest.see([row[at] for row in rows if at is not None])
        except NoZone:
            raise self._invalid("updated_at gives no time zone; set `timezone`") from None

    def _mark(self) -> None:
        """From when on to ask next time: never later than the server's clock before this reading."""
        if self._scope is None:
            return
        newest, now = self._newest.moment, self._answer.now
        if self._newest.note:
            self.notes.append(self._newest.note)
        if newest is not None and newest > now:
            self.notes.append("an updated_at is in the future; taken as of now")
        known = [moment for moment in (newest and min(newest, now), self._since) if moment]
        if known:
            self.watermark = Watermark(moment=max(known), scope=self._scope)

    def parse(self, position: int, values: tuple[str, ...]) -> Reading | Reject:
        """Judge one row."""
        return self._parser.judged(position, values, self.locate)

    def rejects(self) -> Sequence[Reject]:
        """Rows with values that are no text."""
        return [
            Reject(at=self.locate(row.position), sku=self._owner(row.sku), reason=row.reason)
            for row in self._answer.unfit
        ]

    def _owner(self, raw: str | None) -> Sku | None:
        try:
            return None if raw is None else self._parser.sku(raw)
        except Unbelievable:
            return None

    def objections(self) -> Sequence[str]:
        """None: a result that ends is whole."""
        return ()

    def locate(self, position: int) -> str:
        """`erp at db.example.com, row 17`."""
        return f"{self.origin}, row {position}"

    def _invalid(self, text: str) -> SourceInvalid:
        return SourceInvalid(f"{self.origin}: {text}")

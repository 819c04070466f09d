"""A query as a source: of everything, or by `:since` of what changed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import blake2b

from connectors.sql_query.address import Address
from connectors.sql_query.database import Database, Question
from connectors.sql_query.newest import EPOCH, wall_clock
from connectors.sql_query.options import SqlQueryOptions
from connectors.sql_query.reading import SqlReader
from connectors.sql_query.statement import Statement
from syncd.domain.duration import age, written
from syncd.domain.errors import SourceError
from syncd.domain.identity import SourceName
from syncd.ports.clock import Clock
from syncd.ports.probe import Check, Verdict


class SqlQuerySource:
    """One query on one database, whose driver is loaded when it is first asked."""

    def __init__(
        self, name: SourceName, options: SqlQueryOptions, address: Address, statement: Statement,
        database: Callable[[], Database], clock: Clock,
    ) -> None:  # fmt: skip
        self.name = name
        self._options = options
        self._address = address
        self._statement = statement
        self._database = database
        self._clock = clock

    @property
    def delta_scope(self) -> str | None:
        """Names database, query and how times are read; None for a query without `:since`."""
        if not self._statement.asks_since:
            return None
        options = self._options
        named = repr((self._address.digest, options.query, options.zone.key, options.form()))
        return f"blake2b:{blake2b(named.encode(), digest_size=16).hexdigest()}"

    def fingerprint(self) -> str | None:
        """None: only reading tells."""
        return None

    @contextmanager
    def snapshot(self, since: datetime | None) -> Iterator[SqlReader]:
        """Ask the database; for changes only where the query has `:since`, with the overlap."""
        scope = self.delta_scope
        asked = None if scope is None else since
        begun = self._clock.monotonic()
        try:
            with self._database().ask(self._question(asked)) as answer:
                yield SqlReader(
                    self._options, answer, self._clock, origin=self._address.name,
                    scope=scope, since=asked, begun=begun,
                )  # fmt: skip
        except SourceError as error:
            self._name_place(error)
            raise

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """Server, rights and clock; the query is planned. How long it takes, a full reading tells."""
        del every
        try:
            probed = self._database().probe(self._question(None))
        except SourceError as error:
            self._name_place(error)
            raise
        off = abs(probed.now - self._clock.now())
        return (*probed.checks, self._clock_check(off))

    def _clock_check(self, off: timedelta) -> Check:
        text = f"the clocks of the database and of this machine differ by {age(off)}"
        if off <= self._options.clock_tolerance:
            return Check(text=text)
        tolerance = written(self._options.clock_tolerance)
        text += f", more than clock_tolerance {tolerance}"
        return Check(
            text=text, verdict=Verdict.WARN, help="set both by NTP, or raise clock_tolerance"
        )

    def _question(self, since: datetime | None) -> Question:
        zone = self._options.zone
        moment = EPOCH if since is None else since - self._options.overlap
        return Question(
            statement=self._statement,
            since=wall_clock(moment, zone),
            zone=zone,
            timeout=self._options.timeout,
        )

    def _name_place(self, error: SourceError) -> None:
        """Every message begins with the database, once."""
        text = str(error)
        if not text.startswith(self._address.name):
            error.args = (f"{self._address.name}: {text}",)

"""A query as a source that order lines are taken off, by statements and a user of their own."""

from collections.abc import Callable, Iterator

from connectors.sql_query.address import Address
from connectors.sql_query.booking_checks import examine
from connectors.sql_query.database import Database
from connectors.sql_query.options import SqlQueryOptions
from connectors.sql_query.source import SqlQuerySource
from connectors.sql_query.statement import Statement
from connectors.sql_query.writing import Writer
from syncd.domain.identity import SourceName
from syncd.ports.clock import Clock
from syncd.ports.probe import Check, Verdict
from syncd.ports.write_back import Adjustment, Answer


class WritableSqlSource(SqlQuerySource):
    """One query, and how its stock is moved; readings never use the connection that may write."""

    def __init__(
        self, name: SourceName, options: SqlQueryOptions, address: Address, statement: Statement,
        database: Callable[[], Database], clock: Clock, written: tuple[Address, Callable[[], Writer]],
    ) -> None:  # fmt: skip
        super().__init__(name, options, address, statement, database, clock)
        self._written_to, self._writer = written

    def adjust(self, adjustment: Adjustment) -> Answer:
        """One transaction, which happens once for its key."""
        return self._writer().adjust(adjustment)

    def was_booked(self, adjustment: Adjustment) -> bool | None:
        """Whether the table of keys has it."""
        return self._writer().was_booked(adjustment)

    def write_back_checks(self) -> tuple[Check, ...]:
        """Rights, the table of keys, and what the statements do; everything tried is undone."""
        return (*self._one_database(), *examine(self._writer()))

    def _one_database(self) -> Iterator[Check]:
        if self._written_to.place != self._address.place:
            read, written = self._address.name, self._written_to.name
            yield Check(
                text=f"stock is read from {read} but booked in {written}",
                verdict=Verdict.WARN,
                help="let both credentials name one database, unless the one is a copy of the other",
            )

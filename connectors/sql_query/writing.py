"""Books order lines in a database: the key and what it stands for in one transaction, or nothing at all.

A key that is there already tells a repetition; nothing else is remembered between two adjustments.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from connectors.sql_query.booking import DELTA, Booking, Bound
from connectors.sql_query.key_tables import WRITER, Types
from syncd.domain.errors import SourceError, SourceUnauthorized, SourceUnavailable
from syncd.ports.probe import Check
from syncd.ports.write_back import Adjustment, Answer, Booked, InDoubt, NotBooked


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds to connect, for one statement with its waiting for others, and for all of it.

    The database stops a statement by itself; a server that says nothing more at all is given up.
    """

    connect: int = 10
    statement: int = 15
    whole: int = 60


LIMITS = Limits()


class Fault(Enum):
    """What a failure of a statement means for the transaction, which it ends in any case."""

    TAKEN = auto()
    """A value is there already that may be there only once."""
    REFUSED = auto()
    """The database's own rules, or a type, forbid these values."""
    BUSY = auto()
    """Others were in the way for too long; later it may be done."""
    LOST = auto()
    """The connection is gone, or never came about."""
    DENIED = auto()
    """The user may not."""
    WRONG = auto()
    """The statement does not fit this database."""


class Trouble(Exception):  # noqa: N818 - reads as a state
    """A statement failed; `code` is the database's own."""

    def __init__(self, fault: Fault, code: str, words: str) -> None:
        super().__init__(words)
        self.fault = fault
        self.code = code


class Session(Protocol):
    """One connection. A transaction begins with the first statement; left, what was not committed is undone."""

    def run(self, statement: Bound, adjustment: Adjustment) -> int:
        """Run it and answer how many rows it touched; Trouble when it failed."""
        ...

    def look(self, text: str, values: tuple[str | int, ...]) -> list[tuple[object, ...]]:
        """The rows of a small SELECT, written with the placeholder of this database."""
        ...

    def commit(self) -> None:
        """Make it last; Trouble otherwise."""
        ...

    def roll_back(self) -> None:
        """Undo it."""
        ...


class WritableDatabase(Protocol):
    """One kind of database at one address, reached as a user who may book."""

    @property
    def types(self) -> Types:
        """How it writes the table of keys."""
        ...

    @property
    def placeholder(self) -> str:
        """How its driver writes a value in a statement."""
        ...

    def session(self) -> AbstractContextManager[Session]:
        """A new connection; Trouble when there is none."""
        ...

    def risks(self, session: Session, tables: tuple[str, ...]) -> list[Check]:
        """What would keep a rollback from undoing everything, as far as this database shows it."""
        ...


@dataclass(frozen=True, slots=True)
class Writer:
    """Books by one set of statements. `name` is the database, for people; `user` is who books there."""

    name: str
    booking: Booking
    database: WritableDatabase
    user: str = WRITER

    def adjust(self, adjustment: Adjustment) -> Answer:
        """Apply it once for ever; raises SourceUnavailable or SourceUnauthorized where nothing was done."""
        try:
            with self.database.session() as session:
                return self._transacted(session, adjustment)
        except Trouble as trouble:
            return self._after(trouble, adjustment)

    def was_booked(self, adjustment: Adjustment) -> bool:
        """Whether the key is there. Raises SourceUnavailable while another session is at it for too long.

        Tried by an INSERT that is undone, because that waits for whoever else writes the same key: a commit
        whose answer was lost may still be under way on the server.
        """
        try:
            with self.database.session() as session:
                try:
                    session.run(self.booking.keeping, adjustment)
                except Trouble as trouble:
                    if trouble.fault not in {Fault.TAKEN, Fault.REFUSED}:
                        raise
                session.roll_back()
                return self.kept(session, adjustment) is not None
        except Trouble as trouble:
            raise self.error(trouble) from None

    def kept(self, session: Session, adjustment: Adjustment) -> int | None:
        """The units under this key, as they were booked where the table keeps them; None for no such key."""
        keys = self.booking.keys
        units = keys.column(DELTA)
        text = f"SELECT {units or 1} FROM {keys.name} WHERE {self.booking.key_column} = "  # noqa: S608 - names of the configuration
        rows = session.look(text + self.database.placeholder, (adjustment.key,))
        if not rows:
            return None
        return int(str(rows[0][0])) if units else adjustment.delta

    def error(self, trouble: Trouble) -> SourceError:
        """What a failure is that is not about one order line."""
        passing = trouble.fault in {Fault.LOST, Fault.BUSY}
        kind = SourceUnavailable if passing else SourceUnauthorized
        return kind(f"{self.name}: {trouble}")

    def _transacted(self, session: Session, adjustment: Adjustment) -> Answer:
        for statement in self.booking.statements:
            touched = session.run(statement, adjustment)
            if touched != 1:
                session.roll_back()
                return self._unfit(touched, adjustment)
        try:
            session.commit()
        except Trouble as trouble:
            # Rules that wait for COMMIT; everything else leaves open what the database did.
            if trouble.fault in {Fault.TAKEN, Fault.REFUSED}:
                raise
            return InDoubt(reason=f"{self.name}: the answer to COMMIT was lost: {trouble}")
        return Booked()

    def _unfit(self, touched: int, adjustment: Adjustment) -> NotBooked:
        sku, place = adjustment.sku, adjustment.location
        if touched == 0:
            text = f"no row is touched for {sku} at {place}; is the SKU there, and does `statement` find it?"
            return NotBooked(code="unknown_sku", message=f"{self.name}: {text}", again=False)
        text = f"{touched} rows are touched for {sku} at {place}, and it must be one; correct `statement`"
        return NotBooked(code="several_rows", message=f"{self.name}: {text}", again=False)

    def _after(self, trouble: Trouble, adjustment: Adjustment) -> Answer:
        """The answer after a transaction that was undone."""
        if trouble.fault is Fault.TAKEN:
            return self._former(trouble, adjustment)
        if trouble.fault in {Fault.REFUSED, Fault.BUSY}:
            again = trouble.fault is Fault.BUSY
            return NotBooked(code=trouble.code, message=f"{self.name}: {trouble}", again=again)
        raise self.error(trouble) from None

    def _former(self, trouble: Trouble, adjustment: Adjustment) -> Answer:
        """Something is there already: this key, booked earlier, or a value that is not ours."""
        try:
            with self.database.session() as session:
                units = self.kept(session, adjustment)
        except Trouble as further:
            raise self.error(further) from None
        if units is None:
            return NotBooked(code=trouble.code, message=f"{self.name}: {trouble}", again=False)
        if units != adjustment.delta:
            text = f"this key has booked {units} and not {adjustment.delta}; please report it"
            return NotBooked(code="other_adjustment", message=f"{self.name}: {text}", again=False)
        return Booked()

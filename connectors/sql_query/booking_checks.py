"""What the doctor says of booking in a database: it is tried with a key and a SKU of nobody, and undone."""

from collections.abc import Iterator
from secrets import randbelow, token_hex

from connectors.sql_query.key_tables import creating, granting
from connectors.sql_query.writing import Fault, Session, Trouble, Writer
from syncd.domain.identity import LocationName, Sku
from syncd.ports.probe import Check, Verdict
from syncd.ports.write_back import Adjustment

_LARGE = 2_000_000_000
"""SKUs of nobody begin here: a text of digits suits columns of text and of numbers."""


def examine(writer: Writer) -> Iterator[Check]:
    """Every check; raises SourceError where the database cannot be reached by this user."""
    trial = _Trial(writer)
    try:
        with writer.database.session() as session:
            yield from trial.run(session)
    except Trouble as trouble:
        if trouble.fault is Fault.LOST:
            raise writer.error(trouble) from None
        yield _failed(trouble, trial.help)


def _failed(trouble: Trouble, help_: str) -> Check:
    """A rule of the database may forbid what belongs to nobody, and allow what is real."""
    if trouble.fault is Fault.REFUSED:
        text = f"booking could not be tried with a SKU that is not there: {trouble}"
        return Check(text=text, verdict=Verdict.WARN, help="watch the first order")
    if trouble.fault is Fault.DENIED:
        help_ = f"correct the credential, or give its user what it needs: {help_}"
    return Check(text=f"booking fails: {trouble}", verdict=Verdict.BAD, help=help_)


class _Trial:
    """One booking of nothing, step by step."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._nobody = Adjustment(
            key=token_hex(32),
            sku=Sku(str(_LARGE + randbelow(100_000_000))),
            location=LocationName("0"),
            delta=-1,
            reference="syncd doctor",
        )

    @property
    def help(self) -> str:
        """How the table of keys is made, and what its user may."""
        booking, types = self._writer.booking, self._writer.database.types
        rights = granting(booking, types, self._writer.user)
        return f"{creating(booking, types)} {rights}".strip()

    def run(self, session: Session) -> Iterator[Check]:
        """Keep a key twice and move the stock of nobody, where all of it can be undone."""
        booking = self._writer.booking
        risks = self._writer.database.risks(session, booking.tables)
        yield from risks
        if risks:
            return
        yield self._kept_once(session)
        for statement in booking.others:
            yield self._moved(session, session.run(statement, self._nobody))

    def _kept_once(self, session: Session) -> Check:
        keys, column = self._writer.booking.keys.name, self._writer.booking.key_column
        keeping = self._writer.booking.keeping
        session.run(keeping, self._nobody)
        try:
            session.run(keeping, self._nobody)
        except Trouble as trouble:
            if trouble.fault is not Fault.TAKEN:
                raise
            session.roll_back()
            self._writer.kept(session, self._nobody)  # as after a lost answer, which needs SELECT
            return Check(text=f"{keys} keeps a key in {column} once only (tried, and undone)")
        session.roll_back()
        return Check(
            text=f"{keys} took the same key twice: a repetition would be booked again",
            verdict=Verdict.BAD,
            help=f"ALTER TABLE {keys} ADD UNIQUE ({column}); or {self.help}",
        )

    def _moved(self, session: Session, touched: int) -> Check:
        session.roll_back()
        if touched == 0:
            return Check(text="the user may move stock (tried on a SKU that is not there)")
        text = f"{touched} rows are touched for a SKU that is not there"
        help_ = "let `statement` find its row by :sku, and by :location where there are several"
        return Check(text=text, verdict=Verdict.BAD, help=help_)

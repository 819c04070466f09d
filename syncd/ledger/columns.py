"""How times and exact amounts lie in a column: integer microseconds of UTC, and plain decimal text."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import Dialect, Integer
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Microseconds since 1970 in UTC; ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - _EPOCH) // _MICROSECOND


def micros_or_none(moment: datetime | None) -> int | None:
    """As `micros`; None stays None."""
    return None if moment is None else micros(moment)


def moment(value: int) -> datetime:
    """The aware UTC moment of so many microseconds; ValueError for what is no number of them."""
    if not isinstance(value, int):
        raise ValueError(f"{value!r} is no moment")  # noqa: TRY004 - a wrong value in a column
    return _EPOCH + value * _MICROSECOND


def moment_or_none(value: int | None) -> datetime | None:
    """As `moment`; None stays None."""
    return None if value is None else moment(value)


@lru_cache(4_096)
def decimal_text(amount: Decimal | None) -> str | None:
    """The one plain form of an exact amount, so that 12.5 and 12.50 are equal text."""
    if amount is None:
        return None
    text = str(amount)
    if "E" in text:
        text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as integer microseconds of UTC."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the column."""
        del dialect
        return micros_or_none(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the column."""
        del dialect
        return moment_or_none(value)

"""What the error numbers of MySQL and MariaDB mean for a reading."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymysql.err import InterfaceError, MySQLError

from connectors.sql_query.database import Question, too_long
from syncd.domain.errors import (
    SourceError,
    SourceInvalid,
    SourceUnauthorized,
    SourceUnavailable,
)

WRONG_USER = {1044, 1045, 1130, 1251, 1524, 1698, 1820, 3118, 3159}
NO_RIGHT = {1142, 1143, 1227, 1370, 1345}
_TIMEOUTS = {1969, 3024}
PASSING = {
    1040, 1041, 1049, 1053, 1079, 1152, 1153, 1158, 1159, 1160, 1161, 1203, 1205, 1213, 1226, 1290,
    1317, 1836, 1927, 2002, 2003, 2005, 2006, 2013, 2014, 4031,
}  # fmt: skip
READ_ONLY = 1792


@contextmanager
def telling(question: Question) -> Iterator[None]:
    """Turn the driver's errors into those of sources."""
    try:
        yield
    except MySQLError as error:
        raise _meaning(error, question) from None


def _meaning(error: MySQLError, question: Question) -> SourceError:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    words = str(error.args[-1]) if error.args else type(error).__name__
    if number in _TIMEOUTS or (number == 2013 and "timed out" in words):  # noqa: PLR2004 - lost
        return SourceUnavailable(too_long(question.timeout))
    if number in PASSING or isinstance(error, InterfaceError):
        return SourceUnavailable(
            f"the database cannot be reached or was lost: {words}; nothing of the reading was taken"
        )
    if number in WRONG_USER:
        text = f"the database refuses the user of the address: {words}; correct the credential"
        return SourceUnauthorized(text)
    if number in NO_RIGHT:
        help_ = "grant it to the user of the address: GRANT SELECT ON … TO …"
        return SourceUnauthorized(f"the database refuses: {words}; {help_}")
    if number == READ_ONLY:
        return SourceInvalid(f"the query writes, and is not let to: {words}")
    return SourceInvalid(f"the database refuses the query: {words}")

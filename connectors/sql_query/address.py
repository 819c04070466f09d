"""Which database an address means, and how it is reached: the only holder of its password."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from pydantic import SecretStr
from sqlalchemy import URL, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from syncd.domain.errors import ConfigError, Problem

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "sqlite": "sqlite",
    "mssql": "mssql+pyodbc",
}
_FORMS = (
    "postgresql://USER:PASSWORD@HOST/DATABASE, mysql://…, mariadb://…, sqlite:////FILE, mssql://…"
)


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """A database's address; only `url` tells the password, and nothing prints it."""

    url: URL

    @property
    def backend(self) -> str:
        """`postgresql`, `mysql`, `sqlite` or `mssql`."""
        return self.url.get_backend_name()

    @property
    def name(self) -> str:
        """Where it is, for people: without user and password."""
        if self.backend == "sqlite":
            return str(self.url.database).rpartition("/")[2]
        return f"{self.url.database or 'the database'} at {self.url.host or 'this machine'}"

    @property
    def place(self) -> tuple[str | int | None, ...]:
        """Which database it is, whoever asks and with whatever options."""
        url = self.url
        return (url.get_backend_name(), url.host, url.port, url.database)

    @property
    def digest(self) -> str:
        """Names the database, whoever reads it."""
        place = (*self.place, sorted(self.url.query.items()))
        return blake2b(repr(place).encode(), digest_size=8).hexdigest()


def read_address(secret: SecretStr, credential: str) -> Address:
    """The address in a credential; ConfigError that does not repeat it otherwise."""
    text = secret.get_secret_value().strip()
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise _refused(credential, "this is no address of a database") from None
    backend, _, driver = url.drivername.partition("+")
    wanted = _DRIVERS.get(backend)
    if wanted is None or (driver and driver != wanted.partition("+")[2]):
        raise _refused(credential, "this names no database that can be read")
    if backend == "sqlite" and url.database in {None, "", ":memory:"}:
        raise _refused(credential, "this names no SQLite file")
    return Address(url.set(drivername=wanted))


def _refused(credential: str, message: str) -> ConfigError:
    return ConfigError([Problem(f"credential {credential}", 1, 1, "", message, f"as in {_FORMS}")])


@contextmanager
def connected(
    url: URL,
    arguments: Mapping[str, object],
    **engine: Any,  # noqa: ANN401 - as create_engine takes them
) -> Iterator[Any]:
    """The driver's own connection, closed without another word to the server on leaving.

    Raises the driver's errors.
    """
    opened = create_engine(url, poolclass=NullPool, connect_args=dict(arguments), **engine)
    try:
        pooled = opened.raw_connection()
    except DBAPIError as error:
        raise (error.orig or error) from None
    try:
        yield pooled.driver_connection
    finally:
        # Never given back: a rollback would first wait for the rest of the rows.
        pooled.invalidate()
        opened.dispose()

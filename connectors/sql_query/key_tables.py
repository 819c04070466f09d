"""Knows how each database writes the table of keys, and the rights of the user who books."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.sql_query.booking import DELTA, KEY, SKU, Booking

WRITER = "syncd_writer"
"""What the user who books is called where its address names none."""

_PLAIN = re.compile("[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Types:
    """The types of one database by what a column holds; `other` is a guess. `ending` follows the columns.

    `quotes` stand around a name that is none without them.
    """

    key: str
    units: str
    sku: str
    text: str
    other: str
    ending: str = ""
    grants: bool = True
    quotes: tuple[str, str] = ('"', '"')

    def of(self, name: str) -> str:
        """The type of a column that is given this name alone."""
        known: Mapping[str, str] = {KEY: self.key, DELTA: self.units, SKU: self.sku, "": self.other}
        return known.get(name, self.text)

    def name(self, text: str) -> str:
        """A user's name as a statement writes it."""
        if _PLAIN.fullmatch(text):
            return text
        opening, closing = self.quotes
        return f"{opening}{text.replace(closing, closing * 2)}{closing}"


POSTGRESQL = Types(
    key="varchar(64) PRIMARY KEY",
    units="integer NOT NULL",
    sku="text NOT NULL",
    text="text",
    other="text",
)
MYSQL = Types(
    key="char(64) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY",
    units="integer NOT NULL",
    sku="varchar(200) NOT NULL",
    text="varchar(200)",
    other="varchar(200)",
    ending=" ENGINE=InnoDB",
    quotes=("`", "`"),
)
SQLITE = Types(
    key="text NOT NULL PRIMARY KEY",
    units="integer NOT NULL",
    sku="text NOT NULL",
    text="text",
    other="text",
    grants=False,
)
SQL_SERVER = Types(
    key="char(64) NOT NULL PRIMARY KEY",
    units="integer NOT NULL",
    sku="nvarchar(200) NOT NULL",
    text="nvarchar(200)",
    other="nvarchar(200)",
    quotes=("[", "]"),
)


def creating(booking: Booking, types: Types) -> str:
    """The statement that makes the table which these statements want."""
    columns = [f"{column} {types.of(name)}" for column, name in booking.keys.columns]
    return f"CREATE TABLE {booking.keys.name} ({', '.join(columns)}){types.ending};"


def granting(booking: Booking, types: Types, user: str = WRITER) -> str:
    """The rights that the user who books needs and no more; empty where files have no users."""
    if not types.grants:
        return ""
    rights = {booking.keys.name: {"INSERT", "SELECT"}}
    for verb, name in booking.targets:
        rights.setdefault(name, set()).update({verb, "SELECT"} if verb == "UPDATE" else {verb})
    granted = (f"GRANT {', '.join(sorted(verbs))} ON {name}" for name, verbs in rights.items())
    return " ".join(f"{right} TO {types.name(user)};" for right in granted)

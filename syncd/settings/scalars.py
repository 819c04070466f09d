"""How the text of one scalar becomes a value: whole numbers, percentages, durations, amounts, choices.

Every refusal is worded here; pydantic only carries it to the right place.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from zoneinfo import ZoneInfo, available_timezones

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from syncd.domain.duration import parse_duration, written
from syncd.domain.money import LARGEST, exact_decimal

REFUSED = "syncd"
"""The error type of every refusal of ours, among pydantic's own."""

_PERCENT = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,4})?) ?%", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,12}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_URL = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[^\s?#]*)?", re.ASCII)
_LISTEN = re.compile(r"([A-Za-z0-9.\-]+|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})", re.ASCII)
_LONGEST_TEXT = 500
_LARGEST_PORT = 65535


def refusal(message: str, hint: str = "") -> PydanticCustomError:
    """An error whose wording reaches the operator as it is."""
    return PydanticCustomError(REFUSED, "{message}", {"message": message, "hint": hint})


def nearest(word: str, known: tuple[str, ...], otherwise: str = "") -> str:
    """A hint with the known word that looks most like this one."""
    found = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {found[0]}?" if found else otherwise


@dataclass(frozen=True, slots=True)
class Written:
    """Marks a field that is written as one scalar: how to read it, and its JSON schema."""

    read: Callable[[str], object]
    schema: Mapping[str, object]

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validated)

    def __get_pydantic_json_schema__(self, _core: object, _handler: object) -> dict[str, object]:
        return dict(self.schema)

    def validated(self, value: object) -> object:
        """Read text; refuse a mapping or a list."""
        if isinstance(value, str):
            return self.read(value)
        kind = "mapping" if isinstance(value, Mapping) else "list"
        raise refusal(f"this must be a single value, not a {kind}")


def whole(low: int, high: int) -> Written:
    """A whole number between two bounds."""

    def read(text: str) -> int:
        if not _WHOLE.fullmatch(text):
            raise refusal(f"{text!r} is no whole number")
        if not low <= int(text) <= high:
            raise refusal(f"{text} is outside {low} to {high}")
        return int(text)

    return Written(read, {"type": "integer", "minimum": low, "maximum": high})


def percent(low: int, high: int) -> Written:
    """A percentage, read to a fraction: `30%` is 0.3."""

    def read(text: str) -> Decimal:
        found = _PERCENT.fullmatch(text)
        if found is None:
            hint = "write it with a percent sign, as in 30%"
            raise refusal(f"{text!r} is no percentage", hint)
        if not low <= Decimal(found[1]) <= high:
            raise refusal(f"{text} is outside {low}% to {high}%")
        return Decimal(found[1]) / 100

    return Written(read, {"type": "string", "pattern": r"^[0-9]{1,5}(\.[0-9]{1,4})? ?%$"})


def read_duration(text: str) -> timedelta:
    """A duration; refused with the forms that are understood."""
    try:
        return parse_duration(text)
    except ValueError:
        hint = "write it as 30s, 15m, 24h or 7d"
        raise refusal(f"{text!r} is no duration", hint) from None


def duration(low: str, high: str) -> Written:
    """A length of time between two bounds, as in `15m`."""
    least, most = parse_duration(low), parse_duration(high)

    def read(text: str) -> timedelta:
        span = read_duration(text)
        if not least <= span <= most:
            raise refusal(f"{text} is outside {written(least)} to {written(most)}")
        return span

    return Written(read, {"type": "string", "pattern": "^[0-9]{1,6}[smhd]$"})


def read_amount(text: str) -> Decimal:
    """An exact positive amount of money in major units."""
    try:
        amount = exact_decimal(text)
    except ValueError:
        raise refusal(f"{text!r} is no amount", "write a plain number, as in 12.50") from None
    if not 0 < amount <= LARGEST:
        raise refusal(f"{text} is outside 0 (exclusive) to {LARGEST:f}")
    return amount


AMOUNT_SCHEMA: Mapping[str, object] = {"type": "number", "exclusiveMinimum": 0}
AMOUNT = Written(read_amount, AMOUNT_SCHEMA)


def choice(kind: type[StrEnum], but: Iterable[StrEnum] = ()) -> Written:
    """One word of an enumeration, `but` those that nobody writes."""
    words = tuple(member.value for member in kind if member not in but)

    def read(text: str) -> StrEnum:
        if text in words:
            return kind(text)
        hint = nearest(text, words)
        raise refusal(f"{text!r} is not one of {', '.join(words)}", hint)

    return Written(read, {"type": "string", "enum": list(words)})


def only(word: str) -> Written:
    """The single word that is understood."""

    def read(text: str) -> str:
        if text == word:
            return text
        raise refusal(f"{text!r} is not understood here", f"the only possible value is {word}")

    return Written(read, {"type": "string", "const": word})


def read_truth(text: str) -> bool:
    """`true` or `false`, and no other spelling."""
    if text in {"true", "false"}:
        return text == "true"
    raise refusal(f"{text!r} is neither true nor false")


TRUTH = Written(read_truth, {"type": "boolean"})


def read_text(text: str) -> str:
    """Text as it stands, bounded and without control characters."""
    if not text:
        raise refusal("this is empty")
    if len(text) > _LONGEST_TEXT or not text.isprintable():
        raise refusal(f"this is longer than {_LONGEST_TEXT} characters or not printable")
    return text


TEXT = Written(read_text, {"type": "string", "minLength": 1})


def read_name(text: str) -> str:
    """The name the operator gives a source or a channel."""
    if not _NAME.fullmatch(text):
        hint = "letters, digits, - and _, at most 64"
        raise refusal(f"{text!r} cannot be a name", hint)
    return text


NAME = Written(
    read_name, {"type": ["string", "number"], "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"}
)


def read_place(text: str) -> str:
    """`source/location`."""
    source, slash, location = text.partition("/")
    if not (slash and location.strip() and _NAME.fullmatch(source)):
        raise refusal(f"{text!r} is no place", "write it as source/location")
    return read_text(text)


PLACE = Written(read_place, {"type": "string", "pattern": "^[^/]+/.+$"})


def read_currency(text: str) -> str:
    """A currency code of ISO 4217."""
    if not _CURRENCY.fullmatch(text):
        raise refusal(f"{text!r} is no currency", "three capital letters, as in USD")
    return text


CURRENCY = Written(read_currency, {"type": "string", "pattern": "^[A-Z]{3}$"})


def read_ledger(text: str) -> str:
    """The ledger's address; only SQLite files in this version."""
    scheme, colon, _ = text.partition(":")
    example = "write sqlite:///ledger.db or sqlite:////var/lib/syncd/ledger.db"
    if not colon:
        raise refusal(f"{text!r} is no ledger address", example)
    if scheme != "sqlite":
        # The rest of a database address may hold a password, so it is never repeated.
        raise refusal(f"a ledger in {scheme!r} is not available in this version", example)
    path = text.removeprefix("sqlite:///")
    if path == text or not path or "?" in path or path == ":memory:":
        raise refusal(f"{text!r} names no ledger file", example)
    return text


LEDGER = Written(read_ledger, {"type": "string", "pattern": "^sqlite:///[^?]+$"})


def read_zone(text: str) -> ZoneInfo:
    """A time zone by its IANA name."""
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        hint = nearest(text, tuple(sorted(available_timezones())), "as in Europe/Berlin or UTC")
        raise refusal(f"{text!r} is no known time zone", hint) from None


ZONE = Written(read_zone, {"type": "string", "minLength": 1})


def read_url(text: str) -> str:
    """An http or https address without credentials, query or fragment."""
    if not _URL.fullmatch(text):
        # What was written may hold a password, so it is not repeated.
        raise refusal("this is no web address", "as in https://sync.example.com, no user or query")
    return text.rstrip("/")


URL = Written(read_url, {"type": "string", "pattern": "^https?://"})


def read_listen(text: str) -> str:
    """An address to listen on, `host:port`."""
    found = _LISTEN.fullmatch(text)
    if found is None:
        raise refusal(f"{text!r} is no address to listen on", "host:port, as in 127.0.0.1:8085")
    if not 1 <= int(found[2]) <= _LARGEST_PORT:
        raise refusal(f"port {found[2]} is outside 1 to {_LARGEST_PORT}")
    return text


LISTEN = Written(read_listen, {"type": "string", "pattern": "^.+:[0-9]{1,5}$"})

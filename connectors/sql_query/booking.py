"""What the statements that book an order line may be, and where they keep the key that makes it happen once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from connectors.sql_query.lexis import Kind, Lexis, Token, Unreadable, tokens
from connectors.sql_query.statement import Found, WrongStatement, cut, placed, unknown_bind
from syncd.ports.write_back import Adjustment

KEY = "key"
SKU = "sku"
DELTA = "delta"
NAMES = frozenset({KEY, SKU, DELTA, "location", "reference"})
EXAMPLE = (
    "INSERT INTO syncd_bookings (booking_key, units, reference) VALUES (:key, :delta, :reference); "
    "UPDATE stock SET quantity = quantity + :delta WHERE sku = :sku"
)
"""The smallest that does."""
_HIDING = (("ON", "CONFLICT"), ("ON", "DUPLICATE"), ("UPDATE", "OR"), ("UPDATE", "IGNORE"))
_HOW = "write INSERT INTO … (COLUMN, …) VALUES (:key, …)"


class NotABooking(WrongStatement):
    """The text does not book an order line once."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One statement, cut at every name that is given a value, and these names."""

    parts: tuple[str, ...]
    names: tuple[str, ...]

    def text(self, placeholder: str, percent: str = "%") -> str:
        """As a driver wants it: its placeholder for every name, and `percent` for every percent sign."""
        return placeholder.join(part.replace("%", percent) for part in self.parts)

    def values(self, adjustment: Adjustment) -> tuple[str | int, ...]:
        """The values in the order of the placeholders."""
        known: dict[str, str | int] = {
            KEY: adjustment.key,
            SKU: adjustment.sku,
            DELTA: adjustment.delta,
            "location": adjustment.location,
            "reference": adjustment.reference,
        }
        return tuple(known[name] for name in self.names)


@dataclass(frozen=True, slots=True)
class KeyTable:
    """The table of keys: its columns as written, each with the name it is given alone, or the empty text."""

    name: str
    columns: tuple[tuple[str, str], ...]

    def column(self, name: str) -> str | None:
        """The column that holds this name's value as it is."""
        return next((column for column, given in self.columns if given == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """The statements in their order. `keeping` is the one of them that inserts the key."""

    statements: tuple[Bound, ...]
    keeping: Bound
    keys: KeyTable
    targets: tuple[tuple[str, str], ...]
    """Every table that is written to, as written, with INSERT or UPDATE before it."""

    @property
    def key_column(self) -> str:
        """Where the key is found again."""
        return self.keys.column(KEY) or ""

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table that is written to, once."""
        return tuple(dict.fromkeys(name for _, name in self.targets))

    @property
    def others(self) -> tuple[Bound, ...]:
        """What is moved beside."""
        return tuple(each for each in self.statements if each is not self.keeping)


def read_booking(text: str, lexis: Lexis) -> Booking:
    """The statements in this text, as this database reads it; NotABooking otherwise."""
    try:
        found = list(tokens(text, lexis))
    except Unreadable as unread:
        raise NotABooking(placed(text, unread.at, str(unread))) from None
    statements: list[Bound] = []
    keeping: list[tuple[Bound, KeyTable]] = []
    targets: list[tuple[str, str]] = []
    for body in _split(found):
        _check(text, body, lexis)
        bound = Bound(*cut(text, body[0].start, body, NAMES))
        statements.append(bound)
        targets.append((body[0].text, _name(text, body)))
        if KEY in bound.names:
            keeping.append((bound, _key_table(text, body)))
    _require(statements, keeping)
    ((key, table),) = keeping
    return Booking(statements=tuple(statements), keeping=key, keys=table, targets=tuple(targets))


def _split(found: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The statements between semicolons."""
    body: list[Token] = []
    for token in found:
        if token.kind is Kind.SIGN and token.text == ";":
            if body:
                yield body
            body = []
        else:
            body.append(token)
    if body:
        yield body


def _check(text: str, body: Sequence[Token], lexis: Lexis) -> None:
    """NotABooking for a statement that is neither a plain INSERT nor a plain UPDATE."""
    for rule in (_begins, _hides, _returns):
        wrong = rule(body)
        if wrong is not None:
            raise NotABooking(placed(text, wrong[1].start, wrong[0]))
    wrong = unknown_bind(body, NAMES) or _runs_on(body, lexis)
    if wrong is not None:
        raise NotABooking(placed(text, wrong[1].start, wrong[0]))


def _begins(body: Sequence[Token]) -> Found | None:
    words = [token.text for token in body[:2]]
    if (words[0] == "UPDATE" and len(body) > 1) or words == ["INSERT", "INTO"]:
        return None
    shown = " ".join(words)[:30]
    return f"it begins with {shown!r}; each statement must be INSERT INTO or UPDATE", body[0]


def _hides(body: Sequence[Token]) -> Found | None:
    """A key that is there already must be an error: it is how a repetition is known."""
    for before, token in pairwise(body):
        if (before.text, token.text) in _HIDING:
            return (
                f"{before.text} {token.text} hides that a key is there already; leave it out",
                before,
            )
    return None


def _returns(body: Sequence[Token]) -> Found | None:
    for token in body:
        if token.kind is Kind.WORD and token.text in {"RETURNING", "OUTPUT"}:
            return f"{token.text} asks for rows, which nobody reads; leave it out", token
    return None


def _runs_on(body: Sequence[Token], lexis: Lexis) -> Found | None:
    """Where no semicolon is needed, a reserved word betrays another statement."""
    for token in body[1:]:
        if token.kind is Kind.WORD and token.text in lexis.alone - {"SET"}:
            return f"{token.text} begins another statement; put a semicolon before it", token
    return None


def _name(text: str, body: Sequence[Token]) -> str:
    """The table that a statement writes to, as written: names with dots between them."""
    start = 2 if body[0].text == "INSERT" else 1
    end = start + 1
    while end + 1 < len(body) and body[end].text == ".":
        end += 2
    if len(body) <= start:
        raise NotABooking(placed(text, body[-1].start, f"no table follows; {_HOW}"))
    return text[body[start].start : body[end - 1].end]


def _key_table(text: str, body: Sequence[Token]) -> KeyTable:
    """Where an INSERT keeps the key; NotABooking unless that is plain to see."""
    if body[0].text != "INSERT":
        raise NotABooking(placed(text, body[0].start, f"only an INSERT keeps :key; {_HOW}"))
    at = next((n for n, token in enumerate(body) if token.text == "("), len(body))
    columns, at = _listed(body, at)
    if at >= len(body) or body[at].text != "VALUES":
        where = body[min(at, len(body) - 1)].start
        raise NotABooking(placed(text, where, f"the columns must be named before VALUES; {_HOW}"))
    values, at = _listed(body, at + 1)
    if at != len(body) or len(values) != len(columns):
        reason = f"{len(columns)} columns and one row of as many values are wanted; {_HOW}"
        raise NotABooking(placed(text, body[-1].start, reason))
    named = tuple(
        (text[column[0].start : column[-1].end], _alone(value))
        for column, value in zip(columns, values, strict=True)
    )
    if KEY not in {given for _, given in named}:
        raise NotABooking(placed(text, body[0].start, f":key must be a value of its own; {_HOW}"))
    return KeyTable(_name(text, body), named)


def _listed(body: Sequence[Token], at: int) -> tuple[list[Sequence[Token]], int]:
    """What stands between parentheses that begin here, cut at the commas; and where it goes on."""
    if at >= len(body) or body[at].text != "(":
        return [], at
    items: list[list[Token]] = [[]]
    depth = 0
    for number in range(at, len(body)):
        token = body[number]
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0:
            return [item for item in items if item], number + 1
        if depth == 1 and token.text == ",":
            items.append([])
        elif number > at:
            items[-1].append(token)
    return [], len(body)


def _alone(value: Sequence[Token]) -> str:
    """The name that a value is and nothing else; the empty text for any other value."""
    return value[0].text[1:] if len(value) == 1 and value[0].kind is Kind.BIND else ""


def _require(statements: Sequence[Bound], keeping: Sequence[tuple[Bound, KeyTable]]) -> None:
    if len(keeping) != 1:
        found = "no statement keeps" if not keeping else f"{len(keeping)} statements keep"
        raise NotABooking(f"{found} :key, which makes it happen once; {_HOW} in one of them")
    used = {name for statement in statements for name in statement.names}
    for name in (SKU, DELTA):
        if name not in used:
            raise NotABooking(f":{name} is used nowhere; as in {EXAMPLE}")

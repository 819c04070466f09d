"""What the one statement of a source may be: a SELECT that reads, and where it asks for changes by `:since`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors.sql_query.lexis import EVERY, Kind, Lexis, Token, Unreadable, tokens

SINCE = "since"
_CHANGING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"})
_LOCKS = (
    ("FOR", "UPDATE"),
    ("FOR", "SHARE"),
    ("FOR", "NO", "KEY", "UPDATE"),
    ("FOR", "KEY", "SHARE"),
    ("LOCK", "IN", "SHARE", "MODE"),
)
_HINTS = frozenset({"UPDLOCK", "XLOCK", "TABLOCKX"})
_ONE = "the query must be one SELECT"
Found = tuple[str, Token]


class WrongStatement(Exception):  # noqa: N818 - a reason
    """The text is not what it must be; the message says where and what is wrong."""


class NotOneSelect(WrongStatement):
    """The text is not one SELECT."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT, cut at every `:since`."""

    parts: tuple[str, ...]

    @property
    def asks_since(self) -> bool:
        """Whether it can be asked for changes only."""
        return len(self.parts) > 1

    def text(self, placeholder: str, percent: str = "%") -> str:
        """As a driver wants it: its placeholder for `:since`, and `percent` for every percent sign."""
        return placeholder.join(part.replace("%", percent) for part in self.parts)


def check_anywhere(text: str, read: Callable[[str, Lexis], object]) -> None:
    """WrongStatement for what `read` takes of no database; the exact check follows when it is known."""
    refusals: list[WrongStatement] = []
    for lexis in EVERY:
        try:
            read(text, lexis)
        except WrongStatement as refused:
            refusals.append(refused)
        else:
            return
    raise refusals[0]


def read_statement(text: str, lexis: Lexis) -> Statement:
    """The one SELECT in this text, as this database reads it; NotOneSelect otherwise."""
    try:
        found = list(tokens(text, lexis))
    except Unreadable as unread:
        raise NotOneSelect(placed(text, unread.at, str(unread))) from None
    ends = [at for at, token in enumerate(found) if token.text == ";" and token.kind is Kind.SIGN]
    body = found[: ends[0]] if ends else found
    for rule in _RULES:
        wrong = rule(body, lexis)
        if wrong is not None:
            raise NotOneSelect(placed(text, wrong[1].start, wrong[0]))
    if not body:
        raise NotOneSelect(f"{_ONE}, and this holds none")
    after = [token for token in found[len(body) :] if token.text != ";"]
    if after:
        reason = f"a second statement begins after the semicolon; {_ONE}"
        raise NotOneSelect(placed(text, after[0].start, reason))
    return Statement(cut(text, 0, body, frozenset({SINCE}))[0])


def placed(text: str, at: int, reason: str) -> str:
    """The reason, with its line where the text has several."""
    line = text.count("\n", 0, at) + 1
    return f"line {line}: {reason}" if "\n" in text.strip() else reason


def cut(
    text: str, at: int, body: Sequence[Token], names: frozenset[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The text from `at` on around every name that is given a value, and these names in their order.

    A colon that was escaped stands without its backslash.
    """
    parts, found = [""], []
    for token in body:
        if token.kind is Kind.BIND and token.text[1:] in names:
            parts[-1] += text[at : token.start]
            parts.append("")
            found.append(token.text[1:])
            at = token.end
        elif token.kind is Kind.ESCAPE:
            parts[-1] += text[at : token.start]
            at = token.start + 1
    parts[-1] += text[at : body[-1].end]
    return tuple(parts), tuple(found)


def unknown_bind(body: Sequence[Token], names: frozenset[str]) -> Found | None:
    """The first name that is given no value; `a[1:n]` is none."""
    known = ", ".join(f":{name}" for name in sorted(names))
    given = "is" if len(names) == 1 else "are"
    for at, token in enumerate(body):
        if token.kind is not Kind.BIND or token.text[1:] in names:
            continue
        if at == 0 or body[at - 1].end != token.start:
            hint = f"only {known} {given} given a value; write \\{token.text} for a colon that is meant so"
            return f"{token.text} is not known: {hint}", token
    return None


def _begins(body: Sequence[Token], _lexis: Lexis) -> Found | None:
    """It begins with SELECT or WITH, in parentheses at most."""
    first = next((token for token in body if token.text != "("), None)
    if first is None or first.text in {"SELECT", "WITH"}:
        return None
    return f"it begins with {first.text[:20]!r}; {_ONE}", first


def _changes(body: Sequence[Token], _lexis: Lexis) -> Found | None:
    """No INSERT, UPDATE, DELETE or MERGE stands where a statement can begin: inside a WITH, or after it."""
    for before, token, after in zip(body, body[1:], body[2:], strict=False):
        starts = token.kind is Kind.WORD and token.text in _CHANGING and before.text in {"(", ")"}
        if starts and after.kind in {Kind.WORD, Kind.QUOTED}:
            return f"{token.text} changes data; {_ONE} that only reads", token
    return None


def _into(body: Sequence[Token], _lexis: Lexis) -> Found | None:
    """SELECT … INTO makes a table or a file."""
    for token in body:
        if token.kind is Kind.WORD and token.text == "INTO":
            return f"SELECT … INTO writes; {_ONE} that only reads", token
    return None


def _locks(body: Sequence[Token], _lexis: Lexis) -> Found | None:
    """A reading holds no lock that others wait for."""
    words = [token.text if token.kind is Kind.WORD else "" for token in body]
    for at, word in enumerate(words):
        wanted = next((lock for lock in _LOCKS if tuple(words[at : at + len(lock)]) == lock), None)
        if wanted is not None or word in _HINTS:
            return f"{' '.join(wanted or (word,))} locks rows; {_ONE} that only reads", body[at]
    return None


def _alone(body: Sequence[Token], lexis: Lexis) -> Found | None:
    """Where no semicolon is needed, a reserved word betrays a second statement."""
    for token in body:
        if token.kind is Kind.WORD and token.text in lexis.alone:
            return f"{token.text} begins another statement; {_ONE}", token
    return None


def _binds(body: Sequence[Token], _lexis: Lexis) -> Found | None:
    """`:since` is the only name that is given a value."""
    return unknown_bind(body, frozenset({SINCE}))


_RULES: tuple[Callable[[Sequence[Token], Lexis], Found | None], ...] = (
    _begins, _changes, _into, _locks, _alone, _binds,
)  # fmt: skip

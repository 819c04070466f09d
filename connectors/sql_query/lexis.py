"""How each database writes strings, names and comments, so that nothing can hide in one of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

_DOUBLED = r"{0}(?:[^{0}]+|{0}{0})*+{0}"
_ESCAPED = r"{0}(?:[^{0}\\]+|\\.|{0}{0})*+{0}"
_LINE = r"--[^\n]*"
_DOLLARS = r"\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$"
_BRACKETS = r"\[(?:[^\]]+|\]\])*+\]"


class Unreadable(Exception):  # noqa: N818 - a reason
    """The text is no statement of this database; `at` is where, counted from 0."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.at = at


class Kind(Enum):
    """What a piece of a statement is."""

    WORD = auto()
    NUMBER = auto()
    QUOTED = auto()
    BIND = auto()
    ESCAPE = auto()
    SIGN = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a statement; words are in upper case, and `start` and `end` stand around it."""

    kind: Kind
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexis:
    """The marks of one database. `alone` are the words that begin a statement of their own anywhere."""

    database: str
    quoted: re.Pattern[str]
    opening: re.Pattern[str]
    line_comment: re.Pattern[str]
    comment_marks: re.Pattern[str]
    running_comment: re.Pattern[str] | None = None
    alone: frozenset[str] = frozenset()


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.DOTALL)


_FLAT = _pattern(r"\*/")
_NESTED = _pattern(r"\*/", r"/\*")

POSTGRESQL = Lexis(
    database="PostgreSQL",
    quoted=_pattern(
        "[eE]" + _ESCAPED.format("'"), _DOUBLED.format("'"), _DOUBLED.format('"'), _DOLLARS
    ),
    opening=_pattern("'", '"', r"\$(?:[^\W\d]\w*)?\$"),
    line_comment=_pattern(_LINE),
    comment_marks=_NESTED,
)
MYSQL = Lexis(
    database="MySQL and MariaDB",
    quoted=_pattern(_ESCAPED.format("'"), _ESCAPED.format('"'), _DOUBLED.format("`")),
    opening=_pattern("'", '"', "`"),
    line_comment=_pattern(r"--(?=[\x00-\x20]|\Z)[^\n]*", r"\#[^\n]*"),
    comment_marks=_FLAT,
    running_comment=_pattern(r"/\*M?!"),
)
SQLITE = Lexis(
    database="SQLite",
    quoted=_pattern(
        _DOUBLED.format("'"), _DOUBLED.format('"'), _DOUBLED.format("`"), r"\[[^\]]*\]"
    ),
    opening=_pattern("'", '"', "`", r"\["),
    line_comment=_pattern(_LINE),
    comment_marks=_FLAT,
)
# A batch of this database needs no semicolon between its statements; these words are reserved.
_RESERVED = frozenset({
    "ALTER", "BACKUP", "BEGIN", "BULK", "CHECKPOINT", "COMMIT", "CREATE", "DBCC", "DECLARE",
    "DELETE", "DENY", "DROP", "EXEC", "EXECUTE", "GRANT", "INSERT", "KILL", "MERGE",
    "OPENDATASOURCE", "OPENQUERY", "OPENROWSET", "RECONFIGURE", "RESTORE", "REVERT", "REVOKE",
    "ROLLBACK", "SAVE", "SET", "SHUTDOWN", "TRUNCATE", "UPDATE", "UPDATETEXT", "USE", "WAITFOR",
    "WRITETEXT",
})  # fmt: skip
SQL_SERVER = Lexis(
    database="SQL Server",
    quoted=_pattern(_DOUBLED.format("'"), _DOUBLED.format('"'), _BRACKETS),
    opening=_pattern("'", '"', r"\["),
    line_comment=_pattern(_LINE),
    comment_marks=_NESTED,
    alone=_RESERVED,
)
EVERY = (POSTGRESQL, MYSQL, SQLITE, SQL_SERVER)

_SPACE = re.compile(r"\s+")
_PIECE = re.compile(
    r"(?P<ESCAPE>\\:)|(?P<WORD>[^\W\d][\w$]*)|(?P<NUMBER>\.?\d[\w.]*)|(?P<BIND>:[^\W\d]\w*)"
    r"|(?P<SIGN>::|:=|.)",
    re.DOTALL,
)


def tokens(text: str, lexis: Lexis) -> Iterator[Token]:
    """The pieces of a statement without its comments; Unreadable for what is never closed."""
    at = 0
    while at < len(text):
        skipped = _skipped(text, at, lexis)
        if skipped is not None:
            at = skipped
            continue
        token = _token(text, at, lexis)
        yield token
        at = token.end


def _token(text: str, at: int, lexis: Lexis) -> Token:
    found = lexis.quoted.match(text, at)
    if found is not None:
        return Token(Kind.QUOTED, found[0], at, found.end())
    if lexis.opening.match(text, at):
        raise Unreadable("a quote that begins here is never closed", at)
    piece = next(_PIECE.finditer(text, at))
    name = str(piece.lastgroup)
    written = piece[0].upper() if name == "WORD" else piece[0]
    return Token(Kind[name], written, at, piece.end())


def _skipped(text: str, at: int, lexis: Lexis) -> int | None:
    """Where the space or comment that begins here ends; None when none does."""
    for pattern in (_SPACE, lexis.line_comment):
        found = pattern.match(text, at)
        if found is not None:
            return found.end()
    if lexis.running_comment is not None and lexis.running_comment.match(text, at):
        raise Unreadable("a comment that the database runs (/*! … */) begins here", at)
    return _comment_end(text, at, lexis) if text.startswith("/*", at) else None


def _comment_end(text: str, start: int, lexis: Lexis) -> int:
    """Where a comment ends, with those inside it where the database nests them."""
    depth, at = 1, start + 2
    while depth:
        found = lexis.comment_marks.search(text, at)
        if found is None:
            raise Unreadable("a comment that begins here is never closed", start)
        depth += 1 if found[0] == "/*" else -1
        at = found.end()
    return at

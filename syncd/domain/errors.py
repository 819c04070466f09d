"""Every error syncd raises on purpose, ordered by what the operator or the engine does next.

SyncdError
  ConfigError            the operator edits a file; carries every problem with its place
  UsageError             the operator types another command
    AccessDenied         the operator types it as the user whom the file belongs to
  SourceError
    SourceUnavailable    try again next time; the last snapshot stays current
    SourceUnauthorized   an operator must act; the last snapshot stays current
    SourceInvalid        this snapshot is refused; the last snapshot stays current
  ChannelError
    ChannelUnavailable   try again next time; the plan is kept
    ChannelUnauthorized  an operator must connect the channel again; the plan is kept
  DeliveryRefused        a webhook is not from who it says: answer 401 and forget it
  LedgerError
    LedgerOutdated       another schema version; run the command the message names
    LedgerUnusable       the file is damaged, locked, read-only or the disk is full
  LeaseHeld              another process writes to this channel
  LeaseLost              another process took the channel over: stop before the next send
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a configuration file; line and column count from 1."""

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        path = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{path}{self.message}{hint}"


class SyncdError(Exception):
    """Anything syncd raises on purpose; the message is meant for the operator."""


class ConfigError(SyncdError):
    """The configuration cannot be used; `problems` holds all of it, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(SyncdError):
    """The command cannot be done as typed; the message says what to type."""


class AccessDenied(UsageError):  # noqa: N818 - reads as a state
    """A file that belongs to another user is needed; `what` it is, and where."""

    def __init__(self, what: str, path: Path) -> None:
        super().__init__(f"{what} {path} may not be used by this user")
        self.what = what
        self.path = path


class SourceError(SyncdError):
    """A source gave no usable snapshot; the last good one stays current."""


class SourceUnavailable(SourceError):  # noqa: N818 - DESIGN section 3 fixes the name
    """The source could not be reached or read to the end; try again next time."""


class SourceUnauthorized(SourceError):  # noqa: N818 - as above
    """The source refuses us; an operator must act."""


class SourceInvalid(SourceError):  # noqa: N818 - as above
    """The source was read but may not be believed; this snapshot is refused whole."""

    def __init__(self, message: str, fingerprint: str | None = None) -> None:
        super().__init__(message)
        self.fingerprint = fingerprint


class ChannelError(SyncdError):
    """A channel could not be used; its plan is kept."""


class ChannelUnavailable(ChannelError):  # noqa: N818 - as above
    """The channel did not answer usefully; try again next time."""


class ChannelUnauthorized(ChannelError):  # noqa: N818 - as above
    """The channel refuses us; an operator must connect it again."""


class DeliveryRefused(SyncdError):  # noqa: N818 - reads as a state
    """A webhook delivery has no good signature, or a body that its sender never writes."""


class LedgerError(SyncdError):
    """The ledger cannot be used; nothing is sent without it."""


class LedgerOutdated(LedgerError):  # noqa: N818 - reads as a state
    """The ledger has another schema version than this program."""


class LedgerUnusable(LedgerError):  # noqa: N818 - reads as a state
    """The ledger is damaged, locked by something else, read-only, or the disk is full."""


class LeaseHeld(SyncdError):  # noqa: N818 - reads as a state
    """Another process writes to this channel; the message names its pid."""

    def __init__(self, message: str, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class LeaseLost(SyncdError):  # noqa: N818 - reads as a state
    """Another process took this channel over; nothing more may be sent."""

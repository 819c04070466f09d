"""What became of a change: acknowledged, refused, or sent without an answer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syncd.domain.change import Change


class Retry(StrEnum):
    """When a refused change may be tried again."""

    NOW = "now"
    NEXT_CYCLE = "next_cycle"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The channel acknowledged the change; it is not verified yet.

    `sent` is the number really sent where it differs from the change (the shop refuses 0), and `note` why.
    """

    change: Change
    at: datetime
    sent: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The channel refused the change. `skip` marks listings that are not ours to write at all."""

    change: Change
    code: str
    message: str
    retry: Retry
    skip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The change was sent and no usable answer came: read back, then decide."""

    change: Change
    reason: str


NOT_TOLD = "not_told"
"""The code of a change that was not sent, because the shop did not say what it shows in its place."""

Outcome = Accepted | Rejected | Unknown


class Verdict(StrEnum):
    """The word a report uses for what became of a change."""

    PLANNED = "planned"
    ACCEPTED = "accepted"
    VERIFIED = "verified"
    CONTRADICTED = "contradicted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    HELD = "held"
    PARKED = "parked"
    SKIPPED = "skipped"

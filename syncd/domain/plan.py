"""A plan is data: ordered changes, what is held and skipped and why, and a digest to approve it by."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from syncd.domain.change import Change
from syncd.domain.identity import ChannelName, Digest, ListingRef, Sku


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """Why a guard holds rows: which limit, how many rows, and a sentence for the operator."""

    kind: str
    count: int
    allowed: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldChange:
    """A change that waits for a person, and the hazard that holds it."""

    change: Change
    hazard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A listing that is left as it is although something differs or is unclear, and why."""

    sku: Sku | None
    seller_sku: str
    ref: ListingRef | None
    reason: str
    kind: str = "skipped"
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be sent to one channel now. `listings` counts all bound listings."""

    channel: ChannelName
    listings: int
    changes: tuple[Change, ...]
    held: tuple[HeldChange, ...] = ()
    skipped: tuple[Skip, ...] = ()
    hazards: tuple[Hazard, ...] = ()

    @property
    def digest(self) -> Digest:
        """sha256 over (channel, listing, field, before, after) of every row, sent or held; no times."""
        return digest_of(self.channel, (*self.changes, *(row.change for row in self.held)))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to send and nothing held."""
        return not self.changes and not self.held


def digest_of(channel: ChannelName, changes: Iterable[Change]) -> Digest:
    """The digest of these rows, whatever their order."""
    rows = sorted(change.row() for change in changes)
    text = json.dumps([channel, rows], separators=(",", ":"), ensure_ascii=True)
    return Digest("sha256:" + hashlib.sha256(text.encode()).hexdigest())


def in_send_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Lanes first, then product and listing, so that one product's rows stay together."""
    return tuple(sorted(changes, key=lambda change: (change.lane, change.key)))

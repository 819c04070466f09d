"""What the engine asks of a source that can be written to: one keyed adjustment at a time, and its answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from syncd.domain.identity import LocationName, Sku
from syncd.ports.probe import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Move `delta` units (negative: off the shelf) of a SKU at a location, once for ever by `key`.

    `reference` names the order line for people who look at the source's own history; no buyer data.
    """

    key: str
    sku: Sku
    location: LocationName
    delta: int
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """Done now or by an earlier try with the same key.

    `quantity_after` is None where the source does not tell; it may be negative, which is a debt.
    """

    quantity_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBooked:
    """Refused without effect. `again`: the same adjustment may be tried later; else a person must act."""

    code: str
    message: str
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpent:
    """Without effect, and the key cannot be used again: try with the next attempt's key."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """Sent, and no answer tells what became of it: only the same key may be tried again."""

    reason: str


Answer = Booked | NotBooked | KeySpent | InDoubt


@runtime_checkable
class WriteBack(Protocol):
    """A source that takes order lines off its own stock when it is told.

    Its methods raise SourceUnavailable or SourceUnauthorized only when nothing was sent.
    """

    def adjust(self, adjustment: Adjustment) -> Answer:
        """Apply it exactly once however often it is asked with this key."""
        ...

    def was_booked(self, adjustment: Adjustment) -> bool | None:
        """Whether the source contains it, by looking; None when the source cannot tell."""
        ...

    def write_back_checks(self) -> Sequence[Check]:
        """What the doctor says: rights, the table of keys and its DDL, orders imported from TikTok."""
        ...

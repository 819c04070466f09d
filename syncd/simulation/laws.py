"""What must hold at every moment or at rest, whatever goes wrong; a broken law ends a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Law(StrEnum):
    """The laws, each named by what it demands."""

    BOOKED_ONCE = "no order is taken off the merchant's stock twice, or without having been placed"
    INTENT_FIRST = "everything that reaches the shop was written down as an intent before"
    AT_REST = "at rest the shop shows what is left, less what is withheld, and nothing is undecided"
    NEVER_MORE = "at rest the shop never shows more than is left"
    SOUND = "the ledger is sound"
    OWNED = "in escrow TikTok sells only units that were taken off the merchant's stock before"


class Broken(Exception):  # noqa: N818 - reads as a state
    """A law was broken."""

    def __init__(self, law: Law, how: str, at: float) -> None:
        super().__init__(f"{law}: {how}")
        self.law = law
        self.how = how
        self.at = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is true of every SKU at rest: units left, units shown, and the most that may be withheld."""

    left: Mapping[str, int]
    shown: Mapping[str, int]
    withheld: Mapping[str, int]


def wrong_at_rest(rest: Rest) -> str:
    """The first SKU that shows what it should not; empty when all are right."""
    for sku, left in rest.left.items():
        most, shown = max(0, left), rest.shown[sku]
        least = max(0, left - rest.withheld.get(sku, 0))
        if not least <= shown <= most:
            wanted = str(most) if least == most else f"{least} to {most}"
            return f"{sku} shows {shown} instead of {wanted}"
    return ""


def too_much(rest: Rest) -> str:
    """The first SKU that shows more than is left; empty when there is none."""
    for sku, left in rest.left.items():
        if rest.shown[sku] > max(0, left):
            return f"{sku} shows {rest.shown[sku]}, and {max(0, left)} are left"
    return ""

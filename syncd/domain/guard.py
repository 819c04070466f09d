"""Judges a whole plan before anything is sent: how much may change without a person (rule 8)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from syncd.domain.change import Cause, Change, Field
from syncd.domain.counting import counted
from syncd.domain.identity import ListingRef, Sku
from syncd.domain.plan import Hazard, HeldChange
from syncd.domain.rules import Limits

Key = tuple[str, str, str, str]
UNUSUAL_FACTOR = 10
UNUSUAL_UNITS = 50
CHANGED_SINCE = "changed since approval"
HELD_BY = {
    "to_zero": "held by limits.to_zero",
    "changed": "held by limits.changed",
    "price_moved": "held by limits.price_moved",
    "unusual_quantity": f"held: over {UNUSUAL_FACTOR} × its 90-day maximum",
    "max_move": "held by price.max_move",
    CHANGED_SINCE: f"held: {CHANGED_SINCE}",
}
"""A guard's hazard in an operator's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Already:
    """Listings that got a change in the window: not lowered by orders, moved by safety or released."""

    changed: frozenset[ListingRef] = frozenset()
    to_zero: frozenset[ListingRef] = frozenset()
    price_moved: frozenset[ListingRef] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the guard judges by, besides the plan.

    `maxima`: largest quantity of a SKU in 90 days. `too_far`: keys of prices beyond their `max_move`.
    """

    listings: int
    already: Already = Already()
    maxima: Mapping[Sku, int] = field(default_factory=dict)
    too_far: frozenset[Key] = frozenset()
    released: Sequence[Change] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Which changes may be sent, which wait for a person, and why."""

    passed: tuple[Change, ...]
    held: tuple[HeldChange, ...]
    hazards: tuple[Hazard, ...]


def judge(changes: Sequence[Change], limits: Limits, evidence: Evidence) -> Judgement:
    """Apply the limits to a whole plan; decreases caused by orders, and adaptive safety, always pass."""
    free = [change for change in changes if _always_passes(change)]
    limited = [change for change in changes if not _always_passes(change)]
    approved, riskier = _released(limited, evidence.released)
    judged = [change for change in limited if change.key not in approved]
    hazards = _hazards(judged, limits, evidence)
    held: dict[Key, HeldChange] = {}
    for hazard, rows in hazards:
        for change in rows:
            held.setdefault(change.key, HeldChange(change=change, hazard=hazard.kind))
    for key in riskier & held.keys():
        held[key] = HeldChange(change=held[key].change, hazard=CHANGED_SINCE)
    passed = [change for change in (*free, *limited) if change.key not in held]
    return Judgement(
        passed=tuple(passed),
        held=tuple(held.values()),
        hazards=tuple(hazard for hazard, _ in hazards),
    )


def _always_passes(change: Change) -> bool:
    """What orders lower, and what an adaptive safety stock moves either way.

    The latter never leaves what the sources were already judged for, and is moved by sales alone: in a
    viral hour it moves most listings, and holding it would sell the last units twice.
    """
    if change.field is not Field.QUANTITY:
        return False
    return change.cause is Cause.SAFETY or (change.cause is Cause.ORDERS and not change.raises)


Rows = list[tuple[Hazard, list[Change]]]


def _hazards(judged: Sequence[Change], limits: Limits, evidence: Evidence) -> Rows:
    quantities = [change for change in judged if change.field is Field.QUANTITY]
    # what a listing owns was taken off a source, which gave no more than it had: only its size is judged
    bold = [change for change in quantities if change.cause is not Cause.ESCROW]
    zeros = [change for change in bold if change.after == 0 and change.before != 0]
    prices = [change for change in judged if change.field is Field.PRICE]
    already = evidence.already
    found: Rows = []
    for kind, rows, share, before in (
        ("to_zero", _whole_zeros(zeros, bold), limits.to_zero, already.to_zero),
        ("changed", bold, limits.changed, already.changed),
        ("price_moved", prices, limits.price_moved, already.price_moved),
    ):
        hazard = _share_hazard(kind, rows, share, before, evidence.listings, limits)
        if hazard is not None:
            found.append((hazard, rows))
    unusual = [change for change in quantities if is_unusual(change, evidence.maxima)]
    if unusual:
        text = f"{len(unusual)} quantities are over {UNUSUAL_FACTOR} × the SKU's 90-day maximum"
        hazard = Hazard(kind="unusual_quantity", count=len(unusual), allowed=0, text=text)
        found.append((hazard, unusual))
    far = [change for change in prices if change.key in evidence.too_far]
    if far:
        text = f"{counted(len(far), 'price')} would move further than price.max_move allows"
        found.append((Hazard(kind="max_move", count=len(far), allowed=0, text=text), far))
    return found


def _whole_zeros(zeros: Sequence[Change], quantities: Sequence[Change]) -> list[Change]:
    """Zero rows of listings that end with nothing in any warehouse the plan touches."""
    alive = {change.ref for change in quantities if change.after > 0}
    return [change for change in zeros if change.ref not in alive]


def _share_hazard(
    kind: str, rows: Sequence[Change], share: Decimal, before: frozenset[ListingRef],
    listings: int, limits: Limits,
) -> Hazard | None:  # fmt: skip
    fresh = {change.ref for change in rows}
    count = len(fresh | before)
    allowed = int(listings * share)
    if not fresh or count <= allowed or count < limits.at_least:
        return None
    earlier = len(before - fresh)
    recent = f" ({earlier} of them in the last window)" if earlier else ""
    text = (
        f"{count} of {listings} listings{recent} would be {_WORDS[kind]}; "
        f"limits.{kind} {share:.0%} allows {allowed}"
    )
    return Hazard(kind=kind, count=count, allowed=allowed, text=text)


_WORDS = {
    "to_zero": "set to 0",
    "changed": "changed by sources",
    "price_moved": "given another price",
}


def is_unusual(change: Change, maxima: Mapping[Sku, int]) -> bool:
    """More than ten times what the SKU had in 90 days, and more than 50, and with a history."""
    most = maxima.get(change.sku)
    return (
        most is not None
        and change.after > UNUSUAL_UNITS
        and change.after > UNUSUAL_FACTOR * max(most, 0)
        and change.raises
    )


def _released(changes: Iterable[Change], approved: Sequence[Change]) -> tuple[set[Key], set[Key]]:
    """Keys that a person released, and keys that became riskier since.

    A row whose released value is shown already was carried out: what comes after it is a new change.
    """
    seen: dict[Key, list[Change]] = {}
    for row in approved:
        seen.setdefault(row.key, []).append(row)
    passing, riskier = set(), set()
    for change in changes:
        rows = seen.get(change.key, [])
        if any(no_riskier(change, row) for row in rows):
            passing.add(change.key)
        elif any(row.after != change.before for row in rows):
            riskier.add(change.key)
    return passing, riskier


def no_riskier(change: Change, approved: Change) -> bool:
    """Raise ≤, decrease ≥, price between what was shown and what was approved."""
    if change.field is Field.PRICE:
        if approved.before is None or change.currency != approved.currency:
            return change.after == approved.after
        low, high = sorted((approved.before, approved.after))
        return low <= change.after <= high
    if change.raises:
        return approved.raises and change.after <= approved.after
    return change.after >= approved.after

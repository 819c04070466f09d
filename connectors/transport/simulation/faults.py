"""Scripted misbehaviour of a simulated shop: how a fault is written, and when it strikes."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from random import Random
from threading import Lock
from typing import Generic, TypeVar

from connectors.transport.simulation.fields import FieldError

FLAG_PARTS = 4
FORM = "KIND[=VALUE][:MATCH[:TIMES[:AFTER]]]"


@dataclass(slots=True, kw_only=True)
class Scripted:
    """One scripted fault; `times` 0 means for ever."""

    kind: str
    match: str = ""
    times: int = 1
    after: int = 0
    probability: float = 1.0
    seconds: float = 0.0
    seen: int = 0
    struck: int = 0

    def due(self, dice: Random) -> bool:
        """Count a request that fits; whether the fault strikes it."""
        if self.times and self.struck >= self.times:
            return False
        self.seen += 1
        if self.seen <= self.after or (self.probability < 1 and dice.random() >= self.probability):
            return False
        self.struck += 1
        return True


F = TypeVar("F", bound=Scripted)


class Script(Generic[F]):
    """Faults in order; the first one that is due strikes."""

    def __init__(self, faults: Sequence[F] = (), seed: int = 1) -> None:
        self._dice = Random(seed)  # noqa: S311 - repeatable faults, no cryptography
        self._lock = Lock()
        self._script = list(faults)

    def add(self, faults: Sequence[F]) -> None:
        """Append to the script."""
        with self._lock:
            self._script.extend(faults)

    def clear(self) -> None:
        """Behave well again."""
        with self._lock:
            self._script.clear()

    def strike(self, fits: Callable[[F], bool]) -> F | None:
        """The fault that strikes where `fits` says it may, if any."""
        with self._lock:
            for fault in self._script:
                if fits(fault) and fault.due(self._dice):
                    return fault
        return None

    def as_list(self) -> list[dict[str, object]]:
        """The script with what has struck so far."""
        with self._lock:
            return [asdict(fault) for fault in self._script]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A fault as the command line writes it; what was left out is None."""

    kind: str
    value: str
    match: str | None = None
    times: int | None = None
    after: int | None = None

    def given(self) -> dict[str, object]:
        """The keys of the fault that a control request would write."""
        keys = {"kind": self.kind, "match": self.match, "times": self.times, "after": self.after}
        return {key: value for key, value in keys.items() if value is not None}


def read_flag(flag: str) -> Flag:
    """Take `KIND[=VALUE][:MATCH[:TIMES[:AFTER]]]` apart; FieldError names what is wrong."""
    parts = flag.split(":")
    if len(parts) > FLAG_PARTS:
        raise FieldError(f"fault {flag!r}: expected {FORM}")
    kind, _, value = parts[0].partition("=")
    numbers = [whole(flag, text) for text in parts[2:]]
    return Flag(
        kind=kind,
        value=value,
        match=parts[1] if len(parts) > 1 else None,
        times=numbers[0] if numbers else None,
        after=numbers[1] if len(numbers) > 1 else None,
    )


def whole(flag: str, text: str) -> int:
    """A whole number of a flag."""
    try:
        return int(text)
    except ValueError:
        raise not_a_number(flag) from None


def seconds(flag: str, text: str) -> float:
    """Seconds of a flag."""
    try:
        return float(text)
    except ValueError:
        raise not_a_number(flag) from None


def not_a_number(flag: str) -> FieldError:
    """The complaint about a flag whose numbers are none."""
    return FieldError(f"fault {flag!r}: VALUE, TIMES and AFTER must be numbers")

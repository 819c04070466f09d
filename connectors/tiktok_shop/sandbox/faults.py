"""Scripted misbehaviour of the platform: which request it strikes, how often, and in which way."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from threading import Lock

from connectors.tiktok_shop.sandbox.fields import FieldError, Fields

KINDS = (
    "refuse",
    "http_500",
    "http_503",
    "timeout_before_commit",
    "timeout_after_commit",
    "garbage",
    "html",
    "truncated",
    "code",
    "sku_error",
    "token_expired",
    "slow",
)
KEYS = (
    "kind",
    "match",
    "times",
    "after",
    "probability",
    "product_id",
    "sku_id",
    "seconds",
    "code",
    "message",
    "commit",
)
COMMITTING = frozenset({"timeout_after_commit", "truncated", "sku_error", "slow"})
DEFAULT_SECONDS = {"slow": 2.0, "timeout_before_commit": 30.0, "timeout_after_commit": 30.0}
DEFAULT_CODES = {"code": 36009003, "sku_error": 12052990}
FLAG_PARTS = 4


@dataclass(slots=True, kw_only=True)
class Fault:
    """One scripted fault; `times` 0 means for ever."""

    kind: str
    match: str = ""
    times: int = 1
    after: int = 0
    probability: float = 1.0
    product_id: str | None = None
    sku_id: str | None = None
    seconds: float = 0.0
    code: int = 0
    message: str = "Scripted fault"
    commit: bool = False
    seen: int = 0
    struck: int = 0

    def fits(self, path: str, product_id: str | None, body: bytes) -> bool:
        """Whether the fault is meant for this request."""
        return (
            self.match in path
            and (self.product_id is None or self.product_id == product_id)
            and (self.sku_id is None or self.sku_id.encode() in body)
        )

    def due(self, dice: Random) -> bool:
        """Count a request that fits; whether the fault strikes it."""
        if self.times and self.struck >= self.times:
            return False
        self.seen += 1
        if self.seen <= self.after or (self.probability < 1 and dice.random() >= self.probability):
            return False
        self.struck += 1
        return True


class Faults:
    """The script; the first fault that is due strikes, at most one a request."""

    def __init__(self, flags: Sequence[str] = (), seed: int = 1) -> None:
        self._dice = Random(seed)  # noqa: S311 - repeatable faults, no cryptography
        self._lock = Lock()
        self._script = [fault_of_flag(flag) for flag in flags]

    def add(self, faults: Sequence[Fault]) -> None:
        """Append to the script."""
        with self._lock:
            self._script.extend(faults)

    def clear(self) -> None:
        """Behave well again."""
        with self._lock:
            self._script.clear()

    def pick(self, path: str, product_id: str | None, body: bytes) -> Fault | None:
        """The fault that strikes this request, if any."""
        with self._lock:
            for fault in self._script:
                if fault.fits(path, product_id, body) and fault.due(self._dice):
                    return fault
        return None

    def as_list(self) -> list[dict[str, object]]:
        """The script with what has struck so far."""
        with self._lock:
            return [asdict(fault) for fault in self._script]


def fault_of_json(value: object, where: str = "fault") -> Fault:
    """Read one fault of a control request; FieldError names what is wrong."""
    given = Fields(value, where, KEYS)
    kind = given.choice("kind", KINDS)
    probability = given.number("probability", 1.0, least=0.0)
    return Fault(
        kind=kind,
        match=given.text("match", ""),
        times=given.whole("times", 0 if "probability" in given else 1),
        after=given.whole("after", 0),
        probability=probability,
        product_id=given.text("product_id") if "product_id" in given else None,
        sku_id=given.text("sku_id") if "sku_id" in given else None,
        seconds=given.number("seconds", DEFAULT_SECONDS.get(kind, 0.0), least=0.0),
        code=given.whole("code", DEFAULT_CODES.get(kind, 0)),
        message=given.text("message", "Scripted fault"),
        commit=given.flag("commit", kind in COMMITTING),
    )


def fault_of_flag(flag: str) -> Fault:
    """Read `KIND[=VALUE][:MATCH[:TIMES[:AFTER]]]`; VALUE is a code, or seconds for slow and timeouts."""
    parts = flag.split(":")
    if len(parts) > FLAG_PARTS:
        raise FieldError(f"fault {flag!r}: expected KIND[=VALUE][:MATCH[:TIMES[:AFTER]]]")
    kind, _, value = parts[0].partition("=")
    fault: dict[str, object] = {"kind": kind}
    try:
        if value:
            timed = kind in DEFAULT_SECONDS
            fault["seconds" if timed else "code"] = float(value) if timed else int(value)
        if len(parts) > 1:
            fault["match"] = parts[1]
        for name, text in zip(("times", "after"), parts[2:], strict=False):
            fault[name] = int(text)
    except ValueError:
        raise FieldError(f"fault {flag!r}: VALUE, TIMES and AFTER must be numbers") from None
    return fault_of_json(fault, f"fault {flag!r}")

"""Scripted misbehaviour of the platform: which request it strikes, and in which way."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.transport.simulation.faults import Script, Scripted, read_flag, seconds, whole
from connectors.transport.simulation.fields import Fields

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


@dataclass(slots=True, kw_only=True)
class Fault(Scripted):
    """One scripted fault, which may be meant for one product or SKU."""

    product_id: str | None = None
    sku_id: str | None = None
    code: int = 0
    message: str = "Scripted fault"
    commit: bool = False

    def fits(self, path: str, product_id: str | None, body: bytes) -> bool:
        """Whether the fault is meant for this request."""
        return (
            self.match in path
            and (self.product_id is None or self.product_id == product_id)
            and (self.sku_id is None or self.sku_id.encode() in body)
        )


class Faults(Script[Fault]):
    """The script; at most one fault strikes a request."""

    def __init__(self, flags: Sequence[str] = (), seed: int = 1) -> None:
        super().__init__([fault_of_flag(flag) for flag in flags if is_ours(flag)], seed)

    def pick(self, path: str, product_id: str | None, body: bytes) -> Fault | None:
        """The fault that strikes this request, if any."""
        return self.strike(lambda fault: fault.fits(path, product_id, body))


def is_ours(flag: str) -> bool:
    """Whether a flag is meant for this shop: `NAME.KIND` is for the shop of that name."""
    return "." not in flag.partition(":")[0].partition("=")[0]


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
    read = read_flag(flag)
    fault = read.given()
    if read.value and read.kind in DEFAULT_SECONDS:
        fault["seconds"] = seconds(flag, read.value)
    elif read.value:
        fault["code"] = whole(flag, read.value)
    return fault_of_json(fault, f"fault {flag!r}")

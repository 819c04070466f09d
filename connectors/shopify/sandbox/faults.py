"""Scripted misbehaviour of the platform: which kinds there are, and where each of them strikes."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.transport.simulation.faults import Script, Scripted, read_flag, seconds
from connectors.transport.simulation.fields import FieldError, Fields

PREFIX = "shopify."
STATUSES = (401, 402, 403, 404, 423, 429, 430, 500, 502, 503, 504)
PLAIN = (*(f"http_{status}" for status in STATUSES), "redirect", "garbage", "html")
REFUSING = ("throttled", "max_cost", "internal_error", "access_denied")
DROPPING = ("no_answer", "no_answer_after")
BENDING = ("partial_data", "search_warning", "hidden_next_page", "level_vanishes", "truncated")
REQUEST = (*PLAIN, *REFUSING, *DROPPING, *BENDING, "slow")
BULK = ("bulk_failed", "bulk_denied", "bulk_expired_url", "bulk_canceled", "bulk_short")
FAILED = "idempotency_failed"
WRITING = ("idempotency_concurrent", FAILED)
WEBHOOK = ("webhook_lost", "webhook_duplicate", "webhook_late", "webhook_shuffled")
KINDS = (*REQUEST, *BULK, *WRITING, *WEBHOOK)
KEYS = ("kind", "match", "times", "after", "probability", "seconds")
DEFAULT_SECONDS = {"slow": 2.0, "no_answer": 30.0, "no_answer_after": 30.0}
DEFAULT_SECONDS |= {"webhook_late": 1.0, "webhook_shuffled": 0.3, "http_429": 2.0}


@dataclass(slots=True, kw_only=True)
class Fault(Scripted):
    """One scripted fault; `match` is a part of what it may strike.

    Requests are called by path, operation name and root fields, as in
    `/admin/api/2026-07/graphql.json Variants productVariants`; bulk operations `bulk`, writes by the mutation,
    webhooks by their topic.
    """


class Faults(Script[Fault]):
    """The script; at most one fault strikes at each place."""

    def __init__(self, flags: Sequence[str] = (), seed: int = 1) -> None:
        super().__init__([fault_of_flag(flag) for flag in flags if flag.startswith(PREFIX)], seed)

    def pick(self, kinds: Sequence[str], what: str) -> Fault | None:
        """The fault out of these kinds that strikes here, if any."""
        return self.strike(lambda fault: fault.kind in kinds and fault.match in what)


def fault_of_json(value: object, where: str = "fault") -> Fault:
    """Read one fault of a control request; FieldError names what is wrong."""
    given = Fields(value, where, KEYS)
    kind = given.choice("kind", KINDS)
    return Fault(
        kind=kind,
        match=given.text("match", ""),
        times=given.whole("times", 0 if "probability" in given else 1),
        after=given.whole("after", 0),
        probability=given.number("probability", 1.0, least=0.0),
        seconds=given.number("seconds", DEFAULT_SECONDS.get(kind, 0.0), least=0.0),
    )


def fault_of_flag(flag: str) -> Fault:
    """Read `shopify.KIND[=SECONDS][:MATCH[:TIMES[:AFTER]]]`."""
    read = read_flag(flag.removeprefix(PREFIX))
    fault = read.given()
    if read.value:
        if read.kind not in DEFAULT_SECONDS:
            raise FieldError(f"fault {flag!r}: only {', '.join(DEFAULT_SECONDS)} take a value")
        fault["seconds"] = seconds(flag, read.value)
    return fault_of_json(fault, f"fault {flag!r}")

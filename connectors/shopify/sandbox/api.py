"""How one HTTP request is answered: tokens, versions, scripted faults, GraphQL, files of bulk operations."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import cast

from connectors.shopify.sandbox import refusals
from connectors.shopify.sandbox.bending import bend
from connectors.shopify.sandbox.bulk import FOLDER, BulkJobs
from connectors.shopify.sandbox.calls import CANDIDATES, SUPPORTED, Call, World
from connectors.shopify.sandbox.executing import Answer, Executor, Prepared
from connectors.shopify.sandbox.faults import BENDING, DROPPING, PLAIN, REQUEST, Fault
from connectors.shopify.sandbox.tokens import Tokens
from connectors.transport.simulation.replies import (
    HTTP_OK,
    Body,
    ConnectionDropped,
    Reply,
    encode,
)

GRAPHQL = re.compile(r"/admin/api/([0-9]{4}-[0-9]{2}|unstable)/graphql\.json")
TOKEN = "/admin/oauth/access_token"  # noqa: S105 - a path
ELSEWHERE = "/password"
"""Where the redirect fault leads: a page that a client must not take for an answer."""
SAID = {
    401: "[API] Invalid API key or access token (unrecognized login or wrong password)",
    402: "Payment Required: the shop is frozen",
    403: "Forbidden: the app lacks a permission",
    404: "Not Found",
    423: "Locked: the shop is unavailable",
    429: "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service.",
    430: "Shopify Security Rejection",
    500: "Internal Server Error",
}
GARBAGE = b'{"data":{"productVari'
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
EXPIRED = b"<?xml version='1.0'?><Error><Code>ExpiredToken</Code><Message>Invalid argument.</Message></Error>"


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request and what became of it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    name: str = ""
    fault: Fault | None = None
    details: dict[str, object] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """What faults match against."""
        return f"{self.path} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer on its way; a body in pieces has its length among the headers."""

    status: int
    body: Body
    headers: Mapping[str, str]


class Api:
    """Answers everything that is not under `/control`."""

    def __init__(
        self, world: World, tokens: Tokens, executor: Executor, bulk: BulkJobs,
        sleep: Callable[[float], object],
    ) -> None:  # fmt: skip
        self._world = world
        self._tokens = tokens
        self._executor = executor
        self._bulk = bulk
        self._sleep = sleep
        self._numbers = count(1)

    def answer(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> Sent:
        """Answer one request; ConnectionDropped when no answer is to be sent."""
        visit = Visit(method=method, path=path, headers=headers, body=body)
        if self._world.behaviour.latency > 0:
            self._sleep(self._world.behaviour.latency)
        status: int | None = None
        try:
            sent = self._routed(visit, query)
            status = sent.status
        except ConnectionDropped as dropped:
            self._sleep(dropped.seconds)
            raise
        else:
            return sent
        finally:
            self._note(visit, status)

    def _routed(self, visit: Visit, query: str) -> Sent:
        if visit.path.startswith(FOLDER) and visit.method == "GET":
            return self._file(visit, query)
        found = GRAPHQL.fullmatch(visit.path)
        if visit.method == "POST" and found is not None:
            reply = self._graphql(visit, found.group(1))
        elif visit.method == "POST" and visit.path == TOKEN:
            reply = self._struck(visit) or self._tokens.grant(visit.headers, visit.body)
        elif visit.path == ELSEWHERE:
            reply = Reply(HTTP_OK, encode({"data": {"shop": {"name": "Somewhere else"}}}))
        else:
            reply = _plain(404)
        number = f"{int(self._world.now())}-{next(self._numbers)}"
        return Sent(reply.status, reply.body, {"X-Request-Id": number, **reply.headers})

    def _graphql(self, visit: Visit, wanted: str) -> Reply:
        version = served(wanted)
        if version is None:
            return _plain(404)
        visit.details["version"] = version
        if not self._tokens.valid(visit.headers.get("x-shopify-access-token", "")):
            return _plain(401)
        body = _json(visit.body)
        if body is None:
            return Reply(400, encode({"errors": "Required parameter missing or invalid"}))
        prepared = self._executor.prepare(body, self._world.behaviour.cost_formula)
        visit.name = prepared.name if isinstance(prepared, Prepared) else ""
        visit.details["operation"] = visit.name or None
        struck = self._struck(visit)
        if struck is not None:
            return struck
        answer = self._answered(visit, prepared, version)
        return self._sent(visit, answer, version)

    def _answered(self, visit: Visit, prepared: Prepared | Answer, version: str) -> Answer:
        """The answer of GraphQL, with a fault in it if one strikes."""
        if not isinstance(prepared, Prepared):
            return prepared
        raw_now = self._world.clock.raw()
        fault = visit.fault.kind if visit.fault else ""
        refused = self._refused(fault, prepared, raw_now)
        if refused is not None:
            return refused
        call = Call(world=self._world, version=version, scopes=self._world.behaviour.granted())
        with self._world.shop.lock:
            answer = self._executor.run(prepared, call, raw_now)
        visit.details["applied"] = call.applied or None
        return bend(fault, answer) if fault in BENDING else answer

    def _refused(self, fault: str, prepared: Prepared, raw_now: float) -> Answer | None:
        """The refusals of GraphQL that a fault asks for."""
        if fault == "throttled":
            return self._executor.throttled(prepared, raw_now)
        if fault == "max_cost":
            most = self._world.behaviour.max_cost
            return {"errors": [refusals.too_dear(max(prepared.cost, most + 1), most)]}
        if fault == "internal_error":
            return {"errors": [refusals.internal_error("scripted")]}
        if fault == "access_denied":
            name = prepared.roots[0] if prepared.roots else "shop"
            denied = refusals.access_denied(name, {"read_inventory"})
            said = {**denied.formatted, "path": [name]}
            return {"data": None, "errors": [said]}
        return None

    def _sent(self, visit: Visit, answer: Answer, version: str) -> Reply:
        fault = visit.fault
        body = encode(answer)
        visit.details["cost"] = _cost(answer)
        visit.details["codes"] = _codes(answer) or None
        headers = {"X-Shopify-API-Version": version}
        if fault is not None and fault.kind == "no_answer_after":
            raise ConnectionDropped(fault.seconds)
        if fault is not None and fault.kind == "truncated":
            return Reply(
                HTTP_OK, body[: len(body) // 2], {**headers, "Content-Length": str(len(body))}
            )
        return Reply(HTTP_OK, body, headers)

    def _struck(self, visit: Visit) -> Reply | None:
        """Pick the fault for this request; the answer, if it needs no work of the shop."""
        fault = self._world.faults.pick(REQUEST, visit.what)
        visit.fault = fault
        if fault is None:
            return None
        if fault.kind == "no_answer":
            raise ConnectionDropped(fault.seconds)
        if fault.kind == "slow":
            self._sleep(fault.seconds)
        return _scripted(fault) if fault.kind in PLAIN else None

    def _file(self, visit: Visit, query: str) -> Sent:
        """The file of a bulk operation; it needs no token, and one that is sent has leaked."""
        visit.details["leaked_token"] = "x-shopify-access-token" in visit.headers or None
        struck = self._struck(visit)
        if struck is not None:
            return Sent(struck.status, struck.body, struck.headers)
        found = self._bulk.fetch(visit.path, query, self._world.now())
        if found is None:
            return Sent(400, EXPIRED, {"Content-Type": "application/xml"})
        size, pieces = found
        fault = visit.fault.kind if visit.fault else ""
        if fault in DROPPING:
            raise ConnectionDropped(visit.fault.seconds if visit.fault else 0.0)
        if fault == "truncated":
            pieces = self._bulk.half(visit.path)
        return Sent(
            HTTP_OK, pieces,
            {"Content-Type": "application/jsonl", "Content-Length": str(size)},
        )  # fmt: skip

    def _note(self, visit: Visit, status: int | None) -> None:
        self._world.journal.add(
            "request",
            self._world.now(),
            method=visit.method,
            path=visit.path,
            status=status,
            dropped=True if status is None else None,
            fault=None if visit.fault is None else visit.fault.kind,
            **visit.details,
        )


def served(version: str) -> str | None:
    """The version that answers: unsupported old ones fall forward; None for one that is not there yet."""
    if version in SUPPORTED or version in CANDIDATES:
        return version
    return SUPPORTED[0] if version < SUPPORTED[0] else None


def _plain(status: int, headers: Mapping[str, str] | None = None) -> Reply:
    """A refusal below GraphQL: `errors` is a text."""
    said = SAID.get(status, SAID[500])
    return Reply(status, encode({"errors": said}), headers or {})


def _scripted(fault: Fault) -> Reply:
    if fault.kind == "garbage":
        return Reply(HTTP_OK, GARBAGE)
    if fault.kind == "html":
        return Reply(HTTP_OK, HTML, {"Content-Type": "text/html"})
    if fault.kind == "redirect":
        return Reply(302, b"", {"Location": ELSEWHERE})
    status = int(fault.kind.removeprefix("http_"))
    return _plain(status, {"Retry-After": f"{fault.seconds:.1f}"} if status == 429 else None)  # noqa: PLR2004


def _json(body: bytes) -> Mapping[str, object] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else None


def _cost(answer: Answer) -> object:
    extensions = answer.get("extensions")
    return extensions.get("cost") if isinstance(extensions, Mapping) else None


def _codes(answer: Answer) -> list[object]:
    errors = answer.get("errors")
    rows = errors if isinstance(errors, list) else []
    return [each.get("extensions", {}).get("code") for each in rows]

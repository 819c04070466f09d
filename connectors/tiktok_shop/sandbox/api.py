"""How one API request is answered: the gateway's checks in order, the work under the lock, scripted faults."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import cast

from connectors.tiktok_shop.sandbox import gateway
from connectors.tiktok_shop.sandbox.authorization import expired
from connectors.tiktok_shop.sandbox.calls import Call, Sabotage, World
from connectors.tiktok_shop.sandbox.faults import Fault, Faults
from connectors.tiktok_shop.sandbox.replies import OK, Refused, envelope, invalid
from connectors.tiktok_shop.sandbox.routes import UNKNOWN_PATH, find_route
from connectors.tiktok_shop.sandbox.stats import Stats
from connectors.tiktok_shop.sandbox.throttle import THROTTLED, Throttle
from connectors.transport.simulation.replies import HTTP_OK, ConnectionDropped, Reply

TOKEN_PATHS = ("/api/v2/token/get", "/api/v2/token/refresh")
PRODUCT_IN_PATH = re.compile(r"/products/([0-9]+)")
GARBAGE = b'{"code":0,"message":"Succ'
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
DROPPING = frozenset({"refuse", "timeout_before_commit", "timeout_after_commit"})
PLAIN_REPLIES = {
    "http_500": Reply(500, b"Internal Server Error", {"Content-Type": "text/plain"}),
    "http_503": Reply(503, b"Service Unavailable", {"Content-Type": "text/plain"}),
    "garbage": Reply(HTTP_OK, GARBAGE),
    "html": Reply(HTTP_OK, HTML, {"Content-Type": "text/html"}),
}


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request and what became of it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    product_id: str | None
    fault: Fault | None = None
    code: int | None = None
    message: str | None = None
    applied: list[dict[str, object]] = field(default_factory=list)


class Api:
    """Answers everything that is not under `/control`."""

    def __init__(
        self, world: World, faults: Faults, stats: Stats, sleep: Callable[[float], object]
    ) -> None:
        self._world = world
        self._faults = faults
        self._stats = stats
        self._sleep = sleep
        self._throttle = Throttle()
        self._numbers = count(1)

    def answer(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        """Answer one request; ConnectionDropped when no answer is to be sent."""
        found = PRODUCT_IN_PATH.search(path)
        visit = Visit(
            method=method,
            path=path,
            query=gateway.read_query(query),
            headers=headers,
            body=body,
            product_id=found.group(1) if found else None,
        )
        what = f"{method} {PRODUCT_IN_PATH.sub('/products/{product_id}', path)}"
        self._stats.arrived(self._world.clock.raw(), what, visit.product_id)
        try:
            return self._observed(visit)
        except ConnectionDropped as dropped:
            if dropped.seconds > 0:
                self._sleep(dropped.seconds)
            raise
        finally:
            self._stats.left(visit.product_id)

    def _observed(self, visit: Visit) -> Reply:
        """Answer after the latency, and write the journal whatever happens."""
        if self._world.behaviour.latency > 0:
            self._sleep(self._world.behaviour.latency)
        visit.fault = self._faults.pick(visit.path, visit.product_id, visit.body)
        status: int | None = None
        try:
            reply = self._answer(visit)
            status = reply.status
            return reply
        finally:
            self._note(visit, status)

    def _answer(self, visit: Visit) -> Reply:
        fault = visit.fault
        if fault is None:
            return self._serve(visit)
        reply = self._serve(visit) if fault.commit else None
        return self._strike(visit, fault, reply)

    def _serve(self, visit: Visit) -> Reply:
        """The answer of a platform that works."""
        try:
            data = self._work(visit)
        except Refused as refused:
            return self._refuse(visit, refused)
        visit.code = OK
        return Reply(HTTP_OK, envelope(OK, "Success", self._request_id(), data))

    def _strike(self, visit: Visit, fault: Fault, reply: Reply | None) -> Reply:
        """What the fault makes of the answer; `reply` is None when nothing was done."""
        if fault.kind in DROPPING:
            raise ConnectionDropped(fault.seconds)
        if fault.seconds > 0:
            self._sleep(fault.seconds)
        if fault.kind in PLAIN_REPLIES:
            visit.code = None
            return PLAIN_REPLIES[fault.kind]
        if fault.kind == "code":
            return self._refuse(visit, Refused(fault.code, fault.message))
        if fault.kind == "token_expired":
            return self._refuse(visit, expired())
        if reply is None:
            reply = self._serve(visit)
        if fault.kind == "truncated":
            whole = {"Content-Length": str(len(reply.body))}
            return Reply(reply.status, reply.body[: len(reply.body) // 2], whole)
        return reply

    def _refuse(self, visit: Visit, refused: Refused) -> Reply:
        visit.code, visit.message = refused.code, refused.message
        headers: dict[str, str] = {}
        wait = self._world.behaviour.retry_after
        if refused.code == THROTTLED and wait is not None:
            headers["Retry-After"] = f"{wait:g}"
        text = envelope(refused.code, refused.message, self._request_id())
        return Reply(refused.status, text, headers)

    def _work(self, visit: Visit) -> dict[str, object]:
        if visit.path in TOKEN_PATHS:
            return self._token(visit)
        world = self._world
        route, ids = find_route(visit.method, visit.path)
        self._check(visit, needs_cipher=route.needs_cipher)
        call = Call(query=visit.query, body=_json(visit), ids=ids, applied=visit.applied)
        fault = visit.fault
        if fault is not None and fault.kind == "sku_error":
            call.sabotage = Sabotage(fault.code, fault.message, fault.sku_id)
        with world.shop.lock:
            return route.handler(world, call)

    def _check(self, visit: Visit, *, needs_cipher: bool) -> None:
        """The gateway's checks, in its order."""
        identity, query = self._world.shop.identity, visit.query
        kind = visit.headers.get("content-type", "")
        gateway.check_app(identity, query, self._world.now())
        gateway.check_signature(identity, visit.path, query, visit.body, kind)
        self._world.grants.check(visit.headers.get("x-tts-access-token"))
        gateway.check_cipher(identity, query, needed=needs_cipher)
        raw_now = self._world.clock.raw()
        key = query.get("shop_cipher", "")
        try:
            self._throttle.admit(self._world.behaviour.rate, key, raw_now)
        except Refused:
            self._stats.throttle()
            raise

    def _token(self, visit: Visit) -> dict[str, object]:
        """The two unsigned calls of the authorization host."""
        if visit.method != "GET":
            raise Refused(UNKNOWN_PATH, "Invalid path: there is no such API", 404)
        grants = self._world.grants
        exchange = visit.path == TOKEN_PATHS[0]
        return grants.exchange(visit.query) if exchange else grants.refresh(visit.query)

    def _note(self, visit: Visit, status: int | None) -> None:
        self._stats.answered(visit.code)
        fault = visit.fault
        self._world.journal.add(
            "request",
            self._world.now(),
            method=visit.method,
            path=visit.path,
            product_id=visit.product_id,
            applied=visit.applied,
            code=visit.code,
            message=visit.message,
            status=status,
            dropped=True if status is None else None,
            fault=None if fault is None else fault.kind,
        )

    def _request_id(self) -> str:
        return f"{int(self._world.now())}{next(self._numbers):012d}"


def _json(visit: Visit) -> Mapping[str, object]:
    """The body as an object; an absent one is an empty object."""
    if visit.method == "GET" or not visit.body:
        return {}
    try:
        value = json.loads(visit.body)
    except ValueError:
        raise invalid("Invalid parameter: the body is no JSON") from None
    if not isinstance(value, dict):
        raise invalid("Invalid parameter: the body must be an object")
    return cast("Mapping[str, object]", value)

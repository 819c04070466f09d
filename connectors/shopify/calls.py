"""Knows what one document takes: a token, points of the bucket, a page that is not too dear, repetition."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from threading import Lock
from typing import Generic, TypeVar

from pydantic import SecretStr, TypeAdapter, ValidationError

from connectors.shopify.answers import (
    Answered,
    Cost,
    NoToken,
    Passing,
    Refused,
    Throttled,
    TooDear,
    Verdict,
    judge,
)
from connectors.shopify.client import API_VERSION, AdminApi
from connectors.shopify.queries import MOST_NODES
from connectors.shopify.throttle import CostBucket
from connectors.shopify.tokens import TokenKeeper
from connectors.shopify.wire import PageInfo
from connectors.transport.http_transport import HttpReply, HttpTransport, NotSent, TransportError
from connectors.transport.retrying import READS, WRITES, Failure, RetryPolicy
from syncd.domain.errors import SourceInvalid, SourceUnavailable
from syncd.ports.clock import Clock

T = TypeVar("T")

PATIENCE = 30
"""So often a throttled request is sent again: others may drain the same bucket."""
FIRST = replace(READS, tries=3)
"""For what a reading begins with: nothing is lost when it is given up soon, and others wait for their turn."""
SMALLER = 0.9
"""Of the page size that would just do; the estimate does not grow evenly with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[T]):
    """A document with its variables, and the shape of its answer."""

    document: str
    variables: Mapping[str, object] = field(default_factory=dict)
    answer: TypeAdapter[T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[T]):
    """A question that takes `first` and `after`, and where its answer says whether it goes on."""

    question: Question[T]
    page_info: Callable[[T], PageInfo | None]
    most: int = MOST_NODES


class Dear(Exception):  # noqa: N818 - reads as a state
    """A page would cost more than any request may."""

    def __init__(self, verdict: TooDear) -> None:
        super().__init__(f"{verdict.cost:g} points of {verdict.most:g}")
        self.share = verdict.most / verdict.cost


class Unanswered(SourceUnavailable):
    """A change was sent, and nothing that came back tells what became of it."""


class Account:
    """What is known of one app in one shop between readings; threads may share it."""

    def __init__(self, address: str, tokens: TokenKeeper, clock: Clock) -> None:
        self.address = address
        self.tokens = tokens
        self.bucket = CostBucket(clock)
        self._clock = clock
        self._lock = Lock()
        self._offset: timedelta | None = None
        self._costs: dict[tuple[str, object], Cost] = {}
        self._sizes: dict[str, int] = {}

    def heard(self, reply: HttpReply) -> None:
        """Note the shop's time, to the second below."""
        moment = reply.server_time()
        if moment is not None:
            with self._lock:
                self._offset = moment - self._clock.now()

    def server_now(self) -> datetime:
        """The shop's time, rather too early than too late; our own before the first answer."""
        return self._clock.now() + (self.offset() or timedelta(0))

    def offset(self) -> timedelta | None:
        """The shop's time less ours; None before the first answer."""
        with self._lock:
            return self._offset

    def cost(self, document: str, size: object) -> Cost | None:
        """What this document, with pages of that size, was said to cost."""
        with self._lock:
            return self._costs.get((document, size))

    def told(self, document: str, size: object, cost: Cost | None) -> None:
        """Remember what an answer says of its cost."""
        if cost is not None:
            with self._lock:
                self._costs[document, size] = cost

    def page_size(self, document: str, most: int = MOST_NODES) -> int:
        """The page size that was not too dear, at most `most`."""
        with self._lock:
            return min(self._sizes.get(document, most), most)

    def shrink(self, document: str, size: int, dear: Dear) -> None:
        """A page of `size` was too dear; SourceInvalid when it cannot become smaller."""
        if size <= 1:
            raise SourceInvalid(
                f"Shopify finds even a single record too dear ({dear}); please report it"
            )
        smaller = max(1, min(size - 1, int(size * dear.share * SMALLER)))
        with self._lock:
            self._sizes[document] = min(self._sizes.get(document, smaller), smaller)


class Admin:
    """Asks one shop over one set of connections; threads may share it."""

    def __init__(self, account: Account, transport: HttpTransport, clock: Clock) -> None:
        self.account = account
        self.transport = transport
        self.clock = clock
        self.api = AdminApi(account.address, transport)
        self._random = Random()  # noqa: S311 - spreads retries, keeps no secret

    def ask(self, question: Question[T], policy: RetryPolicy = READS) -> T:
        """The answer, in the shape that was asked for.

        Raises SourceUnauthorized, SourceInvalid or SourceUnavailable.
        """
        try:
            return self._answer(question, policy)
        except Dear as dear:
            raise SourceInvalid(
                f"Shopify finds a request too dear that has no smaller form ({dear}); please report it"
            ) from None

    def change(self, question: Question[T]) -> T:
        """The answer to a mutation, which is sent again only where it surely had no effect.

        Raises Unanswered where it may have had one; the errors of `ask` where it had none.
        """
        try:
            return self._answer(question, WRITES)
        except Dear as dear:
            raise SourceInvalid(f"Shopify finds the change too dear ({dear})") from None

    def _answer(self, question: Question[T], policy: RetryPolicy) -> T:
        """The same; Dear when a page must be smaller."""
        answered = _Asking(self, question, policy).run()
        try:
            return question.answer.validate_python(answered.data)
        except ValidationError as error:
            where = ".".join(str(step) for step in error.errors(include_url=False)[0]["loc"])
            text = f"Shopify's answer lacks what the API promises, at {where}"
            kind = Unanswered if policy is WRITES else SourceUnavailable
            raise kind(f"{text}; nothing of it is used") from None

    def pages(self, listing: Listing[T]) -> Iterator[T]:
        """Every page; raises as `ask`, and SourceUnavailable for paging that goes nowhere."""
        after: str | None = None
        while True:
            page = self._page(listing, after)
            yield page
            info = listing.page_info(page)
            if info is None or not info["hasNextPage"]:
                return
            if info["endCursor"] is None or info["endCursor"] == after:
                raise SourceUnavailable("Shopify's paging does not move on; nothing of it is used")
            after = info["endCursor"]

    def spread(self) -> float:
        """A random share by which a wait is stretched."""
        return self._random.random()

    def _page(self, listing: Listing[T], after: str | None) -> T:
        question, account = listing.question, self.account
        while True:
            size = account.page_size(question.document, listing.most)
            variables = {**question.variables, "first": size, "after": after}
            asked = Question(
                document=question.document, variables=variables, answer=question.answer
            )
            try:
                return self._answer(asked, READS)
            except Dear as dear:
                account.shrink(question.document, size, dear)


class _Asking:
    """The attempts of one request: throttled as often as needed, a token mended once."""

    def __init__(self, admin: Admin, question: Question[T], policy: RetryPolicy) -> None:
        self._admin = admin
        self._document = question.document
        self._variables = question.variables
        self._policy = policy
        self._size = question.variables.get("first")
        self._token: SecretStr | None = None
        self._renewed = False
        self._throttled = 0
        self._failed = 0
        self._retry_after: float | None = None

    def run(self) -> Answered:
        """The answer; raises what `Admin.ask` does."""
        while True:
            verdict = self._send()
            if isinstance(verdict, Answered):
                return verdict
            self._overcome(verdict)

    def _send(self) -> Verdict:
        account = self._admin.account
        if self._token is None:
            self._token = account.tokens.token(self._admin.transport)
        known = account.cost(self._document, self._size)
        reserved = account.bucket.take(0.0 if known is None else known.requested_query_cost)
        cost: Cost | None = None
        try:
            reply = self._admin.api.post(self._token, self._document, self._variables)
            account.heard(reply)
            verdict = judge(reply, API_VERSION)
            self._retry_after = reply.retry_after(self._admin.clock.now())
            cost = verdict.cost if isinstance(verdict, Answered | Throttled) else None
        except NotSent as error:
            return Passing(reason=str(error), failure=Failure.NOT_SENT)
        except TransportError as error:
            return Passing(reason=str(error), failure=Failure.NO_ANSWER)
        finally:
            account.bucket.settle(reserved, cost)
            account.told(self._document, self._size, cost)
        return verdict

    def _overcome(self, verdict: Verdict) -> None:
        """Wait, or get another token; raises when the request is not to be repeated."""
        match verdict:
            case Refused(error=error, acted=acted):
                raise Unanswered(str(error)) if acted and self._policy is WRITES else error
            case TooDear():
                raise Dear(verdict)
            case NoToken():
                self._renew()
            case Throttled(cost=cost):
                self._slow_down(cost)
            case Passing(reason=reason, failure=failure):
                self._again(failure, reason)
            case Answered():
                return

    def _renew(self) -> None:
        tokens, transport = self._admin.account.tokens, self._admin.transport
        refused = self._token or tokens.token(transport)
        if self._renewed:
            raise SourceUnavailable("Shopify refuses a token that it has just given (401)")
        self._token = tokens.another(refused, transport)
        self._renewed = True

    def _slow_down(self, cost: Cost | None) -> None:
        """The bucket waits as long as its own figures say; HTTP 429 names the seconds."""
        if cost is None:
            self._again(Failure.THROTTLED, "Shopify asks to be called less often (429)")
            return
        self._throttled += 1
        if self._throttled >= PATIENCE:
            raise SourceUnavailable(
                f"Shopify throttled the same request {PATIENCE} times; does something else use this app's "
                "token as well?"
            )
        status = cost.throttle_status
        if status.currently_available >= cost.requested_query_cost:
            self._admin.clock.sleep(1.0)  # its own figures would not let us wait at all

    def _again(self, failure: Failure, reason: str) -> None:
        self._failed += 1
        wait = self._policy.wait(self._failed, failure, self._retry_after, self._admin.spread())
        self._retry_after = None
        if wait is None and failure not in self._policy.on:
            raise Unanswered(reason)
        if wait is None:
            raise SourceUnavailable(f"{reason}; given up after {self._failed} tries")
        self._admin.clock.sleep(wait)

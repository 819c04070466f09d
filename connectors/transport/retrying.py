"""Knows when a request may be sent again and how long to wait; every attempt is built, thus signed, anew."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from threading import Lock

from connectors.transport.http_transport import (
    HttpReply,
    HttpRequest,
    NoAnswer,
    NotSent,
    Transport,
)
from connectors.transport.pacing import Lane, Pacer, never, rest
from syncd.ports.clock import Clock


class Failure(Enum):
    """Why an attempt did not succeed, as far as repeating it is concerned."""

    NOT_SENT = auto()
    NO_ANSWER = auto()
    THROTTLED = auto()
    TRANSIENT = auto()


class Judgement(Enum):
    """What a connector says of a reply. AMENDED: its cause is mended, send again at once."""

    DONE = auto()
    AMENDED = auto()
    THROTTLED = auto()
    TRANSIENT = auto()


MENDINGS = 2
"""At most so many immediate repetitions per call: one fresh token, one corrected clock."""
_FAILURES = {
    Judgement.THROTTLED: Failure.THROTTLED,
    Judgement.TRANSIENT: Failure.TRANSIENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Which failures are repeated, how often (`tries` counts the first), and the waits in seconds."""

    on: frozenset[Failure]
    tries: int = 5
    base: float = 1.0
    jitter: float = 0.5
    longest: float = 60.0

    def wait(
        self, attempt: int, failure: Failure, retry_after: float | None, spread: float
    ) -> float | None:
        """Seconds to wait after attempt number `attempt` (from 1) failed, or None to give up.

        min(base * 2^n + jitter, longest), the formula of TikTok Shop's rate limit page; `spread` in
        [0, 1) chooses the jitter. A server that asks for more than `longest` is not waited for.
        """
        if attempt >= self.tries or failure not in self.on:
            return None
        if retry_after is not None and retry_after > self.longest:
            return None
        backoff = min(self.base * 2.0 ** min(attempt - 1, 30) + self.jitter * spread, self.longest)
        return max(backoff, retry_after or 0.0)


READS = RetryPolicy(on=frozenset(Failure))
"""A read may be repeated whatever happened."""
WRITES = RetryPolicy(on=frozenset({Failure.NOT_SENT, Failure.THROTTLED}), tries=3)
"""A write is repeated only when it surely had no effect, and not for long: its number grows old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Requests sent, refused for their rate, and sent again, since the caller was made."""

    sent: int = 0
    throttled: int = 0
    retried: int = 0


class PacedCaller:
    """Sends requests at the shop's pace and repeats them by a policy; threads may share it."""

    def __init__(
        self,
        transport: Transport,
        pacer: Pacer,
        clock: Clock,
        random: Random,
        stop: Callable[[], bool] = never,
    ) -> None:
        self._transport = transport
        self._pacer = pacer
        self._clock = clock
        self._random = random
        self._stop = stop
        self._lock = Lock()
        self._sent = self._throttled = self._retried = 0

    def call(
        self,
        build: Callable[[], HttpRequest],
        judge: Callable[[HttpReply], Judgement],
        policy: RetryPolicy,
        lane: Lane = Lane.NORMAL,
    ) -> HttpReply:
        """The reply `judge` calls done, or the last one when the policy gives up.

        Raises NotSent or NoAnswer when the last attempt brought no reply, Stopped when told to stop
        or after the process stood still, and what `build` or `judge` raise.
        """
        attempt, mendings = 1, 0
        while True:
            outcome = self._attempt(build, judge, lane)
            if outcome.judgement is Judgement.AMENDED and mendings < MENDINGS:
                mendings += 1
            else:
                wait = self._wait(outcome, policy, attempt)
                if wait is None:
                    return outcome.reply_or_raise()
                attempt += 1
                rest(self._clock, wait)
            self._count(retried=1)

    def traffic(self) -> Traffic:
        """What was sent so far."""
        with self._lock:
            return Traffic(sent=self._sent, throttled=self._throttled, retried=self._retried)

    def _attempt(
        self,
        build: Callable[[], HttpRequest],
        judge: Callable[[HttpReply], Judgement],
        lane: Lane,
    ) -> "_Outcome":
        permit = self._pacer.acquire(lane, self._stop)
        request = build()
        self._count(sent=1)
        try:
            reply = self._transport.send(request)
        except NotSent as error:
            return _Outcome(error=error, failure=Failure.NOT_SENT)
        except NoAnswer as error:
            return _Outcome(error=error, failure=Failure.NO_ANSWER)
        judgement = judge(reply)
        retry_after = reply.retry_after(self._clock.now())
        if judgement is Judgement.THROTTLED:
            self._count(throttled=1)
            self._pacer.refused(permit, retry_after)
        return _Outcome(
            reply=reply,
            judgement=judgement,
            failure=_FAILURES.get(judgement),
            retry_after=retry_after,
        )

    def _wait(self, outcome: "_Outcome", policy: RetryPolicy, attempt: int) -> float | None:
        if outcome.failure is None:
            return None
        with self._lock:
            spread = self._random.random()
        return policy.wait(attempt, outcome.failure, outcome.retry_after, spread)

    def _count(self, *, sent: int = 0, throttled: int = 0, retried: int = 0) -> None:
        with self._lock:
            self._sent += sent
            self._throttled += throttled
            self._retried += retried


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    reply: HttpReply | None = None
    error: NotSent | NoAnswer | None = None
    judgement: Judgement | None = None
    failure: Failure | None = None
    retry_after: float | None = None

    def reply_or_raise(self) -> HttpReply:
        if self.reply is None:
            raise self.error or NoAnswer("no reply")
        return self.reply

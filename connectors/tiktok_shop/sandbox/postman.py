"""Carries the simulated platform's webhooks over real HTTP, to loopback only, until the sandbox closes."""

from collections.abc import Callable
from threading import Event, Thread

from connectors.tiktok_shop.sandbox.post import Letter, PostRoom
from connectors.tiktok_shop.sandbox.webhooks import is_loopback
from connectors.tiktok_shop.signing import webhook_signature
from connectors.transport.http_transport import (
    HttpRequest,
    HttpTransport,
    TransportError,
    TransportLimits,
)
from syncd.ports.clock import SystemClock

PATIENCE = 0.2
ANSWERED_WITHIN = 3.0
"""The platform waits no longer for an answer (fact sheet 6)."""


class Postman:
    """One thread that sends what is due."""

    def __init__(
        self, room: Callable[[], PostRoom], raw_now: Callable[[], float], key: str, secret: str,
        stopping: Event,
    ) -> None:  # fmt: skip
        self._room = room
        self._now = raw_now
        self._key = key
        self._secret = secret
        self._stopping = stopping
        self._thread = Thread(target=self._work, daemon=True, name="sandbox-webhooks")

    def begin(self) -> None:
        """Send in a thread of its own."""
        self._thread.start()

    def end(self) -> None:
        """Wait for the letter under way; the sandbox says when to stop."""
        self._thread.join()

    def _work(self) -> None:
        limits = TransportLimits(connect=1.0, read=ANSWERED_WITHIN, whole=ANSWERED_WITHIN)
        with HttpTransport(SystemClock(), limits) as transport:
            while not self._stopping.is_set():
                room = self._room()
                letter = room.take(self._now(), PATIENCE)
                if letter is not None:
                    room.returned(letter, self._send(transport, letter), self._now())

    def _send(self, transport: HttpTransport, letter: Letter) -> int | None:
        if not is_loopback(letter.address):
            return None
        headers = {
            "content-type": "application/json",
            "authorization": webhook_signature(self._key, self._secret, letter.body),
        }
        request = HttpRequest(method="POST", url=letter.address, headers=headers, body=letter.body)
        try:
            return transport.send(request).status
        except TransportError:
            return None

"""Many senders of webhooks at once, as the platform has them."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from connectors.tiktok_shop.signing import webhook_signature

SENDERS = 8


class Senders:
    """Send as the platform does: what was not answered with 200 is sent again.

    `before` is given each body before it is sent: what it tells of happens there.
    """

    def __init__(
        self, key: str, secret: str, told: Sequence[bytes],
        before: Callable[[bytes], None] = lambda _body: None,
    ) -> None:  # fmt: skip
        self._before = before
        self._signed = [(body, webhook_signature(key, secret, body)) for body in told]
        self._left: SimpleQueue[tuple[bytes, str]] = SimpleQueue()
        for each in self._signed:
            self._left.put(each)
        self._lock = threading.Lock()
        self.answered: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.url = ""

    def run(self, until: int) -> None:
        """Send until so many were answered with 200, or nothing is left."""
        threads = [threading.Thread(target=self._send, args=(until,)) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, until: int) -> None:
        parts = urlsplit(self.url)
        with closing(HTTPConnection("127.0.0.1", parts.port, timeout=20)) as connection:
            while len(self.answered) < until:
                try:
                    body, signature = self._left.get_nowait()
                except Empty:
                    return
                self._before(body)
                try:
                    connection.request(
                        "POST", "/webhooks/tiktok/shop", body, {"authorization": signature}
                    )
                    reply = connection.getresponse()
                    reply.read()
                except (OSError, HTTPException):
                    self._left.put((body, signature))
                    return  # the process is gone: nothing is known of this one
                with self._lock:
                    self.statuses[reply.status] += 1
                    if reply.status == 200:
                        self.answered.append(json.loads(body)["tts_notification_id"])
                if reply.status != 200:
                    self._left.put((body, signature))
                    time.sleep(0.05)

    @contextmanager
    def under_way(self, until: int) -> Iterator[None]:
        """Send in the background; on entering, so many were answered with 200. On leaving, all have stopped."""
        runner = threading.Thread(target=self.run, args=(len(self._signed),))
        runner.start()
        try:
            while len(self.answered) < until and runner.is_alive():
                runner.join(0.01)
            yield
        finally:
            runner.join()

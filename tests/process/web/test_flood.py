"""A flood of webhooks while the process is killed: whatever was answered with 200 is in the inbox, once."""

import json
import random
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from connectors.tiktok_shop.signing import webhook_signature
from tests.process.conftest import Shopkeeper
from tests.process.web.conftest import serving

TOLD = 10_000
SENDERS = 8
KILLS = (0.2, 0.5, 0.8)
"""When the process is killed, as shares of what was sent."""


def bodies(rng: random.Random) -> list[bytes]:
    """Ten thousand deliveries, every fifth of them a repetition, in any order."""
    news = [
        json.dumps(
            {"type": 1, "tts_notification_id": str(n), "timestamp": 1_795_435_200,
             "data": {"order_id": str(n), "order_status": "UNPAID", "update_time": n}}
        ).encode()
        for n in range(TOLD * 4 // 5)
    ]  # fmt: skip
    told = news + rng.sample(news, TOLD // 5)
    rng.shuffle(told)
    return told


class Senders:
    """Send as the platform does: what was not answered with 200 is sent again."""

    def __init__(self, key: str, secret: str, told: list[bytes]) -> None:
        self._signed = [(body, webhook_signature(key, secret, body)) for body in told]
        self._left: SimpleQueue[tuple[bytes, str]] = SimpleQueue()
        for each in self._signed:
            self._left.put(each)
        self._lock = threading.Lock()
        self.answered: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.url = ""
        self._pause = threading.Event()

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


def stored(keeper: Shopkeeper) -> list[str]:
    with closing(sqlite3.connect(keeper.folder / "ledger.db")) as connection:
        rows = connection.execute("SELECT notification FROM delivery ORDER BY id")
        return [row[0] for row in rows]


def test_none_that_was_acknowledged_is_lost_and_none_counts_twice(web_keeper: Shopkeeper) -> None:
    shop = web_keeper.shop
    senders = Senders(shop["app_key"], shop["app_secret"], bodies(random.Random(6)))
    for share in (*KILLS, None):
        with serving(web_keeper, WEB_NO_RATES="1") as (process, senders.url):
            if share is None:
                senders.run(TOLD)
                continue
            killer = threading.Thread(target=senders.run, args=(TOLD,))
            killer.start()
            while len(senders.answered) < TOLD * share:
                killer.join(0.01)
            process.kill()
            killer.join()
        assert set(senders.answered) <= set(stored(web_keeper))

    found = stored(web_keeper)
    assert TOLD * 4 // 5 == len(found) == len(set(found))
    assert len(senders.answered) >= TOLD - len(KILLS) * SENDERS
    assert {200} == set(senders.statuses)

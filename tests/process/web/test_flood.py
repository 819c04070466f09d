"""A flood of webhooks while the process is killed: whatever was answered with 200 is in the inbox, once."""

import json
import random
import sqlite3
from contextlib import closing

from tests.process.conftest import Shopkeeper
from tests.process.web.conftest import serving
from tests.process.web.senders import SENDERS, Senders

TOLD = 10_000
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
            with senders.under_way(int(TOLD * share)):
                process.kill()
        assert set(senders.answered) <= set(stored(web_keeper))

    found = stored(web_keeper)
    assert TOLD * 4 // 5 == len(found) == len(set(found))
    assert len(senders.answered) >= TOLD - len(KILLS) * SENDERS
    assert {200} == set(senders.statuses)

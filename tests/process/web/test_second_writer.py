"""A daemon that hears its own writes comes to rest, and one that meets a second writer stops and says so."""

import sqlite3
from contextlib import closing

from tests.process.conftest import Shopkeeper
from tests.process.daemons import configure, running, shows, until
from tests.process.web.conftest import address

TOPIC = "INVENTORY_CHANGED_BY_SHOP"


def counted(keeper: Shopkeeper, query: str) -> int:
    with closing(sqlite3.connect(keeper.folder / "ledger.db")) as ledger:
        return int(ledger.execute(query).fetchone()[0])


def test_our_own_writes_wake_nobody_and_another_app_s_are_stopped(web_keeper: Shopkeeper) -> None:
    configure(web_keeper, **{"every: 1s,": "every: 1h,"})
    web_keeper.stock({"S000": 5, "S001": 10, "S002": 10})
    receiver = f"{address(web_keeper)}/webhooks/tiktok/shop"
    web_keeper.control.post("webhooks", topic=TOPIC, address=receiver)
    with running(web_keeper):
        until(shows(web_keeper, "S000", 5), "it writes")
        until(lambda: web_keeper.control.get("webhooks")["taken"] == 1, "our write is told to us")
        waits = "SELECT COUNT(*) FROM delivery WHERE handled_at IS NULL"
        until(lambda: counted(web_keeper, waits) == 0, "it is heard")
        runs = "SELECT COUNT(*) FROM run WHERE trigger = 'publish shop'"
        before = counted(web_keeper, runs)

        web_keeper.control.post("rivals", seller_sku="S000", available=7, every=1.5)
        parked = "SELECT COUNT(*) FROM park WHERE kind = 'contested'"
        until(lambda: counted(web_keeper, parked) == 1, "it stops")
        written = counted(web_keeper, "SELECT COUNT(*) FROM change")
        web_keeper.control.delete("rivals")
        web_keeper.control.post("stock", seller_sku="S001", available=3)
        until(shows(web_keeper, "S001", 10), "an edit by hand is set back")
        until(lambda: "set back since" in web_keeper.syncd("status").stdout, "it knows that it did")

    told = web_keeper.syncd("status").stdout
    assert 1 == before
    assert 3 <= written <= 6
    assert "S000 is stopped: another app sets it back to 7" in told.replace("\n    ", " ")
    assert "syncd unpark S000" in told
    assert "S001: somebody set it by hand to 3 instead of 10; set back since" in told

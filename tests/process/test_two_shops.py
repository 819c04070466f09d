"""One stock, two shops, one daemon: what sells in one is taken off the other at once."""

import json
from pathlib import Path

from tests.fakes.tiktok import Control
from tests.process.conftest import CONFIG, Shopkeeper, sandbox, seed_of, shopkeeper_of
from tests.process.daemons import Running, configure, shows, until

HEAD = CONFIG[: CONFIG.index("  shop:")]


def at_rest(keeper: Shopkeeper) -> bool:
    """Whether every channel was published and its writes were seen."""
    channels = json.loads(keeper.syncd("status", "--json").stdout)["channels"]
    return all(part["listings"] == 2 and part["dirty"] == 0 for part in channels)


def test_an_order_of_one_shop_lowers_the_other_long_before_its_next_poll(tmp_path: Path) -> None:
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    with (
        shopkeeper_of(folders[0], seed_of(2)) as keeper,
        sandbox(folders[1], seed_of(2)) as shop,
    ):
        second = Shopkeeper(folders[1], shop, Control(shop["control"]))
        (keeper.folder / "credentials" / "other_secret").write_text(shop["app_secret"])
        (keeper.folder / "credentials" / "other_secret").chmod(0o600)
        channel = CONFIG[len(HEAD) :].format(**shop)
        other = channel.replace("  shop:", "  other:").replace("app_secret}", "other_secret}")
        path = keeper.folder / "syncd.yaml"
        path.write_text(
            path.read_text() + "    orders_every: 10s\n" + other + "    orders_every: 1d\n"
        )
        keeper.stock({"S000": 10, "S001": 8})
        done = keeper.syncd("connect", "other", "--auth-code", shop["auth_code"])
        assert 0 == done.returncode, done.stderr
        configure(keeper, **{"every: 1s,": "every: 1h,"})

        daemon = Running(keeper, keeper.folder / "daemon.log")
        try:
            daemon.says("running: 1 source, 2 channels")
            until(shows(second, "S001", 8), "the second shop was published")
            until(lambda: at_rest(keeper), "nothing is left to do")
            keeper.control.post("orders", seller_sku="S000", units=1, status="AWAITING_SHIPMENT")
            until(
                shows(second, "S000", 9), "the unit sold in the first shop is taken off the second"
            )
        finally:
            daemon.stop()

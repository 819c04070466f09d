"""The installed program takes an order of one shop off a real source, once, and says so."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from connectors.shopify.sandbox.factory import FACTORY
from syncd.ports.sandbox import SandboxOptions
from tests.process.conftest import Shopkeeper, seed_of, shopkeeper_of
from tests.unit.shopify_source.world import MAIN, product, shop_of, variant

SHOPIFY = """\
mode: apply
ledger: sqlite:///ledger.db
sources:
  webshop: {{kind: shopify, shop: {shop}, url: "{url}", token: {{credential: token}}, basis: available,
            orders: write_back}}
"""
DATABASE = """\
mode: apply
ledger: sqlite:///ledger.db
sources:
  erp:
    kind: sql_query
    url: {credential: erp}
    query: SELECT sku, qty AS quantity FROM stock
    basis: available
    orders: write_back
    write_back:
      url: {credential: erp}
      statement: |
        INSERT INTO booked (id, sku, units, what) VALUES (:key, :sku, :delta, :reference);
        UPDATE stock SET qty = qty + :delta WHERE sku = :sku
"""
BOOKED = "CREATE TABLE booked (id text PRIMARY KEY, sku text, units integer, what text)"
Held = Callable[[], int]


@contextmanager
def shopify(folder: Path) -> Iterator[tuple[str, dict[str, str], Held]]:
    """A shop that holds ten of S000."""
    seed = folder / "shopify.json"
    raw = shop_of(product(variant("S000", 10)), locations=[{"name": MAIN}])
    seed.write_text(json.dumps({"shopify": raw}))
    with FACTORY.open(SandboxOptions(seed=seed)) as shop:
        described = shop.description()
        text = SHOPIFY.format(shop=described["shop"], url=shop.url)
        (level,) = shop.shop.variants[0].item.levels
        yield text, {"token": described["token"]}, lambda: level.available


@contextmanager
def database(folder: Path) -> Iterator[tuple[str, dict[str, str], Held]]:
    """A file that holds ten of S000."""
    path = folder / "erp.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as owner:
        owner.execute("CREATE TABLE stock (sku text, qty integer)")
        owner.execute("INSERT INTO stock VALUES ('S000', 10)")
        owner.execute(BOOKED)

        def held() -> int:
            ((units,),) = owner.execute("SELECT qty FROM stock").fetchall()
            return int(units)

        yield DATABASE, {"erp": f"sqlite:///{path}"}, held


def given(keeper: Shopkeeper, sources: str, secrets: dict[str, str]) -> None:
    """Give the shopkeeper these sources instead of a file."""
    path = keeper.folder / "syncd.yaml"
    _, _, channels = path.read_text().partition("channels:")
    path.write_text(f"{sources}channels:{channels}")
    for name, value in secrets.items():
        secret = keeper.folder / "credentials" / name
        secret.write_text(value)
        secret.chmod(0o600)


Kind = Callable[[Path], AbstractContextManager[tuple[str, dict[str, str], Held]]]


@pytest.mark.parametrize(
    ("kind", "told"),
    [(shopify, "the app may change stock"), (database, "booked keeps a key in id once only")],
    ids=["shopify", "sql_query"],
)
def test_an_order_is_taken_off_the_source_once_and_the_doctor_is_content(
    tmp_path: Path, kind: Kind, told: str
) -> None:
    with kind(tmp_path) as (sources, secrets, held), shopkeeper_of(tmp_path, seed_of(1)) as keeper:
        given(keeper, sources, secrets)
        keeper.syncd("apply")
        keeper.control.post("orders", seller_sku="S000", units=2, status="AWAITING_SHIPMENT")
        done = keeper.syncd("apply")
        first = held()
        keeper.syncd("apply")
        checks = keeper.syncd("doctor").stdout

        assert "2 bookings written into" in done.stdout
        assert (8, 8) == (first, held())
        assert {"S000": 8} == keeper.shown()
        assert told in checks
        assert "could write to" not in checks


def test_what_a_paused_shop_sells_is_taken_off_the_source(tmp_path: Path) -> None:
    with (
        database(tmp_path) as (sources, secrets, held),
        shopkeeper_of(tmp_path, seed_of(1)) as keeper,
    ):
        given(keeper, sources, secrets)
        keeper.syncd("apply")
        keeper.syncd("pause", "shop", "--reason", "to be safe")
        keeper.control.post("orders", seller_sku="S000", units=2, status="AWAITING_SHIPMENT")
        done = keeper.syncd("apply")

        assert (0, 8) == (done.returncode, held()), done.stdout
        assert "2 bookings written into" in done.stdout
        assert "syncd resume shop" in done.stdout

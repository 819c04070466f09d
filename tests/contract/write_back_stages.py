"""Stages of sources that are written to: a list in memory, the simulated Shopify shop, and real databases."""

# ruff: noqa: S608 - statements are made up here

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from connectors.shopify.sandbox.seed import add_product
from syncd.domain.errors import SourceUnavailable
from syncd.domain.identity import DEFAULT_LOCATION, LocationName, SourceName
from tests.contract.database_stages import gated
from tests.contract.write_back_contract import WriteBackStage
from tests.fakes.clock import FakeClock
from tests.fakes.databases import Site, writable_of
from tests.fakes.gate import Gate
from tests.fakes.memory_source import Row
from tests.fakes.memory_write_back import MemoryWriteBack, Trouble
from tests.unit.shopify_source.world import MAIN, open_world, product, shop_of, variant

FOR_EVER = 0
ADJUSTING = "inventoryAdjustQuantities"


def memory_stage() -> WriteBackStage:
    """The fake that the engine's tests use."""
    source = MemoryWriteBack(name=SourceName("stock"), as_of=FakeClock().now())

    def put(quantities: Mapping[str, int]) -> None:
        source.rows = [Row(sku, str(units)) for sku, units in quantities.items()]

    def move(sku: str, units: int) -> None:
        source.rows = [Row(sku, str(units)) if row.sku == sku else row for row in source.rows]

    def refuse(error: SourceUnavailable | None) -> None:
        source.refuse = error

    return WriteBackStage(
        source=source,
        location=DEFAULT_LOCATION,
        put=put,
        lose_answer=lambda: source.troubles.append(Trouble.LOST_AFTER),
        kill=lambda: source.troubles.append(Trouble.LOST_BEFORE),
        away=lambda: refuse(SourceUnavailable("gone")),
        back=lambda: refuse(None),
        other_writer=move,
    )


@contextmanager
def shopify_stage(folder: Path) -> Iterator[WriteBackStage]:
    """One location."""
    with open_world(folder, shop_of(locations=[{"name": MAIN}])) as world:

        def put(quantities: Mapping[str, int]) -> None:
            for each in list(world.shop.variants):
                world.shop.remove_variant(each)
            rows = [variant(sku, units) for sku, units in quantities.items()]
            add_product(world.shop, product(*rows), "product", int(world.clock.now().timestamp()))

        def move(sku: str, units: int) -> None:
            world.control("stock", sku=sku, location=MAIN, available=units)

        yield WriteBackStage(
            source=world.source(basis="available", orders="write_back"),
            location=LocationName(MAIN),
            put=put,
            lose_answer=lambda: world.fault("no_answer_after", ADJUSTING),
            kill=lambda: world.fault("no_answer", ADJUSTING),
            away=lambda: world.fault("http_503", times=FOR_EVER),
            back=world.simulator.world.faults.clear,
            other_writer=move,
        )


QUERY = "SELECT sku, place AS location, qty AS quantity FROM stock"
STATEMENT = (
    "INSERT INTO syncd_bookings (booking_key, units, reference) VALUES (:key, :delta, :reference); "
    "UPDATE stock SET qty = qty + :delta WHERE sku = :sku AND place = :location"
)


def sqlite_stage(site: Site, path: Path) -> WriteBackStage:
    """The file is moved away."""
    elsewhere = path.with_suffix(".elsewhere")
    return _database_stage(
        site, site.url, lambda: path.rename(elsewhere), lambda: elsewhere.rename(path)
    )


@contextmanager
def postgres_stage(site: Site) -> Iterator[WriteBackStage]:
    """In clear, so that the gate sees what is asked; the end of a text tells COMMIT from COMMITTED."""
    url = make_url(site.writer_url).update_query_dict({"sslmode": "disable"})
    with gated(url) as (gate, shown):
        yield _gated_stage(site, gate, shown, b"COMMIT\0")


@contextmanager
def mariadb_stage(site: Site) -> Iterator[WriteBackStage]:
    """The beginning of a question tells COMMIT from AUTOCOMMIT."""
    with gated(make_url(site.writer_url)) as (gate, shown):
        yield _gated_stage(site, gate, shown, b"\x03COMMIT")


def _gated_stage(site: Site, gate: Gate, url: str, commit: bytes) -> WriteBackStage:
    stage = _database_stage(site, url, gate.shut, gate.open)
    stage.lose_answer = lambda: gate.cut(commit, 0)
    stage.kill = lambda: gate.cut(b"UPDATE stock", 0)
    return stage


def _database_stage(
    site: Site, url: str, away: Callable[[], object], back: Callable[[], object]
) -> WriteBackStage:
    """A table of stock; that of keys, and the rights, are what the doctor says."""
    site.run(f"CREATE TABLE stock (sku varchar(40), place varchar(20), qty {site.words.number})")
    source = writable_of(site, QUERY, STATEMENT, url=url)
    bad = source.write_back_checks()[-1]
    _, _, proposed = bad.help.rpartition(": ")
    for statement in filter(None, proposed.split(";")):
        site.run(statement)

    def put(quantities: Mapping[str, int]) -> None:
        site.run("DELETE FROM stock")
        for sku, units in quantities.items():
            text = sku.replace("'", "''")
            text = text.replace("\\", "\\\\") if site.kind == "mariadb" else text
            site.run(f"INSERT INTO stock VALUES ('{text}', 'Main', {units})")

    def move(sku: str, units: int) -> None:
        site.run(f"UPDATE stock SET qty = {units} WHERE sku = '{sku}'")

    def run(act: Callable[[], object]) -> Callable[[], None]:
        return lambda: (act(), None)[1]

    return WriteBackStage(
        source=source,
        location=LocationName("Main"),
        put=put,
        away=run(away),
        back=run(back),
        other_writer=move,
    )

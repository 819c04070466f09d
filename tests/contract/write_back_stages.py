"""Stages of sources that are written to: a list in memory and the simulated Shopify shop, behind real HTTP."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from connectors.shopify.sandbox.seed import add_product
from syncd.domain.errors import SourceUnavailable
from syncd.domain.identity import DEFAULT_LOCATION, LocationName, SourceName
from tests.contract.write_back_contract import WriteBackStage
from tests.fakes.clock import FakeClock
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

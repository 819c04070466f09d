"""Stages whose place is the simulated Shopify shop, behind real HTTP."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from connectors.shopify.sandbox.seed import add_product
from tests.contract.source_contract import SourceStage
from tests.unit.shopify_source.world import MAIN, Raw, open_world, product, shop_of, variant

PER_PRODUCT = 100
FOR_EVER = 0


@contextmanager
def shopify_stage(folder: Path, *, bulk_from: int, cut: str, cut_at: str) -> Iterator[SourceStage]:
    """One location; `cut` is a fault of the platform and `cut_at` what it strikes."""
    with open_world(folder, shop_of(locations=[{"name": MAIN}])) as world:
        shop = world.shop

        def add(row: Raw) -> None:
            add_product(shop, row, "product", int(world.clock.now().timestamp()))

        def put(quantities: Mapping[str, int]) -> None:
            for each in list(shop.variants):
                shop.remove_variant(each)
            rows = [variant(sku, units) for sku, units in quantities.items()]
            for start in range(0, len(rows), PER_PRODUCT):
                add(product(*rows[start : start + PER_PRODUCT]))

        def touch(sku: str, units: int) -> None:
            world.control("stock", sku=sku, location=MAIN, available=units)

        def know(token: str) -> None:
            shop.identity = replace(shop.identity, token=token)

        token = shop.identity.token
        yield SourceStage(
            source=world.source(bulk_from=bulk_from),
            put=put,
            spoil=lambda: add(product(variant(None))),
            away=lambda: world.fault("http_503", times=FOR_EVER),
            back=world.simulator.world.faults.clear,
            cut=lambda: world.fault(cut, cut_at, times=FOR_EVER),
            touch=touch,
            lock=lambda: know("shpat_another"),
            unlock=lambda: know(token),
        )

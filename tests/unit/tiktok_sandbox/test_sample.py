from collections import Counter

from connectors.tiktok_shop.sandbox.options import SandboxOptions
from connectors.tiktok_shop.sandbox.sample import (
    BAD_ROWS,
    DELETED_SKU,
    DRAFT_SKU,
    FBT_SKU,
    HEADER,
    KITS,
    LOCATIONS,
    LOCKED_SKUS,
    NEAR_MISS,
    ORPHANS,
    PACKS,
    sample_stock_rows,
)
from connectors.tiktok_shop.sandbox.simulator import Simulator
from connectors.tiktok_shop.sandbox.state import Shop


def sample() -> Shop:
    return Simulator(SandboxOptions()).shop


def good_rows() -> list[tuple[str, ...]]:
    rows = sample_stock_rows()
    assert HEADER == rows[0]
    assert BAD_ROWS == tuple(rows[-len(BAD_ROWS) :])
    return rows[1 : -len(BAD_ROWS)]


def test_the_sample_shop_is_of_a_size_worth_looking_at() -> None:
    shop = sample()
    assert len(shop.skus) >= 320
    assert 130 <= len(shop.products) <= 150
    assert {"Main", "East"} == {warehouse.name for warehouse in shop.sales_warehouses()}
    assert len(shop.orders) >= 5


def test_the_sample_is_the_same_every_time() -> None:
    first, second = sample(), sample()
    assert list(first.skus) == list(second.skus)
    assert sample_stock_rows() == sample_stock_rows()


def test_the_interesting_listings_are_there() -> None:
    shop = sample()
    for sku in (*KITS, *PACKS, *LOCKED_SKUS, *ORPHANS, FBT_SKU, DELETED_SKU, DRAFT_SKU):
        assert 1 == len(shop.by_seller_sku[sku]), sku
    for kit in KITS.values():
        assert set(kit) <= set(shop.by_seller_sku)
    near, proper = NEAR_MISS
    assert near in shop.by_seller_sku
    assert proper not in shop.by_seller_sku
    locked = {each.title for each in shop.products.values() if each.price_locked}
    assert 2 == len(locked)


def test_the_stock_file_knows_base_skus_only_and_each_location_once() -> None:
    known = {row[0] for row in good_rows()}
    assert NEAR_MISS[1] in known
    for sku in (*KITS, *PACKS, *ORPHANS, FBT_SKU, NEAR_MISS[0]):
        assert sku not in known
    assert {1} == set(Counter((row[0], row[3]) for row in good_rows()).values())


def test_four_of_five_listings_already_show_what_the_file_offers() -> None:
    simulator = Simulator(SandboxOptions())
    shop = simulator.shop
    equal = total = 0
    for sku, quantity, allocated, location, *_ in good_rows():
        if sku == NEAR_MISS[1]:
            continue
        level = shop.by_seller_sku[sku][0].state.live.stock[LOCATIONS[location]]
        total += 1
        equal += int(quantity) - int(allocated) == level.available + level.committed
    assert 0.75 < equal / total < 0.85

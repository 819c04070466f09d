"""Promotions as a TikTok Shop tells them, over real HTTP."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.tiktok_shop.channel import TikTokShopChannel
from tests.fakes.tiktok import Control, connected

HOUR = 3600
Shop = tuple[TikTokShopChannel, Control]
SEED: dict[str, object] = {
    "products": [
        {"id": str(100 + n), "title": f"p{n}", "skus": [{"seller_sku": f"S{n}", "price": "9.00"}]}
        for n in range(120)
    ],
    "orders": [],
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with connected(tmp_path, SEED) as opened:
        yield opened


def promote(shop: Shop, product: int, begin: float, end: float, kind: str = "FIXED_PRICE") -> None:
    """A promotion from and to so many hours from now."""
    now = int(time.time())
    shop[1].post(
        f"products/{product}",
        promotion={
            "title": f"sale {product}", "type": kind, "begin_time": now + int(begin * HOUR),
            "end_time": now + int(end * HOUR),
        },
    )  # fmt: skip


def found(shop: Shop) -> dict[str, list[str]]:
    return {row.title: sorted(row.products) for row in shop[0].promotions()}


def test_promotions_that_run_or_begin_within_a_day_are_told_with_their_products(
    shop: Shop,
) -> None:
    promote(shop, 100, -1, 1)
    promote(shop, 101, 2, 3)
    promote(shop, 102, 30, 40)
    promote(shop, 103, -3, -1)

    assert {"sale 100": ["100"], "sale 101": ["101"]} == found(shop)


def test_a_promotion_that_locks_no_price_is_left_out(shop: Shop) -> None:
    promote(shop, 100, -1, 1, "SHIPPING_DISCOUNT")
    promote(shop, 101, -1, 1, "FLASHSALE")

    assert {"sale 101": ["101"]} == found(shop)


def test_every_page_of_promotions_is_read(shop: Shop) -> None:
    for product in range(100, 205):
        promote(shop, product, -1, 1)

    assert 105 == len(found(shop))


def test_a_shop_without_promotions_is_asked_twice(shop: Shop) -> None:
    before = shop[0].requests().sent

    assert {} == found(shop)
    assert 2 == shop[0].requests().sent - before

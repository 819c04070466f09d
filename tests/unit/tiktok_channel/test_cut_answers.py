"""Answers that were cut or bent on their way: what a shop does not tell is not what is not there."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from syncd.domain.errors import ChannelUnavailable
from syncd.domain.identity import Sku
from syncd.domain.listing import ListingStatus
from syncd.domain.outcome import NOT_TOLD, Verdict
from syncd.domain.report import ChannelState, ExitCode, Report
from tests.fakes.bent_shop import ORDERS, PRODUCTS, STOCK, Bend, BentShop, Data, bent_shop
from tests.fakes.shopfloor import SHOP


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BentShop]:
    with bent_shop(tmp_path) as opened:
        opened.cycle(S0=40, S1=40, S2=40)
        opened.floor.clock.advance(60)
        yield opened


def becomes(**fields: object) -> Bend:
    def bend(data: Data) -> None:
        data.update(fields)

    return bend


def emptied(data: Data) -> None:
    data.clear()


def state(report: Report) -> tuple[ExitCode, ChannelState]:
    return report.exit_code(), report.channels[0].state


UNAVAILABLE = (ExitCode.UNAVAILABLE, ChannelState.UNAVAILABLE)
DONE = (ExitCode.DONE, ChannelState.OK)


def left_out(data: Data) -> None:
    del data["orders"]


def null(data: Data) -> None:
    data["orders"] = None


@pytest.mark.parametrize(
    "bend",
    [becomes(orders=[]), emptied, left_out, null],
    ids=["none", "nothing", "missing", "null"],
)
def test_orders_that_an_answer_lost_put_nothing_back_on_sale(world: BentShop, bend: Bend) -> None:
    assert world.shop.buy("S1", 4) is not None
    world.bends[ORDERS] = bend

    report = world.cycle(S0=39, S1=40, S2=40)

    assert UNAVAILABLE == state(report)
    assert 36 == world.shop.available("S1")
    assert "order search" in report.channels[0].message
    world.bends.clear()
    assert DONE == state(world.cycle(S0=39, S1=40, S2=40))
    assert (39, 36) == (world.shop.available("S0"), world.shop.available("S1"))


def test_a_last_page_of_orders_that_was_cut_is_no_whole_poll(world: BentShop) -> None:
    world.shop.put("S2", 200)
    for _ in range(101):
        assert world.shop.buy("S2", 1) is not None

    def cut(data: Data) -> None:
        if not data["next_page_token"]:
            data["orders"] = []

    world.bends[ORDERS] = cut
    with (
        world.channel.orders(None) as feed,
        pytest.raises(ChannelUnavailable, match="found 101 and told 100"),
    ):
        list(feed.pages())


def test_without_any_order_the_list_may_be_missing_from_the_answer(world: BentShop) -> None:
    world.bends[ORDERS] = left_out

    assert DONE == state(world.cycle(S0=39, S1=40, S2=40))


def test_an_answer_that_does_not_count_is_believed(world: BentShop) -> None:
    assert world.shop.buy("S1", 4) is not None

    def uncounted(data: Data) -> None:
        del data["total_count"]

    world.bends[ORDERS] = world.bends[PRODUCTS] = uncounted

    assert DONE == state(world.cycle(S0=39, S1=40, S2=40))


def test_more_than_was_counted_came_while_the_pages_were_read(world: BentShop) -> None:
    assert world.shop.buy("S1", 4) is not None
    world.bends[ORDERS] = world.bends[PRODUCTS] = becomes(total_count=0)

    assert DONE == state(world.cycle(S0=39, S1=40, S2=40))
    assert 36 == world.shop.available("S1")


def alive(world: BentShop) -> list[str]:
    return [
        row.listing.seller_sku
        for row in world.floor.ledger.listings(SHOP)
        if row.listing.status is not ListingStatus.GONE
    ]


def fewer(data: Data) -> None:
    data["products"] = data["products"][:1]


def fewer_and_counted(data: Data) -> None:
    data.update(products=data["products"][:1], total_count=1)


@pytest.mark.parametrize(
    "bend",
    [becomes(products=[], total_count=0), fewer, fewer_and_counted, emptied],
    ids=["none", "fewer", "fewer and counted", "nothing"],
)
def test_a_list_that_was_cut_takes_no_listing_away(world: BentShop, bend: Bend) -> None:
    world.bends[PRODUCTS] = bend

    report = world.cycle(S0=30, S1=30, S2=30)

    assert UNAVAILABLE == state(report)
    assert ["S0", "S1", "S2"] == alive(world)
    world.bends.clear()
    assert DONE == state(world.cycle(S0=30, S1=30, S2=30))
    assert 30 == world.shop.available("S2")


def test_a_list_shorter_than_its_count_is_not_whole(world: BentShop) -> None:
    world.bends[PRODUCTS] = fewer

    with pytest.raises(ChannelUnavailable, match="product search found 3 and told 1"):
        list(world.channel.listings())


def test_what_was_left_out_and_is_there_is_named(world: BentShop) -> None:
    (gone,) = world.floor.ledger.bound(SHOP, [Sku("S2")])[Sku("S2")]
    world.bends[PRODUCTS] = lambda data: data.update(products=data["products"][:2], total_count=2)

    message = world.cycle(S0=40, S1=40, S2=40).channels[0].message

    assert "lacks 1 of 1" in message
    assert gone.listing.ref.product_id in message
    assert gone.listing.ref.listing_id in message


def deleted(world: BentShop, sku: str) -> None:
    (row,) = world.floor.ledger.bound(SHOP, [Sku(sku)])[Sku(sku)]
    world.control(f"products/{row.listing.ref.product_id}", status="DELETED")


def test_what_was_deleted_is_gone_and_told(world: BentShop) -> None:
    deleted(world, "S2")

    report = world.cycle(S0=39, S1=40, S2=40)

    assert DONE == state(report)
    assert ["S0", "S1"] == alive(world)
    assert report.channels[0].message.startswith("1 listing vanished from the shop")


def test_the_stock_of_a_deleted_product_that_is_still_told_keeps_nothing_alive(
    world: BentShop,
) -> None:
    stock: list[Data] = []
    world.bends[STOCK] = lambda data: stock.extend(data["inventory"])
    world.cycle(S0=40, S1=40, S2=40)
    deleted(world, "S2")
    world.bends[STOCK] = becomes(inventory=stock)

    world.cycle(S0=40, S1=40, S2=40)

    assert ["S0", "S1"] == alive(world)


def without_first(data: Data) -> None:
    data["inventory"] = data["inventory"][1:]


def each_sku(**fields: object) -> Bend:
    def bend(data: Data) -> None:
        for product in data["inventory"]:
            for sku in product["skus"]:
                sku.update(fields)

    return bend


def each_warehouse(**fields: object) -> Bend:
    def bend(data: Data) -> None:
        for product in data["inventory"]:
            for sku in product["skus"]:
                for row in sku["warehouse_inventory"]:
                    row.update(fields)

    return bend


def after_the_first(bend: Bend) -> Bend:
    answers = count()

    def later(data: Data) -> None:
        if next(answers):
            bend(data)

    return later


@pytest.mark.parametrize(
    "bend",
    [
        without_first,
        emptied,
        each_sku(warehouse_inventory=[]),
        each_warehouse(available_quantity=None),
    ],
    ids=["left out", "nothing", "no warehouse", "no quantity"],
)
def test_a_listing_the_shop_does_not_answer_for_is_told_first(world: BentShop, bend: Bend) -> None:
    world.bends[STOCK] = after_the_first(bend)  # which is part of reading all listings

    report = world.cycle(S0=30, S1=40, S2=40)

    (row,) = report.channels[0].changes
    assert (Verdict.REJECTED, NOT_TOLD, None) == (row.verdict, row.code, row.sent)
    assert ExitCode.PARTIAL == report.exit_code()
    assert report.attention[0].what.startswith(
        "shop: 1 change not sent, the shop does not tell what it shows (S0: "
    )
    world.bends.clear()
    assert DONE == state(world.cycle(S0=30, S1=40, S2=40))
    assert 30 == world.shop.available("S0")


@pytest.mark.parametrize("quantity", [10**30, 10**9 + 1, -1])
def test_a_quantity_no_shop_has_is_no_usable_answer(world: BentShop, quantity: int) -> None:
    world.bends[STOCK] = each_warehouse(available_quantity=quantity)

    report = world.cycle(S0=30, S1=40, S2=40)

    assert UNAVAILABLE == state(report)
    assert "unexpected fields" in report.channels[0].message
    assert 40 == world.shop.available("S0")


@pytest.mark.parametrize("path", [ORDERS, PRODUCTS])
def test_a_count_or_a_time_no_shop_has_is_no_usable_answer(world: BentShop, path: str) -> None:
    assert world.shop.buy("S1", 4) is not None

    def later(data: Data) -> None:
        for row in data.get("orders") or data["products"]:
            row["update_time"] = 10**30

    for bend in (later, becomes(total_count=10**30)):
        world.bends[path] = bend

        assert UNAVAILABLE == state(world.cycle(S0=30, S1=40, S2=40))

"""Whom a run wakes: channels that have something to publish for a reason found outside their own planning."""

from dataclasses import replace

from syncd.domain.identity import ChannelName
from syncd.engine.ordering import poll_meanwhile, poll_orders
from syncd.engine.setup import EngineSetup
from tests.fakes.memory_channel import MemoryChannel
from tests.fakes.shopfloor import SHOP, Shopfloor

OTHER = ChannelName("other")


def two_shops(floor: Shopfloor) -> tuple[EngineSetup, list[ChannelName]]:
    """An engine of two channels that draw on one source, and whom it woke."""
    engine, woken = floor.engine(), list[ChannelName]()
    first = engine.channels[SHOP]
    rules = replace(first.rules, channel=OTHER)
    second = replace(
        first, name=OTHER, channel=MemoryChannel(OTHER, floor.clock), rules=rules
    )  # fmt: skip
    wide = replace(
        engine, channels={SHOP: first, OTHER: second}, rules={SHOP: first.rules, OTHER: rules},
        wake=woken.append,
    )  # fmt: skip
    return wide, woken


def opened(floor: Shopfloor) -> tuple[EngineSetup, list[ChannelName]]:
    """Two shops that know the stock of one SKU."""
    floor.source.set(A=10)
    floor.shop.list_sku("A", W1=10)
    engine, woken = two_shops(floor)
    return engine, woken


def test_an_order_of_one_shop_wakes_the_others(floor: Shopfloor) -> None:
    engine, woken = opened(floor)
    floor.shop.order("A", 1)

    poll_orders(engine, engine.channels[SHOP])
    poll_orders(engine, engine.channels[SHOP])

    assert [OTHER] == woken


def test_an_order_that_came_after_planning_wakes_its_own_shop_too(floor: Shopfloor) -> None:
    engine, woken = opened(floor)
    floor.shop.order("A", 1)

    poll_meanwhile(engine, engine.channels[SHOP])
    poll_meanwhile(engine, engine.channels[SHOP])

    assert [OTHER, SHOP] == woken

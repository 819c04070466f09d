"""Whom a run wakes: channels that have something to publish for a reason found outside their own planning."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from syncd.domain.errors import SourceUnavailable
from syncd.domain.identity import ChannelName
from syncd.domain.stock import Trust
from syncd.engine.cycle import Task, run_cycle
from syncd.engine.ordering import poll_meanwhile, poll_orders
from syncd.engine.setup import EngineSetup, Trigger
from tests.fakes.memory_channel import MemoryChannel
from tests.fakes.shopfloor import SHOP, STOCK, Shopfloor

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


def read(engine: EngineSetup, channels: Sequence[ChannelName] = ()) -> None:
    task = Task(trigger=Trigger.SERVICE, word="read stock", sources=[STOCK], channels=channels)
    run_cycle(engine, task, lambda report: report.status().value)


def opened(floor: Shopfloor) -> tuple[EngineSetup, list[ChannelName]]:
    """Two shops that know the stock of one SKU."""
    floor.source.set(A=10)
    floor.shop.list_sku("A", W1=10)
    engine, woken = two_shops(floor)
    read(engine)
    woken.clear()
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


def test_a_source_that_became_stale_wakes_every_shop_that_does_not_publish_in_this_run(
    floor: Shopfloor,
) -> None:
    floor.trust = Trust(stale_after=timedelta(hours=1), dead_after=timedelta(days=1))
    engine, woken = opened(floor)
    floor.clock.advance(2 * 3600)
    floor.source.fail = SourceUnavailable("no file")

    read(engine, [SHOP])
    read(engine, [SHOP])

    assert [OTHER] == woken


def test_a_row_whose_absence_is_believed_wakes_every_shop(floor: Shopfloor) -> None:
    engine, woken = opened(floor)
    floor.source.set(B=1)
    read(engine)
    floor.clock.advance(25 * 3600)

    read(engine)
    read(engine)

    assert [SHOP, OTHER] == woken

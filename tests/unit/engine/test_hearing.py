"""What webhooks tell of stock: our own writes come back unheard, others' are looked at and named."""

from datetime import timedelta

import pytest

from syncd.domain.drifting import Mover
from syncd.domain.identity import Sku
from syncd.domain.report import Status
from syncd.engine.hearing import hear
from syncd.ports.deliveries import About, Hint, Moved, WaitingDelivery
from tests.fakes.memory_channel import EAST, MAIN
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import SHOP, Shopfloor

ORDER = Hint(about=About.ORDER, reference="1")


def told(
    floor: Shopfloor,
    mover: Mover,
    units: int | None,
    ago: float = 0,
    number: int = 1,
    sku: str = "A",
) -> WaitingDelivery:
    """A delivery that tells who set A to how many units, so many seconds ago."""
    at = floor.clock.now() - timedelta(seconds=ago)
    moved = Moved(product=f"P-{sku}", mover=mover, at=at, units=units)
    hint = Hint(about=About.STOCK, reference=f"L-{sku}", cause="?", moved=moved)
    return WaitingDelivery(number=number, topic="71", received_at=floor.clock.now(), hints=(hint,))


def heard(floor: Shopfloor, *waiting: WaitingDelivery) -> list[int]:
    engine = floor.engine()
    return list(hear(engine, engine.channels[SHOP], waiting))


@pytest.fixture
def shop(floor: Shopfloor) -> Shopfloor:
    """A is written, and verified some seconds ago."""
    floor.shop.list_sku("A", W1=99)
    floor.source.set(A=5)
    floor.cycle()
    return floor


def dirty(floor: Shopfloor) -> list[Sku]:
    return list(floor.ledger.dirty(SHOP, 10).skus)


def test_our_own_write_asks_for_no_look(shop: Shopfloor) -> None:
    assert [1, 2] == heard(shop, told(shop, Mover.APP, 5), told(shop, Mover.APP, None, number=2))
    assert [] == dirty(shop)


@pytest.mark.parametrize(
    ("mover", "units", "ago"),
    [(Mover.APP, 7, 0), (Mover.APP, 5, 3600), (Mover.PERSON, 5, 0), (Mover.PLATFORM, 9, 0)],
)
def test_anybody_else_s_write_is_looked_at(
    shop: Shopfloor, mover: Mover, units: int, ago: float
) -> None:
    assert [] == heard(shop, told(shop, mover, units, ago))
    assert [Sku("A")] == dirty(shop)


def test_a_delivery_that_tells_more_than_our_write_is_looked_at(shop: Shopfloor) -> None:
    own = told(shop, Mover.APP, 5)
    mixed = WaitingDelivery(
        number=2, topic="?", received_at=own.received_at, hints=(*own.hints, ORDER)
    )
    other = WaitingDelivery(number=3, topic="?", received_at=own.received_at, hints=(ORDER,))

    assert [1] == heard(shop, own, mixed, other)
    assert [] == heard(shop, other)
    assert [] == heard(shop)


def test_a_listing_that_is_not_known_is_left_to_the_next_comparison(shop: Shopfloor) -> None:
    assert [] == heard(shop, told(shop, Mover.PERSON, 3, sku="NEW"))
    assert [] == dirty(shop)


def test_of_several_warehouses_the_time_alone_tells_ours(floor: Shopfloor) -> None:
    floor.warehouses = {"main": MAIN, "east": EAST}
    floor.shop.list_sku("A", W1=1, W2=4)
    floor.source.rows = [Row("A", "3", "main"), Row("A", "4", "east")]
    floor.cycle()

    assert [1] == heard(floor, told(floor, Mover.APP, 7))
    floor.clock.advance(600)
    assert [] == heard(floor, told(floor, Mover.APP, 7))


def test_another_app_that_keeps_writing_is_stopped_by_its_own_telling(shop: Shopfloor) -> None:
    for number in (1, 2, 3):
        shop.clock.advance(60)
        shop.shop.set_stock("A", MAIN, 7)
        heard(shop, told(shop, Mover.APP, 7, number=number))
        shop.clock.advance(1)
        shop.source.as_of = shop.clock.now()
        shop.cycle()

    (park,) = shop.ledger.parks(SHOP, shop.clock.now())
    assert park.message.startswith("another app sets it back to 7 about every ")


def test_hearing_the_same_again_changes_nothing(shop: Shopfloor) -> None:
    shop.clock.advance(600)
    shop.shop.set_stock("A", MAIN, 7)
    news = told(shop, Mover.PERSON, 7)
    heard(shop, news)
    shop.clock.advance(1)
    shop.cycle()
    heard(shop, news)
    shop.clock.advance(1)
    shop.cycle()

    assert 1 == len(shop.ledger.drift(SHOP, shop.clock.now() - timedelta(days=1)))
    assert [] == dirty(shop)


def test_a_listing_that_is_not_known_is_nothing_to_look_at(shop: Shopfloor) -> None:
    """Of a product that was never listed, or of another shop of the same app."""
    told_of_it = [told(shop, mover, 7, number=n, sku="Z") for n, mover in enumerate(Mover, 1)]
    heard(shop, *told_of_it)
    report = shop.cycle()

    assert [] == dirty(shop)
    assert (5, Status.CLEAN) == (shop.shop.shown("A"), report.status())


def test_a_time_to_come_outranks_nothing_that_is_told_later(shop: Shopfloor) -> None:
    ref = next(iter(shop.shop.shop))
    heard(shop, told(shop, Mover.PERSON, 7, ago=-86_400 * 365 * 100))
    shop.clock.advance(60)
    heard(shop, told(shop, Mover.PLATFORM, 9, number=2))

    newest = shop.ledger.moves(SHOP, [ref])[ref]
    assert (Mover.PLATFORM, 9) == (newest.mover, newest.units)

from dataclasses import dataclass, field

import pytest

from syncd.simulation.books import Books, EscrowBooks
from syncd.simulation.demand import DAY, Article, Buyer, Demand, Side
from syncd.simulation.laws import Broken, Law, Rest, too_much, wrong_at_rest
from syncd.simulation.timeline import Timeline
from syncd.simulation.trace import Trace
from syncd.simulation.world import World, opening_stock
from tests.unit.simulation.shelf import Shelf

SOCK = Article(sku="SOCK", rate=1.0, share=0.5)


@dataclass
class Scene:
    """A world with one SKU."""

    stock: int
    buyers: list[Buyer]
    time: Timeline = field(default_factory=Timeline)

    def __post_init__(self) -> None:
        self.trace = Trace(self.time, kept=True)
        self.shop = Shelf({"SOCK": self.stock})
        demand = Demand(articles=[SOCK], buyers=self.buyers, end=DAY)
        self.books = Books()
        self.world = World(
            demand, self.shop, {"SOCK": self.stock}, self.time, self.trace, self.books
        )


def buyers(*wishes: tuple[float, Side]) -> list[Buyer]:
    return [Buyer(at, number, "SOCK", side) for number, (at, side) in enumerate(wishes)]


def test_the_last_unit_sold_on_both_sides_is_one_unit_oversold() -> None:
    scene = Scene(1, buyers((1.0, Side.OWN), (2.0, Side.TIKTOK)))
    scene.time.sleep(10.0)
    assert {Side.OWN: 1, Side.TIKTOK: 1} == scene.world.tally.accepted
    assert {Side.OWN: 0, Side.TIKTOK: 1} == scene.world.tally.oversold
    assert -1 == scene.world.left["SOCK"]


def test_a_buyer_of_several_units_gets_all_of_them_or_none() -> None:
    wanted = [Buyer(1.0, 1, "SOCK", Side.OWN, 4), Buyer(2.0, 2, "SOCK", Side.TIKTOK, 3)]
    scene = Scene(5, [*wanted, Buyer(3.0, 3, "SOCK", Side.OWN, 2)])
    scene.time.sleep(10.0)
    assert {Side.OWN: 4, Side.TIKTOK: 3} == scene.world.tally.accepted
    assert {Side.OWN: 0, Side.TIKTOK: 2} == scene.world.tally.oversold
    assert 2 == scene.world.tally.sold_out


def test_a_sale_refused_while_a_unit_is_left_is_told_from_one_that_is_sold_out() -> None:
    scene = Scene(2, buyers((2.0, Side.TIKTOK), (4.0, Side.OWN), (5.0, Side.OWN), (6.0, Side.OWN)))
    scene.time.at(1.0, lambda: scene.shop.put("SOCK", 0))
    scene.time.sleep(10.0)
    assert 1 == scene.world.tally.refused
    assert 1 == scene.world.tally.sold_out


def test_a_lot_comes_in_two_days_after_the_shelf_is_empty() -> None:
    scene = Scene(1, buyers((1.0, Side.OWN)))
    scene.time.sleep(2 * DAY)
    assert 0 == scene.world.merchant.counters["SOCK"]
    scene.time.sleep(2.0)
    assert SOCK.lot == scene.world.merchant.counters["SOCK"] == scene.world.left["SOCK"]


def test_the_first_delivery_is_never_unusually_large_for_what_lay_there_before() -> None:
    articles = [
        Article(sku=f"S{number}-{basket}", rate=number / 2, share=0.5, basket=basket)
        for number in range(1, 200) for basket in (1, 20)
    ]  # fmt: skip
    for seed in range(5):
        stock = opening_stock(seed, articles)
        largest = {article.sku: max(50, 10 * stock[article.sku]) for article in articles}
        assert [] == [article for article in articles if article.lot > largest[article.sku]]


def test_a_write_back_counts_once_by_its_key() -> None:
    scene = Scene(5, buyers((1.0, Side.TIKTOK)))
    scene.time.sleep(2.0)
    assert 4 == scene.world.adjust("key", "SOCK", -1)
    assert 4 == scene.world.adjust("key", "SOCK", -1)
    assert 4 == scene.world.merchant.counters["SOCK"]
    assert 0 == scene.books.unbooked()


def test_booking_what_nobody_ordered_breaks_a_law() -> None:
    scene = Scene(5, buyers((1.0, Side.TIKTOK)))
    scene.time.sleep(2.0)
    scene.world.adjust("one", "SOCK", -1)
    with pytest.raises(Broken) as broken:
        scene.world.adjust("another", "SOCK", -1)
    assert Law.BOOKED_ONCE is broken.value.law


def test_orders_leave_at_four_in_the_afternoon_when_they_were_packed() -> None:
    scene = Scene(5, buyers((3_600.0, Side.TIKTOK), (15 * 3_600.0, Side.TIKTOK)))
    scene.time.sleep(DAY)
    assert ["order-1"] == scene.shop.shipped


def test_the_same_happenings_have_the_same_digest() -> None:
    digests = []
    for first in (Side.OWN, Side.OWN, Side.TIKTOK):
        scene = Scene(3, buyers((1.0, first), (2.0, Side.TIKTOK)))
        scene.time.sleep(5.0)
        digests.append(scene.trace.digest())
    assert digests[0] == digests[1] != digests[2]


def test_in_escrow_units_are_taken_off_before_they_are_sold() -> None:
    books = EscrowBooks()
    books.taken_off("SOCK", 2, 1.0)
    books.ordered("SOCK", 1, 2.0)
    assert 1 == books.sellable_there("SOCK", 9)
    books.taken_off("SOCK", -1, 3.0)
    with pytest.raises(Broken) as broken:
        books.ordered("SOCK", 1, 4.0)
    assert Law.OWNED is broken.value.law


def rest(left: int, shown: int, withheld: int = 0) -> Rest:
    return Rest(left={"SOCK": left}, shown={"SOCK": shown}, withheld={"SOCK": withheld})


def test_at_rest_the_shop_shows_what_is_left_less_what_is_withheld() -> None:
    assert "" == wrong_at_rest(rest(5, 5))
    assert "" == wrong_at_rest(rest(-2, 0))
    assert "SOCK shows 4 instead of 5" == wrong_at_rest(rest(5, 4))
    assert "" == wrong_at_rest(rest(5, 4, withheld=2))
    assert "SOCK shows 2 instead of 3 to 5" == wrong_at_rest(rest(5, 2, withheld=2))


def test_more_than_is_left_is_always_too_much() -> None:
    assert "" == too_much(rest(5, 3))
    assert "SOCK shows 6, and 5 are left" == too_much(rest(5, 6))
    assert "SOCK shows 1, and 0 are left" == too_much(rest(-1, 1))

from datetime import timedelta

import pytest

from syncd.domain.errors import SourceInvalid, SourceUnavailable
from syncd.domain.stock import Completeness, State
from tests.unit.shopify_source.conftest import Open
from tests.unit.shopify_source.world import (
    EAST,
    MAIN,
    START,
    Taken,
    World,
    product,
    read,
    shop_of,
    variant,
)

OVERLAP, TOLERANCE = timedelta(minutes=5), timedelta(minutes=2)
DAY = 86_400
LAST = {("C", MAIN): 8}
"""The overlap reaches back to the last change before the full reading, so this row comes again."""


class Follower:
    """A source that goes on from its own watermark, as the daemon does."""

    def __init__(self, world: World, **options: object) -> None:
        self.source = world.source(**options)
        self.since = read(self.source).moment
        world.clock.advance(3600)

    def read(self) -> Taken:
        taken = read(self.source, self.since)
        self.since = taken.moment
        return taken


@pytest.fixture
def world(opened: Open) -> World:
    world = opened(
        shop_of(
            product(variant("A", levels={MAIN: 10, EAST: 4})),
            product(variant("B", 3), variant("B2", 5)),
            product(variant("C", 8)),
            product(variant("D", 2), status="DRAFT"),
        )
    )
    world.clock.advance(3600)
    world.control("stock", sku="C", location=MAIN, available=8)
    world.clock.advance(3600)
    return world


def test_a_sale_is_read_as_one_row(world: World) -> None:
    follower = Follower(world)
    world.control("sell", sku="A", location=MAIN, units=3)

    taken = follower.read()

    assert {**LAST, ("A", MAIN): 7} == taken.known
    assert Completeness.PARTIAL is taken.completeness
    assert taken.fingerprint is None


def test_rows_of_changes_are_written_as_a_full_reading_writes_them(world: World) -> None:
    follower = Follower(world, basis="on_hand")
    world.control("sell", sku="A", location=MAIN, units=3)
    world.control("price", sku="B", price="11.00")

    changes, whole = follower.read(), world.read(basis="on_hand")

    assert set(changes.values) <= set(whole.values)
    assert {"A", "B", "C"} == {each[0] for each in changes.values}


def test_nothing_changed_gives_no_rows_and_keeps_the_watermark(world: World) -> None:
    follower = Follower(world)
    before = follower.since

    taken = follower.read()
    world.clock.advance(DAY)
    again = follower.read()

    assert LAST == taken.known
    assert before == taken.moment == again.moment


def test_the_watermark_is_the_latest_change_seen_but_never_later_than_the_start(
    world: World,
) -> None:
    follower = Follower(world)
    world.control("sell", sku="A", location=MAIN, units=1)
    sold = world.clock.now()
    world.clock.advance(60)

    seen = follower.read().moment
    world.shop.variants[0].item.levels[0].updated_at += DAY
    ahead = follower.read().moment

    assert sold == seen
    assert world.clock.now() - timedelta(seconds=1) == ahead


def test_changes_speak_up_to_their_start_less_tolerance_and_overlap(world: World) -> None:
    follower = Follower(world)

    taken = follower.read()

    assert world.clock.now() - TOLERANCE - OVERLAP == taken.as_of


def test_what_the_search_finds_late_is_read_within_the_overlap(world: World) -> None:
    follower = Follower(world)
    world.control("sell", sku="C", location=MAIN, units=1)
    first = world.clock.now()
    world.clock.advance(240)
    world.control("sell", sku="A", location=MAIN, units=1)
    follower.read()

    again = follower.read()

    assert first < follower.since
    assert {("A", MAIN): 9, ("C", MAIN): 7} == again.known


@pytest.mark.parametrize(
    ("edit", "body"),
    [
        ("price", {"sku": "A", "price": "12.00"}),
        ("variant", {"sku": "A", "policy": "CONTINUE"}),
        ("variant", {"sku": "A", "cost": "3.00"}),
        ("variant", {"sku": "A", "tracked": False}),
        ("variant", {"sku": "A", "new_sku": "A-NEW"}),
    ],
    ids=["price", "policy", "cost", "tracked", "sku"],
)
def test_a_change_of_the_record_concerns_its_rows_at_every_location(
    world: World, edit: str, body: dict[str, object]
) -> None:
    follower = Follower(world)
    world.control(edit, **body)

    taken = follower.read()

    found = [each for each in taken.values if each[0].startswith("A")]
    whole = [each for each in world.read().values if each[0].startswith("A")]
    assert 2 == len(found)
    assert sorted(whole) == sorted(found)


def test_a_new_variant_comes_with_all_its_rows(world: World) -> None:
    follower = Follower(world)
    number = world.shop.products[0].number
    world.control(
        "variant/add", product=str(number), sku="NEW", price="1.00", levels={MAIN: 1, EAST: 2}
    )

    known = follower.read().known

    assert {("NEW", MAIN): 1, ("NEW", EAST): 2}.items() <= known.items()


def test_a_level_that_was_switched_off_is_no_longer_known(world: World) -> None:
    follower = Follower(world)
    world.control("level", sku="A", location=EAST, active=False)

    reading = follower.read().reading("A", EAST)

    assert (State.UNKNOWN, None) == (reading.state, reading.quantity)
    assert "deactivated at this location" == reading.note
    assert ("A", EAST) not in world.read().known


def test_numbers_written_to_a_level_that_is_off_are_no_news(world: World) -> None:
    world.control("level", sku="C", location=EAST, active=False)
    world.clock.advance(3600)
    follower = Follower(world)
    world.control("stock", sku="C", location=EAST, available=50)

    taken = follower.read()

    assert [] == [each for each in taken.readings if each.location == EAST]


def test_a_level_that_is_off_long_since_says_nothing_when_the_price_changes(world: World) -> None:
    world.control("level", sku="C", location=EAST, active=False)
    world.clock.advance(3600)
    world.control("stock", sku="B", location=MAIN, available=1)
    follower = Follower(world)
    world.control("price", sku="C", price="2.00")

    taken = follower.read()

    assert [] == [each for each in taken.readings if each.location == EAST]


def test_a_product_that_ceased_to_count_keeps_its_numbers_unknown(world: World) -> None:
    follower = Follower(world)
    number = str(world.shop.products[1].number)
    world.control("product", product=number, status="ARCHIVED")

    taken = follower.read()
    again = follower.read()

    states = {each.sku: (each.state, each.note) for each in taken.readings if each.sku[0] == "B"}
    held = (State.UNKNOWN, "its product is archived")
    assert {"B": held, "B2": held} == states
    assert [] == [each for each in again.readings if each.sku[0] == "B"]


def test_a_product_that_began_to_count_is_read_whole(world: World) -> None:
    follower = Follower(world)
    world.control("product", product=str(world.shop.products[3].number), status="ACTIVE")

    assert 2 == follower.read().quantity("D")
    world.control("product", product=str(world.shop.products[3].number), status="DRAFT")
    assert State.UNKNOWN is follower.read().reading("D").state


def test_without_a_memory_a_change_of_what_does_not_count_is_read_with_everything_else(
    world: World,
) -> None:
    since = Follower(world).since
    world.control("product", product=str(world.shop.products[1].number), status="ARCHIVED")

    taken = world.read(since)

    assert Completeness.FULL is taken.completeness
    assert {"A", "C"} == {each.sku for each in taken.readings}
    assert any("whether it counted before is not known" in note for note in taken.notes)


def test_without_a_memory_a_product_that_changed_on_its_own_is_read_whole(world: World) -> None:
    since = Follower(world).since
    world.control("product", product=str(world.shop.products[1].number), title="Renamed")

    taken = world.read(since)

    assert Completeness.PARTIAL is taken.completeness
    assert {("B", MAIN): 3, ("B2", MAIN): 5}.items() <= taken.known.items()


def _fail_to_record(follower: Follower) -> None:
    with follower.source.snapshot(follower.since) as reader:
        list(reader.batches())
        raise ZeroDivisionError


def test_a_reading_that_was_not_recorded_leaves_no_memory(world: World) -> None:
    follower = Follower(world)
    world.control("product", product=str(world.shop.products[1].number), status="ARCHIVED")
    with pytest.raises(ZeroDivisionError):
        _fail_to_record(follower)

    assert {"B", "B2"} <= {each.sku for each in follower.read().readings}


def test_a_sku_that_became_ambiguous_is_rejected_although_its_twin_did_not_change(
    world: World,
) -> None:
    follower = Follower(world)
    world.control("variant", sku="C", new_sku="A")

    taken = follower.read()

    assert {("A", None)} == {(each.sku, each.location) for each in taken.rejects}
    assert 2 == len(taken.rejects)


def test_a_twin_that_does_not_count_makes_no_sku_ambiguous(world: World) -> None:
    follower = Follower(world)
    world.control("variant", sku="D", new_sku="A")
    world.control("sell", sku="A", location=EAST, units=1)

    taken = follower.read()

    assert (3, []) == (taken.quantity("A", EAST), taken.rejects)


def test_a_blank_sku_is_rejected_once(world: World) -> None:
    follower = Follower(world)
    world.control("variant", sku="A", new_sku=None)
    world.control("sell", variant=str(world.shop.variants[0].number), location=MAIN, units=1)

    assert [None] == [each.sku for each in follower.read().rejects]


def test_a_source_of_prices_reads_changed_prices_only(world: World) -> None:
    follower = Follower(world, stock="none")
    world.control("price", sku="A", price="12.00")
    world.control("sell", sku="C", location=MAIN, units=1)

    taken = follower.read()

    assert [("A", "12.00", "USD", "")] == taken.values
    assert [] == world.requests("LocationLevels")


def test_too_many_changes_are_read_with_everything_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = Follower(world)
    world.control("sell", sku="A", location=MAIN, units=1)
    world.control("sell", sku="B", location=MAIN, units=1)
    monkeypatch.setattr("connectors.shopify.changes.LARGEST", 1)

    taken = follower.read()

    assert Completeness.FULL is taken.completeness
    assert "everything was read, not only changes: more than 1 rows changed" in taken.notes
    assert START.year == taken.moment.year


def test_another_location_or_option_is_another_scope(world: World) -> None:
    source = world.source()
    before = source.delta_scope
    assert before == read(source).watermark.scope  # type: ignore[union-attr]
    world.shop.add_location("North", 0)

    assert before != source.delta_scope
    assert before == world.source(locations=[MAIN, EAST]).delta_scope
    assert before != world.source(basis="on_hand").delta_scope


def test_a_shop_that_does_not_answer_has_no_scope_and_then_its_own_error(world: World) -> None:
    source = world.source()
    world.fault("http_503", times=50)

    assert source.delta_scope is None
    with pytest.raises(SourceUnavailable, match="Shopify answers 503"):
        read(source, START)
    assert sum(world.clock.slept) < 5, "others wait for their turn meanwhile"


def test_a_shop_that_is_back_is_read_again(world: World) -> None:
    source = world.source()
    world.fault("http_503", times=3)
    assert source.delta_scope is None
    with pytest.raises(SourceUnavailable):
        read(source, START)

    assert Completeness.FULL is read(source).completeness


def test_a_misread_search_is_an_error_and_not_a_result(world: World) -> None:
    since = Follower(world).since
    world.fault("search_warning", "LocationLevels")

    with pytest.raises(SourceInvalid, match="misread a search: Invalid search field"):
        world.read(since)


def test_moments_are_searched_for_in_quotes(world: World) -> None:
    since = Follower(world).since

    assert Completeness.PARTIAL is world.read(since).completeness


def test_one_location_that_fails_fails_the_reading(world: World) -> None:
    since = Follower(world).since
    world.fault("access_denied", "LocationLevels", times=2, after=1)

    with pytest.raises(SourceInvalid.__base__, match="ACCESS_DENIED"):  # type: ignore[arg-type]
        world.read(since)

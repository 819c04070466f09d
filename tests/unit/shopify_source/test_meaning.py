from decimal import Decimal

import pytest

from syncd.domain.errors import SourceInvalid
from syncd.domain.identity import DEFAULT_LOCATION
from syncd.domain.stock import Completeness, State
from tests.unit.shopify_source.conftest import Open
from tests.unit.shopify_source.world import EAST, MAIN, Raw, World, product, shop_of, variant

PAGES: dict[str, object] = {"bulk_from": "999999"}
BULK: dict[str, object] = {"bulk_from": "0"}
BOTH_WAYS = pytest.mark.parametrize("way", [PAGES, BULK], ids=["pages", "bulk"])


@pytest.mark.parametrize(
    "options",
    [{}, {"basis": "on_hand"}, {"stock": "none"}, {"price": {"market": "DE"}}],
    ids=["available", "on_hand", "prices", "market"],
)
def test_pages_and_a_bulk_operation_say_the_same(sample: World, options: dict[str, object]) -> None:
    pages, bulk = sample.read(**options, **PAGES), sample.read(**options, **BULK)

    assert sorted(pages.values) == sorted(bulk.values)
    assert sorted(pages.positions) == sorted(bulk.positions)
    assert pages.fingerprint == bulk.fingerprint
    assert pages.notes == bulk.notes
    assert pages.watermark == bulk.watermark
    assert {each.at for each in pages.rejects} == {each.at for each in bulk.rejects}
    assert pages.completeness is bulk.completeness is Completeness.FULL


@BOTH_WAYS
def test_the_sample_shop_reads_as_it_is(sample: World, way: dict[str, object]) -> None:
    taken = sample.read(**way)

    assert (5, 0) == (
        taken.quantity("TEE-RED-XS", "Shopify Main"),
        taken.quantity("TEE-RED-XS", "Shopify Store"),
    )
    assert -3 == taken.quantity("MUG-019", "Shopify Main")
    assert "source reports −3" == taken.reading("MUG-019", "Shopify Main").note
    assert State.UNTRACKED is taken.reading("WRAP", "Shopify Main").state
    absent = {"KIT-1", "GIFT-1", "MUG-NEXT", "LAMP-FAR", "MUG-OLD"}
    assert set() == absent & {each.sku for each in taken.readings}


def test_available_is_what_can_be_sold_and_has_no_committed(opened: Open) -> None:
    world = opened(shop_of(product(variant("A", levels={MAIN: {"available": 7, "committed": 2}}))))

    reading = world.read().reading("A")

    assert (7, None) == (reading.quantity, reading.committed)


def test_on_hand_comes_with_what_is_committed(opened: Open) -> None:
    levels = {MAIN: {"available": 7, "committed": 2, "reserved": 1}}
    world = opened(shop_of(product(variant("A", levels=levels))))

    reading = world.read(basis="on_hand").reading("A")
    alone = world.read(basis="on_hand", committed="none").reading("A")

    assert (10, 2) == (reading.quantity, reading.committed)
    assert (10, None) == (alone.quantity, alone.committed)


def test_a_variant_that_sells_on_keeps_its_number_unless_the_option_says_untracked(
    opened: Open,
) -> None:
    world = opened(shop_of(product(variant("A", -2, policy="CONTINUE"), variant("B", 3))))

    as_is, untracked = world.read(), world.read(continue_selling="untracked")

    assert -2 == as_is.quantity("A")
    assert State.UNTRACKED is untracked.reading("A").state
    assert 3 == untracked.quantity("B")


@BOTH_WAYS
@pytest.mark.parametrize("sku", [None, "", "   "])
def test_a_variant_without_a_sku_is_rejected_once_where_it_can_be_mended(
    opened: Open, way: dict[str, object], sku: str | None
) -> None:
    levels = {MAIN: 1, EAST: 2}
    world = opened(shop_of(product(variant(sku, levels=levels)), product(variant("A"))))
    owner, (lonely,) = world.shop.products[0].number, world.shop.products[0].variants

    taken = world.read(**way)

    (reject,) = taken.rejects
    store = "https://admin.shopify.com/store/sandbox-shop"
    assert f"{store}/products/{owner}/variants/{lonely.number}" == reject.at
    assert "the SKU is blank" in reject.reason
    assert {"A"} == {each.sku for each in taken.readings}


@BOTH_WAYS
def test_a_sku_of_two_variants_is_rejected_for_both_even_at_different_locations(
    opened: Open, way: dict[str, object]
) -> None:
    world = opened(
        shop_of(
            product(variant("A", levels={MAIN: 1})),
            product(variant("A", levels={EAST: 2})),
            product(variant("B")),
        )
    )
    numbers = [each.number for each in world.shop.variants[:2]]

    rejects = world.read(**way).rejects

    assert ["A", "A"] == [each.sku for each in rejects]
    assert [None, None] == [each.location for each in rejects]
    assert {f"the variants {numbers[0]} and {numbers[1]} share this SKU; each needs its own in Shopify"} == {
        each.reason for each in rejects
    }  # fmt: skip


def test_case_tells_skus_apart(opened: Open) -> None:
    world = opened(shop_of(product(variant("a-1", 1)), product(variant("A-1", 2))))

    taken = world.read()

    assert (1, 2) == (taken.quantity("a-1"), taken.quantity("A-1"))
    assert [] == taken.rejects


@BOTH_WAYS
def test_a_copy_in_draft_does_not_make_a_sku_ambiguous(
    opened: Open, way: dict[str, object]
) -> None:
    world = opened(shop_of(product(variant("A", 4)), product(variant("A", 9), status="DRAFT")))

    taken = world.read(**way)

    assert (4, []) == (taken.quantity("A"), taken.rejects)


@BOTH_WAYS
def test_the_stock_of_a_bundle_never_counts_beside_its_components(
    opened: Open, way: dict[str, object]
) -> None:
    kit = variant("KIT", 0, components={"A": 2})
    world = opened(shop_of(product(variant("A", 6)), product(kit)))

    taken = world.read(**way)

    assert {("A", MAIN): 6} == taken.known
    assert any(note.startswith("1 bundle left out") for note in taken.notes)


@BOTH_WAYS
def test_the_price_of_a_bundle_is_its_own(opened: Open, way: dict[str, object]) -> None:
    kit = variant("KIT", 0, components={"A": 2}, price="15.00")
    world = opened(shop_of(product(variant("A", 6)), product(kit)))

    reading = world.read(stock="none", **way).reading("KIT", DEFAULT_LOCATION)

    assert (Decimal("15.00"), "USD") == (reading.price, reading.currency)
    assert State.UNKNOWN is reading.state


def test_prices_alone_need_no_levels_and_no_locations(sample: World) -> None:
    sample.settings(scopes="read_products")

    taken = sample.read(stock="none")

    assert {DEFAULT_LOCATION} == {each.location for each in taken.readings}
    assert [] == [*sample.requests("Locations"), *sample.requests("Variants")]


def test_gift_cards_and_other_statuses_are_left_out_and_counted(opened: Open) -> None:
    world = opened(
        shop_of(
            product(variant("A")),
            product(variant("U"), status="UNLISTED"),
            product(variant("D1"), variant("D2"), status="DRAFT"),
            product(variant("X"), status="ARCHIVED"),
            product(variant("G"), gift_card=True),
        )
    )

    taken = world.read()
    drafts = world.read(statuses=["draft"])

    assert {"A", "U"} == {each.sku for each in taken.readings}
    assert {"D1", "D2"} == {each.sku for each in drafts.readings}
    assert "2 variants of draft products left out (see `statuses`)" in taken.notes
    assert "1 variant of archived products left out (see `statuses`)" in taken.notes
    assert "1 gift card left out" in taken.notes


PLACES: list[Raw] = [
    {"name": MAIN},
    {"name": EAST, "active": False},
    {"name": "3PL", "fulfillment_service": True},
]
EVERYWHERE = {MAIN: 1, EAST: 2, "3PL": 3}


def test_inactive_and_foreign_locations_are_left_out_and_named(opened: Open) -> None:
    world = opened(shop_of(product(variant("A", levels=EVERYWHERE)), locations=PLACES))

    taken = world.read()

    assert {("A", MAIN): 1} == taken.known
    (note,) = taken.notes
    assert "locations left out: 3PL (a fulfilment service's), East (inactive)" == note


def test_locations_are_chosen_by_name_or_id_whatever_their_kind(opened: Open) -> None:
    world = opened(shop_of(product(variant("A", levels=EVERYWHERE)), locations=PLACES))
    east = world.shop.locations[1].number

    taken = world.read(locations=["3PL", str(east)])

    assert {("A", "3PL"): 3, ("A", EAST): 2} == taken.known
    assert ("locations left out: Main (not named)",) == taken.notes


def test_an_unknown_location_is_refused_with_those_there_are(opened: Open) -> None:
    world = opened(shop_of(product(variant("A"))))
    main, east = (each.number for each in world.shop.locations)

    with pytest.raises(SourceInvalid) as caught:
        world.read(locations=["Mian"])

    expected = f"locations: 'Mian' is no location of this shop; it has East ({east}), Main ({main})"
    assert expected == str(caught.value)


def test_two_locations_of_one_name_are_told_apart_by_id(opened: Open) -> None:
    world = opened(shop_of(product(variant("A", levels={MAIN: 1, EAST: 2}))))
    first, second = world.shop.locations
    second.name = MAIN

    taken = world.read()

    named = {("A", f"Main ({first.number})"): 1, ("A", f"Main ({second.number})"): 2}
    assert named == taken.known
    assert ("several locations are called Main; their ids are added",) == taken.notes
    with pytest.raises(SourceInvalid, match="is the name of several locations; write an id"):
        world.read(locations=[MAIN])


@BOTH_WAYS
def test_a_deactivated_level_says_nothing_in_a_full_reading(
    opened: Open, way: dict[str, object]
) -> None:
    levels = {MAIN: 1, EAST: {"available": 2, "active": False}}
    world = opened(shop_of(product(variant("A", levels=levels))))

    assert {("A", MAIN): 1} == world.read(**way).known


def test_more_levels_than_a_page_holds_are_followed(opened: Open) -> None:
    names = [f"Shop {number:02d}" for number in range(1, 31)]
    levels = {name: number for number, name in enumerate(names)}
    world = opened(
        shop_of(product(variant("A", levels=levels)), locations=[{"name": name} for name in names])
    )

    taken = world.read()

    assert {("A", name): number for name, number in levels.items()} == taken.known
    assert 1 == len(world.requests("Levels"))


def test_the_compare_at_price_counts_where_there_is_one(opened: Open) -> None:
    world = opened(
        shop_of(
            product(variant("A", compare_at_price="12.00")),
            product(variant("B")),
            product(variant("C", compare_at_price="0.00")),
        )
    )

    taken = world.read(price="compare_at")

    prices = {each.sku: each.price for each in taken.readings}
    assert {"A": Decimal("12.00"), "B": Decimal("10.00"), "C": Decimal("10.00")} == prices


@BOTH_WAYS
def test_a_market_has_its_own_price_and_currency_and_then_no_cost(
    opened: Open, way: dict[str, object]
) -> None:
    german = {"DE": {"price": "9.50", "currency": "EUR"}}
    world = opened(
        shop_of(
            product(variant("A", cost="4.00", country_prices=german)),
            product(variant("B", cost="4.00")),
        )
    )

    taken = world.read(price={"market": "DE"}, **way)

    found = {each.sku: (each.price, each.currency, each.cost) for each in taken.readings}
    assert {
        "A": (Decimal("9.50"), "EUR", None),
        "B": (Decimal("10.00"), "USD", Decimal("4.00")),
    } == found


def test_a_row_stands_where_its_variant_is_edited(opened: Open) -> None:
    world = opened(shop_of(product(variant("A"))))
    number = world.shop.variants[0].number

    with world.source().snapshot(None) as reader:
        (batch,) = reader.batches()
        at = reader.locate(batch.positions[0])

    assert f"https://admin.shopify.com/store/sandbox-shop/variants/{number}" == at


def test_a_reading_speaks_up_to_its_start_by_the_shops_clock_less_the_tolerance(
    opened: Open,
) -> None:
    world = opened(shop_of(product(variant("A"))))
    world.settings(clock_offset=-600)

    taken = world.read(clock_tolerance="30s")

    difference = (world.clock.now() - taken.as_of).total_seconds()
    assert 630 == difference

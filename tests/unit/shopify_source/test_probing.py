from datetime import timedelta

import pytest

from syncd.domain.errors import SourceUnauthorized
from syncd.ports.probe import Check, Verdict
from tests.unit.shopify_source.conftest import Open
from tests.unit.shopify_source.world import World, product, shop_of, variant

EVERY = timedelta(minutes=15)


def probe(world: World, **options: object) -> tuple[Check, ...]:
    return world.source(**options).probe(EVERY)


def about(checks: tuple[Check, ...], words: str) -> Check:
    (found,) = [check for check in checks if words in check.text]
    return found


def test_exactly_the_needed_scopes_are_fine(sample: World) -> None:
    sample.settings(scopes="read_products,read_inventory")

    checks = probe(sample)

    assert Verdict.OK is about(checks, "the app's scopes suffice").verdict


def test_missing_scopes_are_named_with_what_helps(sample: World) -> None:
    sample.settings(scopes="read_products,read_inventory")

    check = about(probe(sample, price={"market": "DE"}), "lacks the scopes")

    assert Verdict.BAD is check.verdict
    assert "the app lacks the scopes read_markets" == check.text
    assert "install it again" in check.help


def test_scopes_that_are_not_needed_are_a_warning(sample: World) -> None:
    check = about(probe(sample), "may write")

    assert Verdict.WARN is check.verdict
    assert "write_inventory" in check.text


@pytest.mark.parametrize(("offset", "verdict"), [(-30, Verdict.OK), (-300, Verdict.WARN)])
def test_a_clock_that_is_off_by_more_than_the_tolerance_is_a_warning(
    sample: World, offset: int, verdict: Verdict
) -> None:
    sample.settings(clock_offset=offset)

    check = about(probe(sample), "clock")

    assert verdict is check.verdict
    assert f"this machine's clock and Shopify's differ by {-offset} s" == check.text


def test_every_location_is_told_with_its_kind_and_whether_it_is_read(sample: World) -> None:
    texts = [check.text for check in probe(sample) if check.text.startswith("location ")]

    numbers = {each.name: each.number for each in sample.shop.locations}
    expected = [
        f"location {name} ({numbers[name]}){what}"
        for name, what in (
            ("Far Away Fulfillment", ": a fulfilment service's, is left out"),
            ("Old Warehouse", ": inactive, is left out"),
            ("Shopify Main", ", is read as Shopify Main"),
            ("Shopify Store", ": not for online orders, is read as Shopify Store"),
        )
    ]
    assert expected == texts


def test_points_of_pages_are_weighed_against_the_schedule(opened: Open) -> None:
    world = opened(shop_of(*(product(variant(f"A-{n}")) for n in range(300))))

    fine = about(probe(world), "by pages would take")
    world.settings(restore_rate=0.01)
    dear = about(probe(world), "by pages would take")
    bulk = about(probe(world, bulk_from="100"), "by pages would take")

    assert Verdict.OK is fine.verdict
    assert "which every 15m can afford" in fine.text
    assert Verdict.WARN is dear.verdict
    assert "bulk_from: 300" in dear.help
    assert Verdict.OK is bulk.verdict
    assert "read by a bulk operation" in bulk.text


def test_orders_that_somebody_imports_are_told(sample: World) -> None:
    none = about(probe(sample), "come from TikTok")
    priced = about(probe(sample, basis=None, stock="none"), "come from TikTok")
    sample.control("orders", source_name="tiktok", app="TikTok")
    some = about(probe(sample), "come from TikTok")

    assert "0 of the latest 2 orders come from TikTok: nothing seems to import them" == none.text
    assert (Verdict.WARN, Verdict.OK) == (none.verdict, priced.verdict)
    assert "offered again" in none.help
    assert some.text.startswith("1 of the latest 3 orders come from TikTok: they are imported")


def test_orders_are_not_asked_for_without_the_scope(sample: World) -> None:
    sample.settings(scopes="read_products,read_inventory")

    probe(sample)

    assert [] == sample.requests("Orders")


def test_a_token_of_another_shop_is_a_warning(sample: World) -> None:
    check = about(probe(sample, shop="acme"), "the token belongs to")

    assert Verdict.WARN is check.verdict


def test_a_shop_that_cannot_be_used_raises_what_a_reading_would(sample: World) -> None:
    sample.control("uninstall")

    with pytest.raises(SourceUnauthorized):
        probe(sample)

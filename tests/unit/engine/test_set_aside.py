"""What is left alone for a while, and how it comes back by itself: promotions, and what is not ours."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from syncd.domain.errors import ChannelUnauthorized
from syncd.domain.identity import ProductId, Sku
from syncd.domain.listing import SetAside
from syncd.domain.outcome import Rejected, Retry, Verdict
from syncd.domain.promotion import Promotion
from syncd.domain.report import ChannelReport
from syncd.domain.rules import PriceRule
from syncd.engine.drafting import channel_bounds
from syncd.engine.explaining import explain
from syncd.engine.looking import listings, status
from syncd.engine.setup import Trigger
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import SHOP, STOCK, Shopfloor

PRICE = PriceRule(source=STOCK, floor=Decimal(1), max_move=Decimal(10))


def priced(floor: Shopfloor, units: int, price: str) -> ChannelReport:
    """A source row for A, and what a cycle makes of it."""
    floor.source.rows = [Row("A", str(units), price=price, currency="USD")]
    floor.source.as_of = floor.clock.now()
    return floor.cycle(trigger=Trigger.SCHEDULE).channels[0]


def campaign(floor: Shopfloor, begin: float, end: float) -> Promotion:
    """A promotion of A, in hours from now."""
    now = floor.clock.now()
    return Promotion(
        title="Black Friday", begins=now + timedelta(hours=begin), ends=now + timedelta(hours=end),
        products=frozenset({ProductId("P-A")}),
    )  # fmt: skip


def opened(floor: Shopfloor) -> None:
    floor.price = PRICE
    floor.shop.list_sku("A", price="9.00", W1=5)


def told(report: ChannelReport) -> list[tuple[str, str]]:
    return [(row.kind, row.reason) for row in report.skipped]


def test_a_price_waits_for_the_end_of_its_promotion_while_stock_flows(floor: Shopfloor) -> None:
    opened(floor)
    floor.shop.campaigns = [campaign(floor, -1, 2.5)]

    report = priced(floor, 3, "9.50")

    assert [("A", "quantity", 3)] == floor.shop.journal[-1:] == floor.shop.journal
    assert [
        ("promotion", "waits for the end of the promotion “Black Friday” at 2026-11-23 14:30 UTC")
    ] == told(report)
    assert 0 == report.parked


def test_the_price_goes_out_by_itself_when_the_promotion_is_over(floor: Shopfloor) -> None:
    opened(floor)
    floor.shop.campaigns = [campaign(floor, -1, 0.5)]
    priced(floor, 5, "9.50")
    floor.clock.advance(29 * 60)
    waiting = priced(floor, 5, "9.50")
    dirty = floor.ledger.dirty_count(SHOP)
    floor.clock.advance(60)
    priced(floor, 5, "9.50")

    assert ([], 0) == (list(waiting.changes), dirty)
    assert [("A", "price", 950)] == floor.shop.journal


def test_a_promotion_that_is_ended_early_is_noticed_at_the_next_comparison(
    floor: Shopfloor,
) -> None:
    opened(floor)
    floor.shop.campaigns = [campaign(floor, -1, 100)]
    priced(floor, 5, "9.50")
    floor.shop.campaigns = []
    floor.clock.advance(3600)
    priced(floor, 5, "9.50")

    assert [("A", "price", 950)] == floor.shop.journal


def test_a_promotion_that_is_still_to_begin_locks_nothing_yet(floor: Shopfloor) -> None:
    opened(floor)
    floor.shop.campaigns = [campaign(floor, 0.5, 3)]
    priced(floor, 5, "9.50")
    floor.clock.advance(31 * 60)
    report = priced(floor, 5, "9.80")

    assert [("A", "price", 950)] == floor.shop.journal
    assert ["promotion"] == [kind for kind, _ in told(report)]


def test_a_price_that_is_right_already_waits_for_nothing(floor: Shopfloor) -> None:
    opened(floor)
    floor.shop.campaigns = [campaign(floor, -1, 2)]

    assert [] == told(priced(floor, 5, "9.00"))


def test_promotions_that_cannot_be_read_stop_nothing(floor: Shopfloor) -> None:
    opened(floor)
    floor.shop.campaigns = [campaign(floor, -1, 5)]
    priced(floor, 5, "9.50")
    floor.shop.promotions_refused = ChannelUnauthorized("the authorization lacks a scope")
    floor.clock.advance(3600)
    report = priced(floor, 4, "9.50")

    assert [("A", "quantity", 4)] == floor.shop.journal
    assert ["promotion"] == [kind for kind, _ in told(report)]


def test_a_shop_whose_prices_are_left_alone_is_not_asked_for_promotions(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", price="9.00", W1=5)
    floor.shop.promotions_refused = ChannelUnauthorized("must not be asked")
    floor.shop.campaigns = [campaign(floor, -1, 5)]
    priced(floor, 5, "9.50")

    assert () == floor.ledger.parks(SHOP, floor.clock.now())


def test_what_is_not_ours_to_write_is_skipped_with_the_reason_and_is_no_parked_listing(
    floor: Shopfloor,
) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.shop.list_sku("B", W1=5)
    floor.source.set(A=3, B=3)
    floor.shop.refuse = {
        "A": Rejected(
            change=None, code="12052144", message="run by the platform", retry=Retry.NEVER,  # type: ignore[arg-type]  # the fake puts the change in
            skip=True,
        )
    }  # fmt: skip

    first = {row.change.sku: row.verdict for row in floor.apply().changes}
    floor.clock.advance(300)
    floor.source.set(A=2, B=3)
    report = floor.apply()

    assert {"A": Verdict.SKIPPED, "B": Verdict.VERIFIED} == first
    assert [("skipped", "12052144 run by the platform")] == told(report)
    assert (0, []) == (report.parked, list(report.changes))
    view = {row.seller_sku: row for row in listings(floor.engine()).rows}
    assert ("skipped", "12052144 run by the platform, until 2026-11-30 12:00 UTC") == (
        view["A"].kind, view["A"].note,
    )  # fmt: skip
    assert 0 == status(floor.engine(), "x").channels[0].parked


def test_what_became_ours_is_written_after_a_week(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=3)
    refusal = Rejected(
        change=None, code="12052144", message="run by the platform", retry=Retry.NEVER, skip=True,  # type: ignore[arg-type]  # as above
    )  # fmt: skip
    floor.shop.refuse = {"A": replace(refusal)}
    floor.apply()
    floor.shop.refuse = {}
    floor.clock.advance(7 * 86_400)
    floor.apply()

    assert [("A", "quantity", 3)] == floor.shop.journal


def test_a_promotion_takes_the_place_of_the_refusal_that_it_explains(floor: Shopfloor) -> None:
    opened(floor)
    floor.shop.refuse = {
        "A": Rejected(change=None, code="12052038", message="locked", retry=Retry.LATER)  # type: ignore[arg-type]  # as above
    }
    priced(floor, 5, "9.50")
    parked = [row.kind for row in floor.ledger.parks(SHOP, floor.clock.now())]
    floor.shop.campaigns = [campaign(floor, -1, 5)]
    floor.clock.advance(3600)
    priced(floor, 5, "9.60")

    assert [SetAside.PARKED] == parked
    assert [SetAside.PROMOTION] == [row.kind for row in floor.ledger.parks(SHOP, floor.clock.now())]


def test_a_price_that_waits_is_not_told_as_stock_that_is_left_as_it_is(floor: Shopfloor) -> None:
    opened(floor)
    floor.shop.campaigns = [campaign(floor, -1, 2)]
    priced(floor, 3, "9.50")

    engine = floor.engine()
    bounds = {"shop": channel_bounds(engine, engine.channels[SHOP])}
    said = explain(engine, Sku("A"), bounds).conclusion

    assert "shop: shows 3, as it should; price: waits for the end of the promotion" in said

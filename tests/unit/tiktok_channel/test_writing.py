"""How refusals of a TikTok Shop become outcomes: split, repeated, left at one, parked."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from connectors.tiktok_shop.channel import TikTokShopChannel
from syncd.domain.change import Cause, Change, Field
from syncd.domain.identity import ListingRef, Sku, WarehouseId
from syncd.domain.listing import Listing, ListingStatus
from syncd.domain.outcome import Accepted, Outcome, Rejected, Retry, Unknown
from syncd.domain.rules import Zero
from syncd.ports.channel import Exchange
from tests.fakes.tiktok import Control, connected

MAIN = "7068517275539719942"
EAST = "7068517275539719943"
SEED: dict[str, object] = {
    "products": [
        {
            "title": "three",
            "skus": [
                {"seller_sku": name, "price": "10.00", "stock": {MAIN: 5}}
                for name in ("A", "B", "C")
            ],
        },
        {"title": "two places", "skus": [{"seller_sku": "D", "stock": {MAIN: 4, EAST: 6}}]},
        {"title": "locked", "price_locked": True, "skus": [{"seller_sku": "E", "price": "9.00"}]},
        {"title": "fbt", "fbt": True, "skus": [{"seller_sku": "F", "stock": {MAIN: 5}}]},
        {"title": "campaign", "skus": [{"seller_sku": "G", "stock": {MAIN: 9}, "locked": 4}]},
    ],
    "orders": [],
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[TikTokShopChannel, Control]]:
    with connected(tmp_path, SEED) as opened:
        yield opened


def known(channel: TikTokShopChannel) -> dict[str, Listing]:
    return {row.seller_sku: row for batch in channel.listings() for row in batch}


def change(listing: Listing, after: int, field: Field = Field.QUANTITY) -> Change:
    quantity = field is Field.QUANTITY
    return Change(
        sku=Sku(listing.seller_sku), seller_sku=listing.seller_sku, ref=listing.ref, field=field,
        before=listing.available if quantity else 1000, after=after, cause=Cause.SOURCE,
        reason="test", warehouse_id=WarehouseId(MAIN) if quantity else None,
        currency=None if quantity else "USD",
    )  # fmt: skip


def submit(
    channel: TikTokShopChannel, changes: Sequence[Change], zero: Zero = Zero.SEND
) -> dict[str, Outcome]:
    refs: list[ListingRef] = [row.ref for row in changes]
    live = channel.look(refs)
    return {
        outcome.change.sku: outcome
        for batch in channel.batches(changes)
        for outcome in channel.submit(Exchange(changes=batch, live=live), zero)
    }


def test_skus_of_one_product_go_into_one_request(
    shop: tuple[TikTokShopChannel, Control],
) -> None:
    channel, _ = shop
    rows = known(channel)
    before = channel.requests().sent

    submit(channel, [change(rows[name], 8) for name in "ABC"])

    assert 2 == channel.requests().sent - before  # one look, one write


def test_one_refused_sku_leaves_the_others_done(shop: tuple[TikTokShopChannel, Control]) -> None:
    channel, control = shop
    rows = known(channel)
    control.post(
        "faults", kind="sku_error", match="inventory/update", times=1,
        sku_id=rows["B"].ref.listing_id, code=12052557,
    )  # fmt: skip

    outcomes = submit(channel, [change(rows[name], 8) for name in "ABC"])

    assert isinstance(outcomes["B"], Rejected)
    assert (Retry.NEVER, "12052557") == (outcomes["B"].retry, outcomes["B"].code)
    assert isinstance(outcomes["A"], Accepted)
    assert {MAIN: 8} == control.available("C")


def test_a_call_refused_whole_is_split_until_the_guilty_stands_alone(
    shop: tuple[TikTokShopChannel, Control],
) -> None:
    channel, control = shop
    rows = known(channel)
    control.post("faults", kind="code", match="inventory/update", times=2, code=12052516)

    control.post("faults", kind="code", match="never", times=1, code=1)
    bodies = submit(channel, [change(rows[name], 8) for name in "ABC"])

    assert {"A", "B", "C"} == set(bodies)


def test_a_locked_price_waits_and_stock_keeps_flowing(
    shop: tuple[TikTokShopChannel, Control],
) -> None:
    channel, _ = shop
    rows = known(channel)

    price = submit(channel, [change(rows["E"], 950, Field.PRICE)])["E"]
    stock = submit(channel, [change(rows["E"], 3)])["E"]

    assert isinstance(price, Rejected)
    assert (Retry.LATER, "12052038") == (price.retry, price.code)
    assert isinstance(stock, Accepted)


def test_a_platform_run_listing_is_skipped(shop: tuple[TikTokShopChannel, Control]) -> None:
    channel, _ = shop

    outcome = submit(channel, [change(known(channel)["F"], 3)])["F"]

    assert isinstance(outcome, Rejected)
    assert outcome.skip


def test_a_campaign_lock_is_known_before_writing_and_refused_by_the_shop(
    shop: tuple[TikTokShopChannel, Control],
) -> None:
    channel, _ = shop
    listing = known(channel)["G"]

    outcome = submit(channel, [change(listing, 2)])["G"]

    assert 4 == listing.locked_units
    assert isinstance(outcome, Rejected)
    assert Retry.LATER is outcome.retry


def test_a_quantity_above_the_limit_is_refused_for_good(
    shop: tuple[TikTokShopChannel, Control],
) -> None:
    channel, _ = shop

    outcome = submit(channel, [change(known(channel)["A"], 100_000)])["A"]

    assert isinstance(outcome, Rejected)
    assert Retry.NEVER is outcome.retry


def test_where_zero_is_refused_one_is_left_and_the_shop_remembered(
    shop: tuple[TikTokShopChannel, Control],
) -> None:
    channel, control = shop
    control.post("settings", zero="refuse")
    rows = known(channel)

    outcomes = submit(channel, [change(rows["A"], 0), change(rows["B"], 7)])

    assert isinstance(outcomes["A"], Accepted)
    assert (1, "the shop refuses 0: 1 is left on sale") == (outcomes["A"].sent, outcomes["A"].note)
    assert ({MAIN: 1}, {MAIN: 7}) == (control.available("A"), control.available("B"))
    assert channel.refuses_zero() is not None


def test_where_zero_is_refused_nothing_else_is_sent_if_any_number_would_be_too_much(
    shop: tuple[TikTokShopChannel, Control],
) -> None:
    channel, control = shop
    control.post("settings", zero="refuse")

    outcome = submit(channel, [change(known(channel)["A"], 0)], Zero.KEEP)["A"]

    assert isinstance(outcome, Rejected)
    assert {MAIN: 5} == control.available("A")
    assert channel.refuses_zero() is not None


def test_where_zero_is_refused_an_empty_product_may_be_deactivated_and_comes_back(
    shop: tuple[TikTokShopChannel, Control],
) -> None:
    channel, control = shop
    control.post("settings", zero="refuse")
    rows = known(channel)

    outcomes = submit(channel, [change(rows["D"], 0)], Zero.DEACTIVATE)
    assert isinstance(outcomes["D"], Accepted)
    assert "left on sale" in outcomes["D"].note  # East still has six

    all_three = submit(channel, [change(rows[name], 0) for name in "ABC"], Zero.DEACTIVATE)
    assert isinstance(all_three["A"], Accepted)
    assert "deactivated" in all_three["A"].note
    assert ListingStatus.DEACTIVATED is known(channel)["A"].status

    submit(channel, [change(rows[name], 9) for name in "ABC"], Zero.DEACTIVATE)
    assert ListingStatus.DEACTIVATED is not known(channel)["A"].status


def test_a_write_without_an_answer_is_unknown(shop: tuple[TikTokShopChannel, Control]) -> None:
    channel, control = shop
    rows = known(channel)
    control.post(
        "faults", kind="timeout_after_commit", match="inventory/update", times=1, seconds=0.1
    )

    outcome = submit(channel, [change(rows["A"], 3)])["A"]

    assert isinstance(outcome, Unknown)
    assert {MAIN: 3} == control.available("A")


@pytest.mark.parametrize("kind", ["http_500", "garbage", "html", "truncated"])
def test_a_broken_answer_to_a_write_is_unknown(
    shop: tuple[TikTokShopChannel, Control], kind: str
) -> None:
    channel, control = shop
    rows = known(channel)
    control.post("faults", kind=kind, match="inventory/update", times=1)

    assert isinstance(submit(channel, [change(rows["A"], 3)])["A"], Unknown)


def test_a_warehouse_added_since_the_look_is_read_again(
    shop: tuple[TikTokShopChannel, Control],
) -> None:
    channel, control = shop
    listing = known(channel)["D"]
    stale = Listing(
        ref=listing.ref, seller_sku="D", status=ListingStatus.LIVE, price=None,
        stock=tuple(item for item in listing.stock if item.warehouse_id == MAIN),
        observed_at=listing.observed_at,
    )  # fmt: skip
    exchange = Exchange(changes=[change(listing, 2)], live={listing.ref: stale})

    outcomes = channel.submit(exchange, Zero.SEND)

    assert isinstance(outcomes[0], Accepted)
    assert {MAIN: 2, EAST: 6} == control.available("D")


def test_more_products_than_a_search_answers_are_read_in_slices(tmp_path: Path) -> None:
    seed: dict[str, object] = {
        "products": [
            {"title": f"p{number}", "skus": [{"seller_sku": f"S{number}", "stock": 1}],
             "update_time": 1_700_000_000 + number * 1000}
            for number in range(25)
        ],
        "orders": [],
    }  # fmt: skip
    with connected(tmp_path, seed) as (channel, control):
        control.post("settings", search_cap=10)

        found = [row.seller_sku for batch in channel.listings() for row in batch]

    assert sorted(f"S{number}" for number in range(25)) == sorted(found)


def test_throttling_by_status_and_by_code_is_waited_out(tmp_path: Path) -> None:
    with connected(tmp_path, SEED, rate=5.0) as (channel, control):
        rows = known(channel)
        submit(channel, [change(rows["A"], 3)])
        for _ in range(8):
            known(channel)

        assert {MAIN: 3} == control.available("A")
        assert channel.requests().throttled > 0


def test_an_expired_token_is_refreshed_in_mid_run(
    shop: tuple[TikTokShopChannel, Control],
) -> None:
    channel, control = shop
    rows = known(channel)
    control.post("tokens/expire")

    outcome = submit(channel, [change(rows["A"], 3)])["A"]

    assert isinstance(outcome, Accepted)

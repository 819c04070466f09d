"""What Shopify answers to an adjustment, and what must be so before one is sent."""

import json
from datetime import timedelta

import pytest

from connectors.shopify.answers import Refused, judge
from connectors.shopify.calls import Admin, Question, Unanswered
from connectors.shopify.client import API_VERSION
from connectors.shopify.queries import ADJUST
from connectors.shopify.write_wire import ADJUST_DATA
from connectors.transport.http_transport import HttpReply, HttpTransport
from syncd.domain.errors import SourceUnauthorized, SourceUnavailable
from syncd.domain.identity import LocationName, Sku
from syncd.ports.probe import Check, Verdict
from syncd.ports.write_back import Adjustment, Answer, Booked, InDoubt, KeySpent, NotBooked
from tests.unit.shopify_source.conftest import Open
from tests.unit.shopify_source.world import EAST, MAIN, World, product, shop_of, variant

ADJUSTING = "inventoryAdjustQuantities"
WRITES: dict[str, object] = {"basis": "available", "orders": "write_back"}


def wanted(
    sku: str = "MUG", delta: int = -2, key: str = "k" * 64, location: str = MAIN
) -> Adjustment:
    return Adjustment(
        key=key,
        sku=Sku(sku),
        location=LocationName(location),
        delta=delta,
        reference="shop order 5764 line 1/a",
    )


def adjust(world: World, sku: str = "MUG", **options: object) -> Answer:
    return world.source(**WRITES, **options).adjust(wanted(sku))


def units(world: World, sku: str = "MUG", location: str = MAIN) -> int | None:
    return world.read(basis="available").quantity(sku, location)


@pytest.fixture
def world(opened: Open) -> World:
    return opened(shop_of(product(variant("MUG", 20), variant("CUP", 3))))


def refused(answer: Answer) -> NotBooked:
    assert isinstance(answer, NotBooked)
    return answer


def test_what_is_written_names_the_booking_and_nothing_else_moves(world: World) -> None:
    assert isinstance(adjust(world), Booked)

    (request,) = world.requests("Adjust")
    applied = request["applied"]
    assert isinstance(applied, list)
    assert [("MUG", MAIN, 20, 18, "gid://syncd/Booking/shop-order-5764-line-1%2Fa")] == [
        (row["sku"], row["location"], row["before"], row["after"], row["reference"])
        for row in applied
    ]


def test_a_burst_of_orders_asks_once_what_the_shop_is(world: World) -> None:
    source = world.source(**WRITES)
    for number in range(3):
        source.adjust(wanted(key=f"{number:064}"))

    counts = [len(world.requests(name)) for name in ("Shop", "Locations", "Owners", "Adjust")]
    assert [1, 1, 3, 3] == counts
    world.clock.advance(120)
    source.adjust(wanted(key="later"))
    assert 2 == len(world.requests("Shop"))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("idempotency_failed", KeySpent),
        ("idempotency_concurrent", InDoubt),
        ("internal_error", InDoubt),
        ("partial_data", InDoubt),
        ("garbage", InDoubt),
        ("html", InDoubt),
        ("truncated", InDoubt),
        ("http_500", InDoubt),
        ("http_503", InDoubt),
        ("no_answer", InDoubt),
        ("no_answer_after", InDoubt),
    ],
)
def test_an_answer_that_tells_nothing_is_asked_for_once_and_leaves_the_key_as_it_is(
    world: World, kind: str, expected: type
) -> None:
    world.fault(kind, "" if kind.startswith("idempotency") else ADJUSTING)
    source = world.source(**WRITES)

    first = source.adjust(wanted())
    asked = len(world.requests("Adjust"))
    second = source.adjust(wanted())

    assert expected is type(first)
    assert 1 == asked
    assert isinstance(second, Booked)
    assert 18 == units(world)


@pytest.mark.parametrize("kind", ["throttled", "http_429"])
def test_a_throttled_adjustment_waits_and_is_done_once(world: World, kind: str) -> None:
    world.fault(kind, ADJUSTING)

    assert isinstance(adjust(world), Booked)
    assert 2 == len(world.requests("Adjust"))
    assert 18 == units(world)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("http_402", SourceUnauthorized),
        ("http_403", SourceUnauthorized),
        ("http_423", SourceUnauthorized),
        ("http_430", SourceUnavailable),
        ("access_denied", SourceUnauthorized),
        ("max_cost", SourceUnauthorized),
    ],
)
def test_a_refusal_of_the_whole_shop_has_no_effect_and_is_raised(
    world: World, kind: str, expected: type[Exception]
) -> None:
    world.fault(kind, ADJUSTING)

    with pytest.raises(expected):
        adjust(world)

    assert 20 == units(world)


def test_a_request_that_never_left_is_sent_again_and_then_unavailable(world: World) -> None:
    with pytest.raises(SourceUnavailable, match="given up after 3 tries"):
        adjust(world, url="http://127.0.0.1:9")


def test_a_token_that_ran_out_is_renewed_and_the_adjustment_done_once(world: World) -> None:
    identity = world.shop.identity
    source = world.source(
        **WRITES, client_id=identity.client_id, client_secret={"credential": "client_secret"}
    )
    source.adjust(wanted(key="first"))
    world.fault("http_401", ADJUSTING)

    assert isinstance(source.adjust(wanted()), Booked)
    assert 16 == units(world)


def test_a_change_answered_by_another_version_may_have_been_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = world.source(**WRITES).shop
    question = Question(
        document=ADJUST, variables={"input": {"name": "x"}, "key": "k"}, answer=ADJUST_DATA
    )
    monkeypatch.setattr("connectors.shopify.calls.API_VERSION", "2026-04")

    with (
        HttpTransport(world.clock) as transport,
        pytest.raises(Unanswered, match="no longer serves"),
    ):
        Admin(shop.account, transport, world.clock).change(question)


@pytest.mark.parametrize(
    ("data", "acted"), [({"inventoryAdjustQuantities": None}, False), ({"a": {}}, True)]
)
def test_a_permission_that_lacks_for_a_part_of_the_answer_says_nothing_of_the_change(
    data: dict[str, object], *, acted: bool
) -> None:
    error = {"message": "Access denied for item", "extensions": {"code": "ACCESS_DENIED"}}
    body = json.dumps({"data": data, "errors": [error]}).encode()

    verdict = judge(HttpReply(status=200, headers={}, body=body), API_VERSION)

    assert isinstance(verdict, Refused)
    assert acted is verdict.acted


def test_a_key_whose_attempt_was_refused_is_spent(world: World) -> None:
    source = world.source(**WRITES)
    most = wanted(delta=2_000_000_000)

    first, second = source.adjust(most), source.adjust(most)

    assert "INVALID_QUANTITY_TOO_HIGH" == refused(first).code
    assert not refused(first).again
    assert isinstance(second, KeySpent)


def test_a_key_used_for_something_else_is_a_fault_of_ours(world: World) -> None:
    source = world.source(**WRITES)
    source.adjust(wanted())

    answer = refused(source.adjust(wanted("CUP")))

    assert ("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", False) == (answer.code, answer.again)
    assert "please report it" in answer.message


UNFIT = [
    ("untracked", {"tracked": False}, "switch it on: https://admin.shopify.com/store/"),
    ("not_stocked", {"levels": {EAST: 4}}, "is not stocked at Main; stock it there: https://"),
    (
        "not_stocked",
        {"levels": {MAIN: {"available": 4, "active": False}}},
        "is not stocked at Main; stock it there: https://",
    ),
]


@pytest.mark.parametrize(("code", "more", "words"), UNFIT)
def test_a_variant_that_holds_no_stock_there_is_not_written_to(
    opened: Open, code: str, more: dict[str, object], words: str
) -> None:
    world = opened(shop_of(product({**variant("MUG"), **more})))

    answer = refused(adjust(world))

    assert (code, False) == (answer.code, answer.again)
    assert words in answer.message
    assert [] == world.requests("Adjust")


def test_a_bundle_is_mapped_and_not_written_to(sample: World) -> None:
    bundle = next(each for each in sample.shop.variants if each.components)
    location = sample.shop.locations[0].name

    answer = refused(sample.source(**WRITES).adjust(wanted(str(bundle.sku), location=location)))

    assert "bundle" == answer.code
    assert "rule `kit`" in answer.message


def test_a_sku_of_several_variants_is_nobodys(opened: Open) -> None:
    world = opened(shop_of(product(variant("MUG", 20)), product(variant("MUG", 7))))

    answer = refused(adjust(world))

    assert "shared_sku" == answer.code
    assert 2 == answer.message.count("https://admin.shopify.com/store/")


def test_only_variants_that_a_reading_counts_share_a_sku(opened: Open) -> None:
    world = opened(shop_of(product(variant("MUG", 20)), product(variant("MUG", 7), status="DRAFT")))

    assert isinstance(adjust(world), Booked)
    assert 18 == units(world)


def test_a_sku_is_its_exact_text(opened: Open) -> None:
    world = opened(shop_of(product(variant("mug", 20))))

    answer = refused(adjust(world))

    assert "unknown_sku" == answer.code
    assert "/products?query=MUG" in answer.message


def test_a_location_that_is_not_read_is_named_with_those_that_are(world: World) -> None:
    answer = refused(world.source(**WRITES).adjust(wanted(location="Old")))

    assert "unknown_location" == answer.code
    assert "it has East, Main" in answer.message


def test_nobody_can_look_up_a_key(world: World) -> None:
    assert world.source().was_booked(wanted()) is None


def checks(world: World, *scopes: str) -> dict[Verdict, Check]:
    world.settings(scopes=",".join(("read_products", *scopes)))
    return {check.verdict: check for check in world.source(**WRITES).write_back_checks()}


def test_the_doctor_wants_the_right_to_change_stock(world: World) -> None:
    fine = checks(world, "write_inventory", "read_orders")
    lacking = checks(world, "read_inventory", "read_orders")

    assert {Verdict.OK} == fine.keys()
    assert "lacks the scope write_inventory" in lacking[Verdict.BAD].text


@pytest.mark.parametrize(
    "order",
    [{"source_name": "tiktok"}, {"app": "TikTok Shop by X"}, {"tags": ["vip", "Tik Tok"]}],
)
def test_the_doctor_refuses_a_shop_into_which_orders_are_imported(
    world: World, order: dict[str, object]
) -> None:
    world.control("orders", name="#1001", **order)

    (check,) = [
        each
        for verdict, each in checks(world, "write_inventory", "read_orders").items()
        if verdict is Verdict.BAD
    ]

    assert (
        "1 of the latest 1 orders come from TikTok, the last is #1001 of 2026-11-23" in check.text
    )
    assert "deduct them twice" in check.text
    assert "orders: within" in check.help


def test_without_the_scope_for_orders_the_doctor_cannot_tell(world: World) -> None:
    assert "read_orders" in checks(world, "write_inventory")[Verdict.WARN].text


def test_a_scope_that_write_back_needs_is_no_surplus(world: World) -> None:
    world.settings(scopes="read_products,write_inventory,write_orders")
    found = world.source(**WRITES).probe(timedelta(minutes=15))

    (check,) = [each for each in found if "may write" in each.text]
    assert "the app may write (write_orders), which reading does not need" == check.text

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectors.shopify.answers import Cost
from connectors.shopify.throttle import CostBucket
from syncd.domain.errors import (
    SourceError,
    SourceInvalid,
    SourceUnauthorized,
    SourceUnavailable,
)
from tests.unit.shopify_source.conftest import Open
from tests.unit.shopify_source.world import (
    EAST,
    MAIN,
    SharedClock,
    World,
    product,
    shop_of,
    variant,
)


@pytest.fixture
def world(opened: Open) -> World:
    return opened(shop_of(product(variant("A", levels={MAIN: 1, EAST: 2}))))


EXPECTED = {("A", MAIN): 1, ("A", EAST): 2}


def test_a_throttled_request_waits_exactly_until_its_points_are_back(opened: Open) -> None:
    world = opened(shop_of(*(product(variant(f"A-{n}")) for n in range(600))))
    world.settings(bucket=400, restore_rate=50.0, cost_formula="measured")

    taken = world.read()

    costs = [entry["cost"] for entry in world.requests("Variants")]
    refused = [entry for entry in world.requests() if entry.get("codes")]
    assert 600 == len(taken.known)
    assert 3 == len(costs) - len([each for each in refused if each["operation"] == "Variants"])
    assert all(0 < wait <= 400 / 50 for wait in world.clock.slept)
    assert len(refused) <= 1  # only the first estimate is not known beforehand


@pytest.mark.parametrize("times", [1, 3])
def test_throttled_answers_are_overcome_without_guessing_a_wait(world: World, times: int) -> None:
    world.fault("throttled", " Variants ", times=times)

    assert EXPECTED == world.read().known
    assert times + 1 == len(world.requests("Variants"))


def test_a_request_that_is_always_throttled_is_given_up_with_a_hint(world: World) -> None:
    world.fault("throttled", " Variants ", times=0)

    with pytest.raises(SourceUnavailable, match="does something else use this app's token"):
        world.read()


def test_retry_after_with_decimals_is_kept_to(world: World) -> None:
    world.fault("http_429", " Variants ", seconds=7.0)

    assert EXPECTED == world.read().known
    assert 7.0 in world.clock.slept


def test_a_page_that_is_too_dear_is_asked_for_smaller_and_the_size_is_kept(opened: Open) -> None:
    world = opened(shop_of(*(product(variant(f"A-{n}")) for n in range(40))))
    world.settings(cost_formula="linear", max_cost=600)
    source = world.source()

    with source.snapshot(None) as reader:
        assert 40 == sum(len(batch.values) for batch in reader.batches())
    refused = [each for each in world.requests("Variants") if each.get("codes")]
    with source.snapshot(None) as reader:
        list(reader.batches())

    assert refused
    assert refused == [each for each in world.requests("Variants") if each.get("codes")]


def test_a_single_record_that_is_too_dear_is_said_so(world: World) -> None:
    world.settings(cost_formula="linear", max_cost=5)

    with pytest.raises(SourceInvalid, match="even a single record too dear"):
        world.read()


@pytest.mark.parametrize("request_", ["Shop", "Locations", "Counts"])
def test_a_request_that_is_too_dear_at_any_size_leaves_the_source_unread(
    world: World, request_: str
) -> None:
    world.fault("max_cost", f" {request_} ", times=0)

    with pytest.raises(SourceInvalid, match="too dear"):
        world.read()


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("http_402", SourceUnauthorized, "not paid for (402)"),
        ("http_403", SourceUnauthorized, "forbids the request (403)"),
        ("http_404", SourceUnauthorized, "no such shop at this address (404)"),
        ("http_423", SourceUnauthorized, "locked the shop (423)"),
        ("http_430", SourceUnavailable, "refuses the request as a risk (430)"),
        ("redirect", SourceUnauthorized, "points to another address (30"),
        ("access_denied", SourceUnauthorized, "answers ACCESS_DENIED"),
    ],
)
def test_a_refusal_says_what_happened_and_what_helps(
    world: World, kind: str, error: type[SourceError], words: str
) -> None:
    world.fault(kind, " Variants ")

    with pytest.raises(error) as caught:
        world.read()

    assert words in str(caught.value)
    assert 1 == len(world.requests("Variants"))


@pytest.mark.parametrize(
    "kind",
    ["http_500", "http_503", "garbage", "html", "truncated", "internal_error", "partial_data",
     "no_answer", "no_answer_after"],
)  # fmt: skip
def test_a_passing_failure_is_tried_again(world: World, kind: str) -> None:
    world.fault(kind, " Variants ")

    assert EXPECTED == world.read().known


@pytest.mark.parametrize("kind", ["http_500", "html", "internal_error", "partial_data"])
def test_a_lasting_failure_leaves_the_source_unread(world: World, kind: str) -> None:
    world.fault(kind, " Variants ", times=0)

    with pytest.raises(SourceUnavailable, match="given up after 5 tries"):
        world.read()


def test_a_nested_page_that_says_there_is_more_is_followed_until_it_ends(world: World) -> None:
    world.fault("hidden_next_page", " Variants ")

    assert EXPECTED == world.read().known
    assert 1 == len(world.requests("Levels"))


def test_an_answer_by_another_version_is_not_believed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.shopify.client.API_VERSION", "2024-01")

    with pytest.raises(SourceInvalid, match="no longer serves API version"):
        world.read()


def test_nobody_at_the_address_is_unavailable(world: World) -> None:
    with pytest.raises(SourceUnavailable, match="ConnectError"):
        world.read(url="http://127.0.0.1:9")


def test_nothing_is_printed_and_no_token_is_logged_or_told(
    world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world.fault("http_403", "Counts")

    with pytest.raises(SourceUnauthorized) as caught:
        world.read(bulk_from="0")

    world.read(bulk_from="0")
    said = "".join((str(caught.value), caplog.text, *capfd.readouterr()))
    assert "shpat_" not in said
    assert "Signature" not in said


def test_the_package_is_left_without_a_session_even_after_an_error(world: World) -> None:
    import shopify

    world.fault("http_403", " Variants ")
    with pytest.raises(SourceUnauthorized):
        world.read()

    assert shopify.ShopifyResource.get_site() is None
    assert "X-Shopify-Access-Token" not in shopify.ShopifyResource.get_headers()


def test_two_shops_read_at_once_never_mix_address_and_token(opened: Open) -> None:
    worlds = []
    for number in range(2):
        raw = shop_of(product(variant(f"OF-{number}", number)))
        raw["shop"] = {"token": f"shpat_{number}"}
        worlds.append(opened(raw))

    with ThreadPoolExecutor(max_workers=4) as pool:
        readings = [(n, pool.submit(worlds[n].read)) for _ in range(10) for n in range(2)]
        found = {(n, next(iter(future.result().known))[0]) for n, future in readings}

    assert {(0, "OF-0"), (1, "OF-1")} == found
    assert [] == [e for w in worlds for e in w.requests() if e["status"] == 401]


def test_parallel_readers_share_the_bucket() -> None:
    clock = SharedClock()
    bucket = CostBucket(clock)
    status = {"maximumAvailable": 1000, "currentlyAvailable": 300, "restoreRate": 50}
    cost = Cost.model_validate({"requestedQueryCost": 0, "throttleStatus": status})
    bucket.settle(bucket.take(0), cost)

    bucket.take(200)
    bucket.take(200)

    assert [2.0] == clock.slept

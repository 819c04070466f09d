import random
from io import BytesIO
from pathlib import Path

import pytest

from connectors.shopify.parents import Parents
from syncd.domain.errors import SourceUnauthorized, SourceUnavailable
from tests.unit.shopify_source.conftest import Open
from tests.unit.shopify_source.world import EAST, MAIN, World, product, shop_of, variant

BULK: dict[str, object] = {"bulk_from": "0"}


@pytest.fixture
def world(opened: Open) -> World:
    return opened(
        shop_of(
            product(variant("A", levels={MAIN: 1, EAST: 2})),
            product(variant("B", levels={MAIN: 3}), variant("C", levels={EAST: 4})),
        )
    )


EXPECTED = {("A", MAIN): 1, ("A", EAST): 2, ("B", MAIN): 3, ("C", EAST): 4}


def test_a_large_shop_is_read_by_bulk_and_a_small_one_by_pages(world: World) -> None:
    world.read(bulk_from="4")
    assert [] == world.requests("BulkRun")

    world.read(bulk_from="3")
    assert 1 == len(world.requests("BulkRun"))


@pytest.mark.parametrize("parent", ["variant", "item"])
def test_levels_find_their_variant_whichever_parent_they_name(world: World, parent: str) -> None:
    world.settings(bulk_parent=parent)

    assert EXPECTED == world.read(**BULK).known


@pytest.mark.parametrize("polls", [0, 1, 7])
def test_the_end_of_the_operation_is_awaited(world: World, polls: int) -> None:
    world.settings(bulk_polls=polls)

    assert EXPECTED == world.read(**BULK).known


@pytest.mark.parametrize("kind", ["bulk_failed", "bulk_canceled", "bulk_short"])
def test_an_operation_that_gives_no_whole_file_is_run_again(world: World, kind: str) -> None:
    world.fault(kind)

    assert EXPECTED == world.read(**BULK).known
    assert 2 == len(world.requests("BulkRun"))


@pytest.mark.parametrize("kind", ["bulk_failed", "bulk_canceled", "bulk_short"])
def test_an_operation_that_never_gives_a_whole_file_leaves_the_source_unread(
    world: World, kind: str
) -> None:
    world.fault(kind, times=0)

    with pytest.raises(SourceUnavailable, match="partial data is not used"):
        world.read(**BULK)


def test_an_expired_address_is_asked_for_again(world: World) -> None:
    world.fault("bulk_expired_url")

    assert EXPECTED == world.read(**BULK).known


@pytest.mark.parametrize("kind", ["truncated", "no_answer", "http_503", "http_403"])
def test_a_file_that_does_not_come_is_fetched_again(world: World, kind: str) -> None:
    world.fault(kind, "/bulk")

    assert EXPECTED == world.read(**BULK).known
    files = [entry for entry in world.requests() if str(entry["path"]).startswith("/bulk")]
    assert 2 == len(files)


def test_the_token_never_goes_to_where_the_file_lies(world: World) -> None:
    world.read(**BULK)

    assert [] == [entry for entry in world.requests() if entry.get("leaked_token")]


def test_an_operation_without_any_record_has_no_file(opened: Open) -> None:
    world = opened(shop_of())

    taken = world.read(**BULK)

    assert ([], []) == (taken.values, taken.rejects)
    assert taken.watermark is None


def test_a_bulk_operation_that_is_denied_needs_an_operator(world: World) -> None:
    world.fault("bulk_denied")

    with pytest.raises(SourceUnauthorized, match="grant the app the scopes"):
        world.read(**BULK)

    assert 1 == len(world.requests("BulkRun"))


def test_all_places_taken_are_waited_for_and_then_reported(world: World) -> None:
    world.settings(bulk_most=1, bulk_polls=10_000)
    _run_one(world)

    with pytest.raises(SourceUnavailable, match="as many bulk operations of this app as it may"):
        world.read(**BULK)


def _run_one(world: World) -> None:
    from connectors.shopify.bulk_queries import BULK_RUN, bulk_body
    from connectors.shopify.calls import Admin, Question
    from connectors.shopify.wire import BULK_RUN_DATA
    from connectors.transport.http_transport import HttpTransport

    with HttpTransport(world.clock) as transport:
        admin = Admin(world.source().shop.account, transport, world.clock)
        question = Question(
            document=BULK_RUN, variables={"query": bulk_body()}, answer=BULK_RUN_DATA
        )
        assert admin.ask(question)["bulkOperationRunQuery"]["bulkOperation"]


def test_an_operation_that_takes_for_ever_is_cancelled(world: World) -> None:
    world.settings(bulk_polls=10_000_000)
    world.clock.pace = 20

    with pytest.raises(SourceUnavailable, match="takes longer than 3h"):
        world.read(**BULK)

    assert 1 == len(world.requests("BulkCancel"))


def test_the_temporary_directory_may_be_full(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    monkeypatch.setattr(
        "connectors.shopify.bulk.TemporaryFile", lambda: full.open("r+b", buffering=0)
    )

    with pytest.raises(SourceUnavailable, match="cannot be kept"):
        world.read(**BULK)


@pytest.mark.parametrize("seed", range(20))
def test_parents_are_remembered_however_far_their_children_are(seed: int) -> None:
    dice = random.Random(seed)
    numbers = dice.sample(range(10**6), 500)
    with Parents(recent=16) as parents:
        for number in numbers:
            parents.put(number, f"told {number}")

        found = [parents.get(number) for number in numbers]
        assert [f"told {number}" for number in numbers] == found
        assert parents.get(10**7) is None


def test_an_empty_file_has_no_line() -> None:
    from connectors.shopify.bulk import _count

    assert (0, 1, 2, 2) == (
        _count(BytesIO(b"")), _count(BytesIO(b"a")), _count(BytesIO(b"a\nb")), _count(BytesIO(b"a\nb\n")),
    )  # fmt: skip

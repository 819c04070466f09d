"""Who moved what: echoes of ours, what orders explain, and the words for a second writer."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.drifting import (
    FORGOTTEN,
    Drift,
    Move,
    Mover,
    OwnWrite,
    contest,
    explained,
    is_echo,
)
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, Sku
from syncd.domain.orders import OrderLine, OrderState

NOW = datetime(2026, 11, 23, 14, 31, tzinfo=UTC)
REF = ListingRef(ProductId("P"), ListingId("L"))
HOUR = timedelta(hours=1)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def line(
    hours_ago: float, units: int = 1, state: OrderState = OrderState.UNPAID,
    updated_hours_ago: float | None = None, *, out_of_stock: bool = False, fbt: bool = False,
) -> OrderLine:  # fmt: skip
    created = NOW - HOUR * hours_ago
    updated = created if updated_hours_ago is None else NOW - HOUR * updated_hours_ago
    return OrderLine(
        channel=ChannelName("shop"), order_id=f"O{hours_ago}", line_id="1", ref=REF, seller_sku="A",
        units=units, state=state, created_at=created, updated_at=updated,
        out_of_stock=out_of_stock, platform_fulfilled=fbt,
    )  # fmt: skip


def possible(ours: int, hours_ago: float, *lines: OrderLine) -> list[int]:
    """What orders can have made of `ours`, written so many hours ago."""
    return [
        shown for shown in range(12) if explained(shown, ours, NOW - HOUR * hours_ago, NOW, lines)
    ]


def test_without_orders_it_must_show_what_was_written() -> None:
    assert [5] == possible(5, 3)


def test_an_order_since_then_took_its_units_for_certain() -> None:
    assert [3] == possible(5, 3, line(1, 2))
    assert [0] == possible(5, 3, line(1, 7))


def test_an_order_from_before_took_nothing() -> None:
    assert [5] == possible(5, 3, line(4, 2))
    assert [5] == possible(5, 3, line(4, 2, OrderState.IN_TRANSIT, updated_hours_ago=1))


@pytest.mark.parametrize("hours_ago", [2.9, 3.1, 0.1, -0.1])
def test_an_order_near_either_moment_may_count_or_not(hours_ago: float) -> None:
    assert [3, 4, 5] == possible(5, 3, line(hours_ago, 2))


def test_an_order_after_the_look_explains_nothing() -> None:
    assert [5] == possible(5, 3, line(-1, 2))


def test_a_cancelled_order_may_be_restocked_or_not() -> None:
    gone = OrderState.CANCELLED
    assert [5, 6, 7] == possible(5, 3, line(4, 2, gone, updated_hours_ago=1))
    assert [3, 4, 5] == possible(5, 3, line(2, 2, gone, updated_hours_ago=1))
    assert [5] == possible(5, 3, line(6, 2, gone, updated_hours_ago=5))


def test_a_seller_without_stock_makes_the_platform_show_nothing() -> None:
    sold_out = line(2, 1, OrderState.CANCELLED, updated_hours_ago=1, out_of_stock=True)
    assert [0, 4, 5] == possible(5, 3, sold_out)


def test_what_the_platform_ships_itself_takes_nothing_of_ours() -> None:
    assert [5] == possible(5, 3, line(1, 2, fbt=True))


def test_a_value_of_long_ago_proves_nothing() -> None:
    assert list(range(12)) == possible(5, FORGOTTEN / HOUR + 1)


def move(mover: Mover = Mover.APP, after: float = 0, units: int | None = 5) -> Move:
    return Move(ref=REF, mover=mover, at=NOW + minutes(after), units=units)


def written(units: int | None = 5) -> OwnWrite:
    return OwnWrite(number=1, at=NOW, until=NOW + minutes(1), units=units)


@pytest.mark.parametrize(
    ("told", "own", "echo"),
    [
        (move(), written(), True),
        (move(after=2.9), written(), True),
        (move(after=-1.9), written(), True),
        (move(after=3.1), written(), False),
        (move(after=-2.1), written(), False),
        (move(units=7), written(), False),
        (move(units=None), written(), True),
        (move(units=7), written(None), True),
        (move(Mover.PERSON), written(), False),
        (move(Mover.PLATFORM), written(), False),
    ],
)
def test_only_an_app_that_wrote_our_number_at_our_time_is_ourselves(
    told: Move, own: OwnWrite, *, echo: bool
) -> None:
    assert echo is is_echo(told, [own])
    assert not is_echo(told, [])


def drift(
    write: int, minutes_ago: float, shown: int = 7, ours: int = 5, mover: Mover = Mover.UNKNOWN,
    *, decided: bool = True, counted: bool = False, verified: bool = True, places: str = "",
) -> Drift:  # fmt: skip
    at = NOW - minutes(minutes_ago)
    return Drift(
        channel=ChannelName("shop"), sku=Sku("A-1"), ref=REF, write=write, ours=ours, ours_at=at,
        shown=shown, first_seen=at, last_seen=at, mover=mover, decided=decided, counted=counted,
        verified=verified, places=places,
    )  # fmt: skip


THREE = [drift(1, 31), drift(2, 15), drift(3, 0)]


def told(*drifts: Drift) -> str:
    found = contest(drifts, NOW)
    assert found is not None
    return str(found)


def test_a_regular_second_writer_is_named_with_its_beat() -> None:
    assert (
        "another app or a person sets it back to 7 about every 16 min, last 14:31 UTC, "
        "since 2026-11-23 14:00 UTC, against our 5; turn off its stock sync, then "
        "`syncd unpark A-1`"
    ) == told(*THREE)


@pytest.mark.parametrize(
    ("mover", "words", "remedy"),
    [
        (Mover.APP, "another app sets it back to 7", "turn off its stock sync, then"),
        (Mover.PERSON, "somebody in the shop's own back office sets it", "agree who sets"),
        (Mover.PLATFORM, "the shop's automatic replenishment sets it", "turn the replenishment"),
    ],
)
def test_whom_the_shop_names_is_named(mover: Mover, words: str, remedy: str) -> None:
    text = told(*(drift(n, 60 - n, mover=mover) for n in (1, 2, 3)))

    assert text.startswith(words)
    assert remedy in text


def test_one_named_once_is_taken_for_all() -> None:
    assert told(THREE[0], THREE[1], drift(3, 0, mover=Mover.APP)).startswith("another app sets")


def test_an_irregular_one_is_counted() -> None:
    assert "3 times within 6 h, last" in told(drift(1, 360), drift(2, 20), drift(3, 0))
    assert "3 times within 0 s, last" in told(drift(1, 0), drift(2, 0), drift(3, 0))


def test_changing_values_are_listed_the_latest_first() -> None:
    rows = [drift(n, 60 - n, shown=6 + n) for n in range(1, 6)]

    assert "sets it to other values (11, 10, 9, 8) about every" in told(*rows)


def test_warehouses_are_named() -> None:
    rows = [drift(n, 60 - n, places="Main 7, East 2") for n in (1, 2, 3)]

    assert "sets it back to 7 (Main 7, East 2) about" in told(*rows)


def test_a_shop_that_never_showed_our_writes_is_told_as_that() -> None:
    rows = [drift(n, 60 - n, verified=False) for n in (1, 2, 3)]

    assert (
        "the shop took our 5 3 times and goes on showing 7, last 13:34 UTC, since 2026-11-23 "
        "13:32 UTC, as if another app set it back; turn off its stock sync, then "
        "`syncd unpark A-1`"
    ) == told(*rows)


@pytest.mark.parametrize(
    "rows",
    [
        THREE[:2],
        [*THREE[:2], drift(2, 0, shown=8)],
        [*THREE[:2], drift(0, 0)],
        [*THREE[:2], drift(3, 0, decided=False)],
        [*THREE[:2], drift(3, 0, counted=True)],
        [*THREE[:2], drift(3, 25 * 60)],
        [drift(n, 0, shown=5 - n) for n in (1, 2, 3)],
    ],
    ids=["two", "same write", "adopted", "undecided", "counted", "long ago", "falls by nobody"],
)
def test_this_is_no_second_writer(rows: list[Drift]) -> None:
    assert contest(rows, NOW) is None


def test_falls_count_when_the_same_value_comes_back_or_somebody_is_named() -> None:
    again = [drift(n, 0, shown=4) for n in (1, 2, 3)]
    named = [drift(n, 0, shown=5 - n, mover=Mover.APP) for n in (1, 2, 3)]

    assert contest(again, NOW) is not None
    assert contest(named, NOW) is not None


def test_a_drift_says_who_set_what() -> None:
    assert "somebody set it by hand to 7 instead of 5" == drift(1, 0, mover=Mover.PERSON).told
    assert "another app set it to 7 instead of 5" == drift(1, 0, mover=Mover.APP).told
    assert (
        "the shop's automatic replenishment set it to 9 (Main 7, East 2) instead of 5"
        == drift(1, 0, mover=Mover.PLATFORM, shown=9, places="Main 7, East 2").told
    )

"""When an alert begins, ends and is repeated."""

from datetime import UTC, datetime, timedelta

from syncd.domain.alerting import (
    Alert,
    Condition,
    Event,
    Kind,
    Sample,
    Step,
    keeps_growing,
    transitions,
)

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
QUIET = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


def condition(name: str = "shop", kind: Kind = Kind.HELD, what: str = "wrong") -> Condition:
    return Condition(key=f"{kind}:{name}", kind=kind, what=what, since=START, help="syncd status")


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def looks(*present: tuple[float, list[Condition]]) -> list[tuple[float, str, str]]:
    """Every notice as (minute, event, key)."""
    alerts: tuple[Alert, ...] = ()
    told = []
    for minute, conditions in present:
        step = transitions(alerts, conditions, at(minute), QUIET)
        alerts = step.alerts
        told += [(minute, notice.event.value, notice.condition.key) for notice in step.notices]
    return told


def test_a_condition_is_told_once_when_it_begins_and_once_when_it_ended() -> None:
    held = [condition()]

    told = looks((0, held), (1, held), (2, []), (11, []), (12, []), (13, []))

    assert [(0, "began", "held:shop"), (12, "ended", "held:shop")] == told


def test_what_flickers_faster_than_quiet_for_neither_ends_nor_begins_again() -> None:
    held = [condition()]

    told = looks((0, held), (1, []), (5, held), (6, []), (14, held), (20, []), (29, []), (30, []))

    assert [(0, "began", "held:shop"), (30, "ended", "held:shop")] == told


def test_a_condition_that_must_prove_to_last_is_never_told_when_it_does_not() -> None:
    parked = [condition(kind=Kind.PARKED)]

    assert [] == looks((0, parked), (4, parked), (5, []), (6, parked), (10, parked), (11, []))


def test_a_condition_that_proves_to_last_is_told_then() -> None:
    parked = [condition(kind=Kind.PARKED)]

    assert [(5, "began", "parked:shop")] == looks(
        (0, parked), (4, parked), (5, parked), (6, parked)
    )


def test_open_alerts_are_repeated_together_and_at_most_daily() -> None:
    one, two = condition("a"), condition("b")
    day = 24 * 60

    told = looks((0, [one]), (600, [one, two]), (day, [one, two]), (day + 600, [one, two]))

    assert [
        (0, "began", "held:a"), (600, "began", "held:b"),
        (day, "still", "held:a"), (day, "still", "held:b"),
    ] == told  # fmt: skip


def test_what_just_began_or_just_went_away_is_not_repeated() -> None:
    one, two, three = condition("a"), condition("b"), condition("c")
    day = 24 * 60

    told = looks((0, [one, three]), (day - 1, [one]), (day, [one, two]))

    assert [(day, "began", "held:b"), (day, "still", "held:a")] == told[2:]


def test_the_words_of_an_open_alert_are_those_of_the_last_look() -> None:
    first = transitions((), [condition(what="3 held")], START, QUIET)

    second = transitions(first.alerts, [condition(what="5 held")], at(1), QUIET)

    assert ["5 held"] == [alert.condition.what for alert in second.alerts]
    assert () == second.notices


def test_a_clock_that_was_set_back_ends_and_repeats_nothing() -> None:
    begun = transitions((), [condition()], START, QUIET)

    back = transitions(begun.alerts, [], START - timedelta(days=3), QUIET)

    assert ((), 1) == (back.notices, len(back.alerts))


def test_nothing_wrong_says_nothing() -> None:
    assert Step(alerts=(), notices=()) == transitions((), [], START, QUIET)


def test_the_events_have_the_words_that_are_stored() -> None:
    assert {"began", "ended", "still"} == {event.value for event in Event}


def samples(*counts: int) -> list[Sample]:
    """One sample every ten minutes, the last one now."""
    newest = len(counts) - 1
    return [Sample(at=at(10 * (n - newest)), waiting=count) for n, count in enumerate(counts)]


SPAN = timedelta(minutes=30)


def test_a_backlog_that_rises_in_each_third_of_the_span_keeps_growing() -> None:
    assert keeps_growing(samples(1, 2, 3, 9), SPAN, START)


def test_a_backlog_that_falls_or_rests_once_does_not_keep_growing() -> None:
    assert [False] * 3 == [
        keeps_growing(samples(*counts), SPAN, START)
        for counts in ((1, 2, 2, 9), (5, 4, 6, 9), (1, 2, 3, 3))
    ]


def test_a_gap_in_the_looks_is_no_evidence_of_growth() -> None:
    known = samples(1, 2, 3, 9)

    assert not keeps_growing([known[0], *known[2:]], SPAN, START)
    assert not keeps_growing(known[1:], SPAN, START)
    assert not keeps_growing([], SPAN, START)

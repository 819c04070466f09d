"""Alerts over any history: begin and end alternate, and a restart in between changes nothing."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.domain.alerting import Alert, Condition, Event, Kind, Notice, transitions
from syncd.ledger.store import SqlLedger, open_ledger_for_writing
from tests.fakes.clock import FakeClock
from tests.fakes.ledgers import ledger_at

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KINDS = (Kind.HELD, Kind.PARKED, Kind.OVERSOLD)
KEYS = [(kind, name) for kind in KINDS for name in ("a", "b")]
Look = tuple[float, frozenset[int]]
LOOKS = st.lists(
    st.tuples(
        st.sampled_from([0.5, 1.0, 4.0, 11.0, 1500.0]),
        st.frozensets(st.integers(0, len(KEYS) - 1)),
    ),
    max_size=30,
)
QUIET = st.sampled_from([timedelta(0), timedelta(minutes=10)])


def conditions(numbers: frozenset[int]) -> list[Condition]:
    return [
        Condition(
            key=f"{KEYS[n][0]}:{KEYS[n][1]}", kind=KEYS[n][0], what=f"w{n}", since=START, help="h"
        )
        for n in sorted(numbers)
    ]


def run(looks: list[Look], quiet: timedelta) -> list[Notice]:
    now, alerts = START, tuple[Alert, ...]()
    told: list[Notice] = []
    for minutes, present in looks:
        now += timedelta(minutes=minutes)
        step = transitions(alerts, conditions(present), now, quiet)
        alerts = step.alerts
        told += step.notices
    return told


@given(looks=LOOKS, quiet=QUIET)
def test_there_are_never_two_begins_without_an_end(looks: list[Look], quiet: timedelta) -> None:
    told = run(looks, quiet)

    for kind, name in KEYS:
        own = [row.event for row in told if row.condition.key == f"{kind}:{name}"]
        turns = [event for event in own if event is not Event.STILL]
        assert [Event.BEGAN, Event.ENDED] * ((len(turns) + 1) // 2) == [
            *turns,
            *([Event.ENDED] if len(turns) % 2 else []),
        ]


@given(looks=LOOKS, quiet=QUIET)
def test_a_reminder_comes_only_between_begin_and_end_and_at_most_daily(
    looks: list[Look], quiet: timedelta
) -> None:
    told = run(looks, quiet)

    for kind, name in KEYS:
        own = [row for row in told if row.condition.key == f"{kind}:{name}"]
        for before, after in pairwise(own):
            if after.event is Event.STILL:
                assert before.event is not Event.ENDED
        stills = [row.at for row in own if row.event is Event.STILL]
        for earlier, later in pairwise(stills):
            assert later - earlier >= timedelta(hours=24)


@settings(max_examples=25, deadline=None)
@given(looks=LOOKS, quiet=QUIET, restarts=st.frozensets(st.integers(0, 29)))
def test_a_restart_between_two_looks_changes_nothing(
    looks: list[Look], quiet: timedelta, restarts: frozenset[int]
) -> None:
    clock = FakeClock(START)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        ledger: SqlLedger = ledger_at(path, clock)
        told: list[Notice] = []
        for number, (minutes, present) in enumerate(looks):
            clock.advance(minutes * 60)
            if number in restarts:
                ledger.close()
                ledger = open_ledger_for_writing(f"sqlite:///{path}", clock)
            told += ledger.step_alerts(
                lambda alerts, wrong=present: transitions(  # type: ignore[misc]  # bound at once
                    alerts, conditions(wrong), clock.now(), quiet
                ),
                ["mail"],
            )
        ledger.close()

    assert run(looks, quiet) == told

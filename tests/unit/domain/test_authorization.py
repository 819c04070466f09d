"""What was granted against what is needed, and when its end is near."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.authorization import Authorization

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NEEDED = {"read": "to read", "write": "to write"}


def grant(granted: tuple[str, ...] | None = None, left: timedelta = timedelta(0)) -> Authorization:
    return Authorization(holder="Acme", expires_at=NOW + left, needed=NEEDED, granted=granted)


@pytest.mark.parametrize(
    ("granted", "missing", "superfluous"),
    [
        (("read", "write"), (), ()),
        (("read",), ("write",), ()),
        (("read", "write", "pay"), (), ("pay",)),
        ((), ("read", "write"), ()),
        (None, (), ()),
    ],
)
def test_scopes_may_be_too_few_and_too_many(
    granted: tuple[str, ...] | None, missing: tuple[str, ...], superfluous: tuple[str, ...]
) -> None:
    found = grant(granted)
    assert (missing, superfluous) == (found.missing(), found.superfluous())


@pytest.mark.parametrize(
    ("left", "days"), [(timedelta(hours=47), 1), (timedelta(0), 0), (timedelta(hours=-1), -1)]
)
def test_days_are_left_whole_and_negative_once_it_has_ended(left: timedelta, days: int) -> None:
    assert days == grant(left=left).days_left(NOW)


@pytest.mark.parametrize(
    ("left", "step"),
    [
        (timedelta(days=31), None),
        (timedelta(days=30), 30),
        (timedelta(days=15), 30),
        (timedelta(days=14), 14),
        (timedelta(days=7), 7),
        (timedelta(hours=25), 7),
        (timedelta(days=1), 1),
        (timedelta(0), 0),
        (timedelta(days=-3), 0),
    ],
)
def test_the_end_is_warned_of_at_thirty_fourteen_seven_and_one_day(
    left: timedelta, step: int | None
) -> None:
    assert step == grant(left=left).warning_step(NOW)

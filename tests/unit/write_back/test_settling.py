"""What a person says of a booking: taken as done, or tried again with a key that was never used."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from syncd.domain.errors import UsageError
from syncd.domain.write_back import BookingState
from syncd.ports import SystemClock
from syncd.service.commands.booking import Settlement, settle
from syncd.service.context import Context
from tests.fakes.written_source import Fault
from tests.unit.write_back.counter import Counter

CONFIG = """\
ledger: sqlite:///ledger.db
sources:
  stock: {kind: csv_file, path: stock.csv, basis: available, orders: within 15m}
channels:
  shop: {kind: tiktok_shop, app_key: k, app_secret: {credential: s}}
"""
Say = Callable[..., None]


@pytest.fixture
def say(counter: Counter) -> Say:
    """`syncd bookings settle` on the counter's ledger."""
    path = counter.folder / "syncd.yaml"
    path.write_text(CONFIG)

    def said(key: str, *, booked: bool = False, missing: bool = False, why: str = "seen") -> None:
        context = Context(config=path, verbose=False)
        settle(context, Settlement(key=key, reason=why, booked=booked, missing=missing))

    return said


def refused(counter: Counter) -> str:
    """A unit is ordered and the source refuses; the key of its booking."""
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.stock_of.faults = [Fault.REFUSED]
    counter.cycle()
    return counter.rows("A")[0].key


def test_what_the_source_has_is_done_and_contained_by_the_next_reading(
    counter: Counter, say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    key = refused(counter)
    counter.stock_of.set(A=9)
    say(key[:8], booked=True, why="booked in the admin")

    counter.cycle_later()

    (row,) = counter.rows("A")
    assert "deduct -1 A for order O1 at stock/default: taken as done\n" == capsys.readouterr().out
    assert (BookingState.DONE, "settled by hand: booked in the admin") == (row.state, row.message)
    assert (9, 9) == (counter.left("A"), counter.shop.shown("A"))


def test_what_the_source_has_not_is_tried_again_with_a_new_key(
    counter: Counter, say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    key = refused(counter)
    say(key, missing=True)
    new = counter.rows("A")[0].key
    assert (
        f"the next `syncd apply` tries it, with the new key {new[:12]}" in capsys.readouterr().out
    )

    # the command ran by the clock of the machine
    behind = SystemClock().now() - counter.clock.now()
    counter.clock.advance(behind.total_seconds() + 3600)
    counter.cycle()

    assert (9, [key, new]) == (counter.left("A"), [call.key for call in counter.stock_of.calls])


def test_only_what_is_open_can_be_settled(counter: Counter, say: Say) -> None:
    key = refused(counter)
    say(key, booked=True)

    with pytest.raises(UsageError, match="is done: nothing to settle"):
        say(key, booked=True)


def test_what_will_be_tried_anyway_need_not_be_told_to(counter: Counter, say: Say) -> None:
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.stock_of.faults = [Fault.LATER]
    counter.cycle()

    with pytest.raises(UsageError, match="will be tried by itself"):
        say(counter.rows("A")[0].key, missing=True)


def test_what_is_being_sent_right_now_is_left_alone(counter: Counter, say: Say) -> None:
    key = refused(counter)
    (before,) = counter.rows("A")
    sent = replace(before, state=BookingState.SENT, tried_at=SystemClock().now())
    assert counter.ledger.settle_booking(before, sent)

    with pytest.raises(UsageError, match="being sent at this moment"):
        say(key, booked=True)


@pytest.mark.parametrize("both", [True, False])
def test_one_of_the_two_must_be_said(counter: Counter, say: Say, *, both: bool) -> None:
    key = refused(counter)

    with pytest.raises(UsageError, match="say one of the two"):
        say(key, booked=both, missing=both)


def test_a_reason_is_needed(counter: Counter, say: Say) -> None:
    key = refused(counter)

    with pytest.raises(UsageError, match="say how you know"):
        say(key, booked=True, why="  ")


@pytest.mark.parametrize("key", ["abc", "0123456789ab"])
def test_an_unknown_or_short_key_is_refused(counter: Counter, say: Say, key: str) -> None:
    refused(counter)

    with pytest.raises(UsageError, match=f"no booking has the key {key}; `syncd bookings` lists"):
        say(key, booked=True)

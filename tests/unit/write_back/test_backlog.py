"""More bookings than one cycle makes: nothing calls that clean, and a command goes on until they are made."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from rich.console import Console

from syncd.domain.errors import SourceUnauthorized
from syncd.domain.report import ExitCode, Report, Status
from syncd.domain.write_back import BookingState
from syncd.engine.cycle import Task, run_cycle
from syncd.engine.draining import LONGEST, PAUSE, until_next
from syncd.engine.looking import status
from syncd.engine.setup import Trigger
from syncd.engine.writing_back import BUDGET
from syncd.ports.write_back import Adjustment, Answer
from syncd.reporting.document import from_report
from syncd.reporting.text import print_report
from tests.fakes.shopfloor import SHOP
from tests.fakes.written_source import Fault, WrittenSource
from tests.unit.write_back.counter import Counter

ORDERS = 20


@dataclass
class Slow(WrittenSource):
    """Each call takes its time, and something may happen at one of them."""

    nap: Callable[[], None] = lambda: None
    at_call: dict[int, Callable[[], object]] = field(default_factory=dict)

    def adjust(self, adjustment: Adjustment) -> Answer:
        self.nap()
        self.at_call.pop(len(self.calls), lambda: None)()
        return super().adjust(adjustment)


def slow(counter: Counter, seconds: float = BUDGET * 0.4) -> Slow:
    """Twenty units of one SKU are ordered, and the source takes so long for one booking."""
    source = Slow(counter.source.name, counter.clock.now())
    counter.stock_of = counter.source = source
    counter.stocked(A=90, B=9)
    source.nap = lambda: counter.clock.sleep(seconds)
    for _ in range(ORDERS):
        counter.shop.order("A", 1)
    return source


def run(counter: Counter, *, drains: bool) -> Report:
    """What a daemon does in one cycle, or `syncd apply`."""
    engine = counter.engine()
    task = Task(
        trigger=Trigger.BY_HAND, word="test", sources=list(engine.sources), channels=[SHOP],
        send=True, drains=drains,
    )  # fmt: skip
    return run_cycle(engine, task, lambda report: report.status().value)


def text(report: Report) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_report(from_report(report), console, UTC)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def undone(counter: Counter) -> int:
    return sum(state is not BookingState.DONE for _, state in counter.bookings("A"))


def test_a_cycle_that_leaves_bookings_is_partial_and_says_how_many(counter: Counter) -> None:
    slow(counter)
    report = run(counter, drains=False)
    left = undone(counter)
    (told,) = report.attention

    assert (ExitCode.PARTIAL, Status.PARTIAL) == (report.exit_code(), report.status())
    assert (left, left) == (report.channels[0].unbooked, from_report(report).channels[0].unbooked)
    assert told.what.startswith(
        f"stock: {left} bookings not made yet: the source still sells these"
    )
    assert (left, "syncd apply") == (told.count, told.help)
    assert 0 < left < ORDERS


def test_nothing_to_do_is_not_said_while_bookings_are_to_be_made(counter: Counter) -> None:
    slow(counter)
    run(counter, drains=False)
    told = text(run(counter, drains=False))

    assert f"{undone(counter)} bookings still to be made" in told
    assert "Nothing to do" not in told


def test_a_cycle_between_two_tries_is_not_clean(counter: Counter) -> None:
    """Nothing is due and nothing is tried, and the source sells what was sold all the same."""
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.stock_of.faults = [Fault.AWAY]
    run(counter, drains=False)
    report = run(counter, drains=False)

    assert (1, ()) == (len(counter.stock_of.calls), report.channels[0].bookings)
    assert (ExitCode.PARTIAL, 1) == (report.exit_code(), report.channels[0].unbooked)
    assert ["syncd doctor stock"] == [item.help for item in report.attention]


def test_a_command_goes_on_until_all_are_made(counter: Counter) -> None:
    slow(counter)
    report = run(counter, drains=True)
    part = report.channels[0]

    assert (90 - ORDERS, 0) == (counter.left("A"), undone(counter))
    assert (ORDERS, 0, ()) == (len(part.bookings), part.unbooked, report.attention)
    assert ExitCode.DONE == report.exit_code()


def test_what_its_first_cycle_changed_stays_in_the_report(counter: Counter) -> None:
    slow(counter)
    counter.stock_of.set(A=90, B=4)
    part = run(counter, drains=True).channels[0]

    assert ["B"] == [row.change.sku for row in part.changes]
    assert 4 == counter.shop.shown("B")


def test_the_channel_is_looked_after_in_between(counter: Counter) -> None:
    source = slow(counter)
    source.at_call[ORDERS - 8] = lambda: counter.shop.order("B", 9)
    report = run(counter, drains=True)

    assert (0, 0) == (counter.left("B"), counter.shop.shown("B"))
    assert 0 == report.channels[0].unbooked


def test_a_source_that_gets_nothing_done_ends_it(counter: Counter) -> None:
    source = slow(counter, 15.0)
    source.faults = [Fault.LATER] * 1000
    report = run(counter, drains=True)

    assert ORDERS == report.channels[0].unbooked
    assert ExitCode.PARTIAL == report.exit_code()
    assert len(source.calls) <= 4


def test_a_source_that_creeps_ends_it_after_its_time(counter: Counter) -> None:
    slow(counter, LONGEST / 4)
    began = counter.clock.now()
    report = run(counter, drains=True)

    assert 0 < undone(counter) == report.channels[0].unbooked
    assert counter.clock.now() - began < timedelta(seconds=2 * LONGEST)


def test_a_command_that_is_stopped_goes_on_no_more(counter: Counter) -> None:
    slow(counter)
    engine = counter.engine()
    task = Task(
        trigger=Trigger.BY_HAND, word="test", sources=[], channels=[SHOP], send=True, drains=True
    )
    source = counter.stock_of
    report = run_cycle(engine, task, lambda _: "", lambda: len(source.calls) > 2)

    assert (3, ORDERS - 3) == (len(source.calls), report.channels[0].unbooked)


def test_a_channel_that_another_process_takes_is_left_to_it(counter: Counter) -> None:
    source = slow(counter)
    run(counter, drains=False)
    before = len(source.calls)
    with counter.ledger.lease(SHOP):
        report = run(counter, drains=True)

    assert (before, True) == (len(source.calls), report.channels[0].leased)


def test_a_source_that_lets_nobody_in_is_told_at_once(counter: Counter) -> None:
    counter.stocked(A=10)
    for _ in range(3):
        counter.shop.order("A", 1)
    counter.stock_of.refuse = SourceUnauthorized("no such table: syncd_bookings")
    report = run(counter, drains=True)
    (told,) = report.attention
    standing = status(counter.engine(), "ledger.db").needs_attention

    assert (3, "syncd doctor stock") == (told.count, told.help)
    assert "no such table: syncd_bookings" in told.what
    assert told.what in [item.what for item in standing]
    assert "denied" == counter.rows("A")[0].code


def test_a_daemon_goes_on_without_a_pause_while_bookings_get_done(counter: Counter) -> None:
    slow(counter)
    pauses = []
    while True:
        (part,) = run(counter, drains=False).channels
        pauses.append(until_next(counter.engine(), part))
        if not part.unbooked:
            break

    assert [timedelta(0)] * (len(pauses) - 1) + [None] == pauses
    assert len(pauses) > 2


def test_a_daemon_pauses_when_nothing_gets_done(counter: Counter) -> None:
    source = slow(counter, 15.0)
    source.faults = [Fault.LATER] * 1000
    (part,) = run(counter, drains=False).channels

    assert PAUSE == until_next(counter.engine(), part)


def test_what_was_denied_once_is_not_told_so_when_the_source_is_merely_away(
    counter: Counter,
) -> None:
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.stock_of.refuse = SourceUnauthorized("no such table")
    run(counter, drains=False)
    counter.stock_of.refuse = None
    counter.stock_of.faults = [Fault.AWAY]
    counter.cycle_later()

    assert ("", "away") == (counter.rows("A")[0].code, counter.rows("A")[0].message)
    assert () == status(counter.engine(), "ledger.db").needs_attention

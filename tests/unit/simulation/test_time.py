from syncd.simulation.polling import LONGEST_SKIP, Poll
from syncd.simulation.timeline import BEGIN, Timeline


def test_sleeping_lets_everything_happen_that_is_due_in_its_order() -> None:
    time = Timeline()
    told: list[str] = []
    time.at(2.0, lambda: told.append(f"second at {time.time}"))
    time.at(1.0, lambda: told.append(f"first at {time.time}"))
    time.at(9.0, lambda: told.append("too late"))
    time.sleep(5.0)
    assert ["first at 1.0", "second at 2.0"] == told
    assert 5.0 == time.time == time.monotonic() == (time.now() - BEGIN).total_seconds()


def test_what_happens_may_make_more_happen() -> None:
    time = Timeline()
    told: list[float] = []
    time.at(1.0, lambda: time.after(0.5, lambda: told.append(time.time)))
    time.sleep(2.0)
    assert [1.5] == told


def test_who_rests_goes_on_when_woken() -> None:
    time = Timeline()
    time.at(3.0, time.wake)
    time.rest(10.0)
    assert 3.0 == time.time
    time.rest(10.0)
    assert 10.0 == time.time


def test_a_poll_comes_around_on_its_grid_while_there_is_something_to_find() -> None:
    poll = Poll(every=60.0, phase=7.0)
    assert 7.0 == poll.due(0.0)
    poll.ran(7.0)
    poll.stir(70.0)
    assert 127.0 == poll.due(70.0)
    poll.ran(127.0)
    assert 1 == poll.skipped  # the one at 67, which could find nothing


def test_a_poll_that_would_find_nothing_is_counted_and_not_made() -> None:
    poll = Poll(every=60.0, phase=0.0)
    poll.ran(0.0)
    assert LONGEST_SKIP + 60.0 == poll.due(1.0)
    poll.ran(LONGEST_SKIP + 60.0)
    assert LONGEST_SKIP / 60 == poll.skipped


def test_a_hint_does_not_replace_the_poll_that_is_due() -> None:
    poll = Poll(every=60.0, phase=0.0)
    poll.ran(60.0)
    poll.hinted = True
    assert 61.0 == poll.due(61.0)
    poll.ran(61.0)
    poll.stir(62.0)
    assert 120.0 == poll.due(62.0)
    poll.ran(120.0)
    assert 0 == poll.skipped

import json
from dataclasses import replace

import pytest

from syncd.simulation.demand import Side
from syncd.simulation.figures import Interval, figures
from syncd.simulation.run import Failure, Outcome, Trial
from syncd.simulation.tally import Tally
from syncd.simulation.telling import document, failure, table


def outcome(design: str, seed: int, oversold: int) -> Outcome:
    tally = Tally()
    for number in range(1_000):
        side = Side.TIKTOK if number % 2 else Side.OWN
        tally.sold(side, 1, left=0 if number < oversold else 1)
    tally.turned_away(1, left=1)
    tally.turned_away(1, left=0)
    tally.delays = [float(number) for number in range(101)]
    tally.requests = 3_000
    trial = Trial(seed=seed, scenario="normal", design=design)
    return Outcome(trial=trial, days=1.0, tally=tally, digest="", failure=None)


def test_an_interval_widens_with_the_spread_of_the_seeds() -> None:
    assert Interval(mean=3.0, half=None) == Interval.of([3.0])
    found = Interval.of([1.0, 2.0, 3.0])
    assert 2.0 == found.mean
    assert 4.303 / 3**0.5 == pytest.approx(found.half)


def test_figures_are_per_ten_thousand_orders_and_compared_with_the_typical_app() -> None:
    typical = [outcome("B", 1, 20), outcome("B", 2, 40)]
    found = figures([outcome("G", 1, 1), outcome("G", 2, 3)], typical)
    assert 20.0 == found.oversold.mean
    assert 15.0 == found.fewer
    assert 10.0 == found.refused.mean
    assert 3.0 == found.calls
    assert found.wait is not None
    assert (50.0, 95.0, 99.0) == (found.wait.median, found.wait.p95, found.wait.p99)


def test_nothing_oversold_is_no_number_of_times_fewer() -> None:
    assert figures([outcome("G", 1, 0)], [outcome("B", 1, 5)]).fewer is None
    assert figures([outcome("G", 1, 1)], []).fewer is None


def test_the_table_has_a_row_and_a_sentence_for_each_design() -> None:
    typical = [outcome("B", 1, 20), outcome("B", 2, 40)]
    rows = [figures(typical, typical), figures([outcome("G", 1, 1), outcome("G", 2, 1)], typical)]
    text = table(rows)
    assert ["B", "300.00", "±", "1270.60", "3.000%"] == text.splitlines()[3].split()[:5]
    assert "30 ×" in text
    assert "  G: webhooks from both sides" in text
    assert max(map(len, text.splitlines())) <= 120
    assert ["B", "G"] == [row["design"] for row in json.loads(document(rows))["figures"]]


def test_a_source_that_is_not_written_back_is_told_what_remains_and_which_safety_stock_it_needs() -> (
    None
):
    late, written = figures([outcome("H60", 1, 40)], []), figures([outcome("G", 1, 40)], [])
    told = " ".join(table([late]).split())
    assert 20 == late.oversold_own
    assert 300 == sum(late.proposed.values())
    assert "the own shop sold 20 of them" in told
    assert f"1 unit of {late.proposed[1]} SKUs" in told
    assert {} == written.proposed
    assert "remains" not in table([written])


def test_orders_that_are_booked_sooner_need_less() -> None:
    hourly, soon = (figures([outcome(name, 1, 1)], []).proposed for name in ("H60", "H5"))
    assert max(hourly) > max(soon)


def test_a_broken_law_is_told_with_its_moment_and_its_trace() -> None:
    broken = replace(
        outcome("G", 7, 0), failure=Failure(law="no …", how="S001 shows 5", at=90_061.0),
        lines=("1.000 own buyer of S001",),
    )  # fmt: skip
    told = failure(broken)
    assert "S001 shows 5, at 01:01:01 of day 2" in told
    assert "seed 7" in told
    assert "  1.000 own buyer of S001" in told

"""What the doctor says of a source."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.domain.errors import SourceError, SourceInvalid, SourceUnauthorized
from syncd.engine.examining import examine_source
from syncd.ports.probe import Check, Verdict
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import STOCK, Shopfloor


def examined(floor: Shopfloor, every: timedelta = timedelta(minutes=15)) -> Sequence[Check]:
    setup = replace(floor.engine().sources[STOCK], every=every)
    return examine_source(floor.engine(), setup)


@pytest.fixture
def floor(tmp_path: Path) -> Shopfloor:
    return Shopfloor(tmp_path)


def test_a_sound_source_is_read_whole_and_nothing_is_recorded(floor: Shopfloor) -> None:
    floor.source.rows = [Row(f"S{n}", str(n), price="2.50", currency="EUR") for n in range(7)]

    checks = examined(floor)

    assert {Verdict.OK} == {check.verdict for check in checks}
    assert checks[0].text.endswith("UTC: 7 rows")
    assert "sample: S0 0 at 2.50 EUR (default); S1 1 at 2.50 EUR (default)" == (
        "; ".join(checks[1].text.split("; ")[:2])
    )
    assert 5 == checks[1].text.count(" at ")
    assert "a list, read every 0:15:00" == checks[-1].text
    assert {} == floor.ledger.standings()


def test_every_kind_of_row_is_counted_and_five_rejects_are_shown(floor: Shopfloor) -> None:
    rejects = [Row(f"R{n}", "x", reject=f"bad {n}") for n in range(8)]
    floor.source.rows = [Row("A", ""), Row("B", "untracked"), Row("C", "-1"), *rejects]

    checks = examined(floor)

    assert checks[0].text.endswith("3 rows, 1 unknown, 1 untracked, 8 rejected")
    shown = [check.text for check in checks if check.verdict is Verdict.WARN]
    assert [f"rejected: stock.list:{n + 5}: bad {n}" for n in range(5)] == shown


def test_a_source_of_prices_is_not_asked_for_units(floor: Shopfloor) -> None:
    floor.source.rows = [Row("A", "", price="2.5", currency="EUR"), Row("B", "")]
    setup = replace(floor.engine().sources[STOCK], orders=None)

    checks = examine_source(floor.engine(), setup)

    assert checks[0].text.endswith("UTC: 2 rows")
    assert "sample: A 2.50 EUR; B without a price" == checks[1].text


def test_objections_are_worth_knowing(floor: Shopfloor) -> None:
    floor.source.rows = [Row("A", "1")]
    floor.source.objections = ["it may be cut"]

    worries = [check for check in examined(floor) if check.verdict is not Verdict.OK]

    assert [("it may be cut", Verdict.WARN)] == [(row.text, row.verdict) for row in worries]


def test_a_source_without_a_usable_row_is_in_the_way(floor: Shopfloor) -> None:
    floor.source.rows = [Row("A", "x", reject="bad")]

    assert ["not one row can be used"] == [
        check.text for check in examined(floor) if check.verdict is Verdict.BAD
    ]


def test_a_reading_longer_than_half_its_interval_is_worth_knowing(floor: Shopfloor) -> None:
    floor.source.rows = [Row("A", "1")]

    checks = examined(floor, every=timedelta(seconds=0))

    assert "write a longer `every`" in [check.help for check in checks]


@pytest.mark.parametrize(
    ("error", "help_"),
    [
        (SourceUnauthorized("no"), "give the access it asks for, then syncd ingest stock"),
        (SourceInvalid("no"), "mend it, then syncd ingest stock"),
    ],
)
def test_a_failure_is_the_last_check_and_says_what_to_do(
    floor: Shopfloor, error: SourceError, help_: str
) -> None:
    floor.source.fail = error
    last = examined(floor)[-1]
    assert ("no", Verdict.BAD, help_) == (last.text, last.verdict, last.help)

"""The floor under the coverage of modules that decide names what is missing and cannot be emptied silently."""

from pathlib import Path

import pytest

from tests.coverage_floor import FLOOR, Gaps, main, shortfalls

WHOLE = Gaps(lines=[], jumps=[])
ROOT = Path(__file__).parents[2]


def test_a_file_below_the_floor_is_named_with_its_lines_and_jumps() -> None:
    measured = {"a/x.py": Gaps(lines=[7], jumps=[[3, 7], [9, -1]]), "a/y.py": WHOLE, "b.py": WHOLE}

    assert ["a/x.py: no test reaches 7, 3->7, 9->end"] == list(
        shortfalls(measured, ["a/*.py", "b.py"])
    )


def test_a_file_that_nobody_measured_is_below_the_floor() -> None:
    assert ["b.py: no such file was measured; was it renamed?"] == list(
        shortfalls({"a/x.py": WHOLE}, ["a/*.py", "b.py"])
    )


def test_files_outside_the_floor_do_not_count() -> None:
    assert [] == list(shortfalls({"a.py": WHOLE, "z.py": Gaps(lines=[1], jumps=[])}, ["a.py"]))


def test_every_entry_of_the_floor_is_a_file_of_today() -> None:
    assert [] == [pattern for pattern in FLOOR if not any(ROOT.glob(pattern))]


def test_no_record_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert 1 == main()
    assert "make coverage" in capsys.readouterr().err

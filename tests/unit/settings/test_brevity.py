"""What an error of the configuration repeats of a long value."""

from pathlib import Path

import pytest

from syncd.domain.errors import ConfigError
from syncd.settings.brevity import LONGEST, brief
from syncd.settings.loading import load_settings
from syncd.settings.yaml_marks import LARGEST_FILE
from tests.unit.settings.standins import STANDINS

SCALAR = 200_000
MOST = 500
"""Characters of a whole problem: place, path, the value that was cut, hint."""


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ("'12x' is no whole number", "'12x' is no whole number"),
        (f"{'a' * 80!r} is no name", f"{'a' * 80!r} is no name"),
        (f"'{'a' * 80}…' is no name", f"{'a' * 81!r} is no name"),
        (f"'{'a b ' * 20}…' is no name", f"{'a b ' * 99!r} is no name"),
        (f'"{"it is " * 13}it…" is no name', f"{'it is ' * 99 + chr(39)!r} is no name"),
        (f"'{chr(92)}n{'a' * 79}…' is no name", f"{chr(10) + 'a' * 99!r} is no name"),
        (f"{'9' * 80}… must be at most 5", f"{'9' * 99} must be at most 5"),
        (f"the tag !{'t' * 79}… is not accepted", f"the tag !{'t' * 99} is not accepted"),
        (f"'{'a' * 80}…' is none, and '{'b' * 80}…'", f"{'a' * 99!r} is none, and {'b' * 99!r}"),
        (
            f"the shop's {'own word ' * 20}is the shop's",
            f"the shop's {'own word ' * 20}is the shop's",
        ),
    ],
)
def test_a_value_is_repeated_up_to_eighty_characters(expected: str, message: str) -> None:
    assert expected == brief(message)


@pytest.mark.parametrize(
    "text",
    [
        "mode: {long}",
        "ledger: {long}",
        "timezone: {long}",
        "sources: {{stock: {{kind: {long}}}}}",
        "sources: {{stock: {{kind: csv_file, every: {long}}}}}",
        "sources: {{stock: {{kind: csv_file, orders: {long}}}}}",
        "channels: {{shop: {{kind: tiktok_shop, rules: [{{match: a, cap: {long}}}]}}}}",
        "? {long}\n: 1",
        "a: &{long} 1",
        "a: *{long}",
        "a: !{long} 1",
    ],
)
@pytest.mark.parametrize("unit", ["x", "9", "two words "])
def test_no_error_prints_a_long_value_whole(tmp_path: Path, text: str, unit: str) -> None:
    long = (unit * SCALAR)[:SCALAR].strip()
    path = tmp_path / "syncd.yaml"
    path.write_text(text.format(long=long) + "\n")

    with pytest.raises(ConfigError) as refused:
        load_settings(path, STANDINS, {})

    told = [str(problem) for problem in refused.value.problems]
    assert told
    assert [] == [line[:MOST] for line in told if len(line) - len(str(path)) > MOST]
    assert (unit * LONGEST * 2)[: LONGEST + 1] not in "".join(told)


@pytest.mark.parametrize("size", [LARGEST_FILE + 1, 3 * LARGEST_FILE])
def test_a_file_that_is_too_large_is_told_the_bound_and_no_size(tmp_path: Path, size: int) -> None:
    path = tmp_path / "syncd.yaml"
    path.write_bytes(b"#" * size)

    with pytest.raises(ConfigError) as refused:
        load_settings(path, STANDINS, {})

    assert f"{path}:1:1: the file has more than 262144 bytes, and no more are read" == str(
        refused.value
    )

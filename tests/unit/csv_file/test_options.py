"""Options of a stock file that nobody can mean."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.source import FACTORY
from syncd.domain.identity import SourceName
from tests.fakes.clock import FakeClock
from tests.fakes.csv_files import put
from tests.fakes.tiktok import OneSecret


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("sku", {"trim": "maybe"}, "neither true nor false"),
        ("sku", {"pad": 65}, "less than or equal to 64"),
        ("delimiter", "~", "not one of , ; tab |"),
        ("delimiter", ["," ], "not one of"),
        ("encoding", "utf-99", "no known text encoding"),
        ("as_of", {"name": "%Y", "timezone": "Mars/Olympus"}, "no time zone"),
        ("as_of", {"name": "%Y", "timezone": 7}, "timezone"),
    ],
)  # fmt: skip
def test_what_nobody_can_mean_is_refused(key: str, value: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        CsvFileOptions.model_validate({"path": "stock.csv", key: value})


@pytest.mark.parametrize(("value", "expected"), [("yes", True), ("no", False), (True, True)])
def test_truths_are_words(value: object, expected: object) -> None:
    options = CsvFileOptions.model_validate({"path": "stock.csv", "sku": {"trim": value}})
    assert expected is options.sku.trim


class Other(BaseModel):
    """Options of another kind."""


def test_options_of_another_kind_are_a_fault_of_the_program(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="are no options of csv_file"):
        FACTORY.open(
            SourceName("s"),
            Other(),
            folder=tmp_path,
            credentials=OneSecret(""),
            clock=FakeClock(),
        )


def test_the_factory_opens_a_file_relative_to_the_folder_of_the_configuration(
    tmp_path: Path,
) -> None:
    put(tmp_path, "sku,qty\nA,1\n")
    source = FACTORY.open(
        SourceName("s"),
        CsvFileOptions(path="stock.csv"),
        folder=tmp_path,
        credentials=OneSecret(""),
        clock=FakeClock(),
    )

    with source.snapshot(None) as reader:
        assert [(("A", "1"),)] == [tuple(batch.values) for batch in reader.batches()]

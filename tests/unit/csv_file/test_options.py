"""Options of a stock file that nobody can mean."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.source import FACTORY
from syncd.domain.identity import SourceName
from syncd.ports.probe import Verdict
from tests.fakes.clock import FakeClock
from tests.fakes.csv_files import put, source_of
from tests.fakes.tiktok import OneSecret


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("sku", {"trim": "maybe"}, "neither true nor false"),
        ("sku", {"pad": 65}, "less than or equal to 64"),
        ("delimiter", "~", "not one of , ; tab |"),
        ("delimiter", ["," ], "not one of"),
        ("encoding", "utf-99", "no known text encoding"),
        ("sheet", "Stock", "sheet means nothing for a file read as csv"),
        ("max_size", "much", "is no size"),
        ("max_size", "0", "is no size"),
        ("max_size", "9999 GiB", "is no size"),
        ("timeout", "0s", "silent for 1s to 1h"),
        ("timeout", "2h", "silent for 1s to 1h"),
        ("host_key", "SHA256:" + "A" * 43, "goes with sftp:// only"),
        ("auth", {"bearer": {"credential": "x"}}, "goes with a web or sftp address only"),
        ("allow_private", "yes", "goes with a web address only"),
        ("as_of", {"name": "%Y", "timezone": "Mars/Olympus"}, "no time zone"),
        ("as_of", {"name": "%Y", "timezone": 7}, "timezone"),
    ],
)  # fmt: skip
def test_what_nobody_can_mean_is_refused(key: str, value: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        CsvFileOptions.model_validate({"path": "stock.csv", key: value})


@pytest.mark.parametrize("mark", [".", ","])
def test_one_mark_cannot_stand_for_two_things(mark: str) -> None:
    with pytest.raises(ValidationError, match="cannot be the decimal mark"):
        CsvFileOptions.model_validate({"path": "a.csv", "decimal": mark, "thousands": mark})


@pytest.mark.parametrize(
    ("path", "auth", "words"),
    [
        ("https://h/stock.csv", {"private_key": {"credential": "x"}}, "private_key goes with sftp"),
        ("gopher://h/stock.csv", {"bearer": {"credential": "x"}}, "gopher:// is not supported"),
    ],
)
def test_a_credential_that_no_such_server_takes_is_refused_and_a_wrong_path_only_once(
    path: str, auth: object, words: str
) -> None:
    with pytest.raises(ValidationError, match=words) as refused:
        CsvFileOptions.model_validate({"path": path, "auth": auth, "delimiter": ","})

    assert 1 == refused.value.error_count()


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


def test_the_doctor_says_how_old_a_file_is(tmp_path: Path) -> None:
    put(tmp_path, "sku,qty\nA,1\n")

    (check,) = source_of(tmp_path).probe(timedelta(minutes=15))

    assert Verdict.OK is check.verdict
    assert f"{tmp_path / 'stock.csv'} was written 1h ago" in check.text


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (7, 7),
        ("1", 1),
        ("500 MB", 500_000_000),
        ("2GiB", 2 * 1024**3),
        ("1.5 kb", 1500),
        ("10 mib", 10 * 1024**2),
    ],
)
def test_a_size_is_a_number_of_bytes_or_written_with_its_unit(text: object, size: int) -> None:
    assert size == CsvFileOptions.model_validate({"path": "stock.csv", "max_size": text}).max_size


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("stock.csv", "csv"),
        ("stock.txt", "csv"),
        ("stock-*.XLSX", "xlsx"),
        ("stock.xlsm.gz", "xlsx"),
        ("stock.pq", "parquet"),
        ("stock.parquet.zip", "parquet"),
        ("https://h/stock.jsonl?x=.csv", "jsonl"),
        ("https://h/export?name=stock.jsonl", "csv"),
        ("sftp://u@h/stock-*.ndjson.gz", "jsonl"),
    ],
)
def test_the_ending_of_the_path_tells_the_format(path: str, form: str) -> None:
    server = {
        "host_key": f"SHA256:{'A' * 43}", "auth": {"password": {"credential": "x"}},
    } if path.startswith("sftp") else {}  # fmt: skip
    assert form == CsvFileOptions.model_validate({"path": path} | server).table_format


@pytest.mark.parametrize("key", ["delimiter", "encoding", "trailing_newline"])
def test_a_key_that_another_format_knows_is_not_ignored(key: str) -> None:
    value = {"delimiter": ";", "encoding": "utf-8", "trailing_newline": "optional"}[key]
    with pytest.raises(ValidationError, match=f"{key} means nothing for a file read as xlsx"):
        CsvFileOptions.model_validate({"path": "stock.xlsx", key: value})

"""Parquet: decimals exact, whole floats whole, nulls unknown, and a file without its end refused."""

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.csv_file.parquet_table import ROWS_AT_ONCE
from syncd.domain.errors import SourceInvalid
from syncd.domain.stock import State
from tests.fakes.csv_files import Read, put, read
from tests.fakes.tables import parquet

NAME = "stock.parquet"


def told(folder: Path, content: bytes, **options: object) -> Read:
    put(folder, content, NAME)
    return read(folder, path=NAME, **options)


def test_columns_are_read_by_their_names(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 11, 23, 8, 0, 0, 123456, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    found = told(
        tmp_path,
        parquet(
            {"SKU": ["00123", "B"], "Warehouse": ["Main", "East"], "On Hand": [9, 4],
             "allocated": [2, None], "price": [Decimal("12.50"), Decimal("0.01")],
             "currency": ["USD", "EUR"], "cost": [7.25, None], "counted_at": [moment, None],
             "tags": [["x"], []]},
            {"price": pa.decimal128(12, 2), "counted_at": pa.timestamp("ns", tz="Europe/Berlin")},
        ),
    )  # fmt: skip

    assert {"00123": 9, "B": 4} == found.quantities
    first, second = found.readings
    assert ("Main", 2, "12.50", "USD", "7.25", moment) == (
        first.location, first.committed, str(first.price), first.currency, str(first.cost),
        first.counted_at,
    )  # fmt: skip
    assert (0, "0.01", None, None) == (
        second.committed, str(second.price), second.cost, second.counted_at,
    )  # fmt: skip
    assert [1, 2] == found.positions


@pytest.mark.parametrize(
    ("kind", "value", "quantity"),
    [
        (pa.int8(), 12, 12),
        (pa.uint64(), 12, 12),
        (pa.float64(), 12.0, 12),
        (pa.float64(), 123456789.0, 123456789),
        (pa.float32(), 12.0, 12),
        (pa.float16(), 12.0, 12),
        (pa.decimal128(9, 3), Decimal("12.000"), 12),
        (pa.decimal128(9, 3), Decimal("1000.000"), 1000),
        (pa.decimal256(50, 0), Decimal(12), 12),
        (pa.string(), "12", 12),
        (pa.large_string(), "12", 12),
        (pa.dictionary(pa.int8(), pa.string()), "12", 12),
        (pa.float64(), None, None),
        (pa.null(), None, None),
    ],
    ids=str,
)
def test_a_whole_number_is_whole_in_every_type(
    tmp_path: Path, kind: pa.DataType, value: object, quantity: int | None
) -> None:
    found = told(tmp_path, parquet({"sku": ["A"], "qty": [value]}, {"qty": kind}))

    assert {"A": quantity} == found.quantities
    assert (State.UNKNOWN if value is None else State.KNOWN) is found.readings[0].state


@pytest.mark.parametrize(
    ("kind", "value", "price"),
    [
        (pa.float64(), 19.99, "19.99"),
        (pa.float64(), 0.1 + 0.2, "0.3"),
        (pa.float32(), 19.99, "19.99"),
        (pa.decimal128(20, 8), Decimal("0.00000001"), "1E-8"),
        (pa.decimal128(38, 10), Decimal("1234567890123456789.0000000001"), None),
    ],
    ids=str,
)
def test_a_price_is_exactly_what_was_meant(
    tmp_path: Path, kind: pa.DataType, value: object, price: str | None
) -> None:
    found = told(tmp_path, parquet({"sku": ["A"], "price": [value]}, {"price": kind}))

    assert Decimal(price or str(value)) == found.readings[0].price


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (12.5, "no whole number"),
        (1e21, "scientific notation"),
        (float("nan"), "is no number"),
        (float("inf"), "is no number"),
        (2e9, "larger than"),
    ],
)
def test_what_is_no_number_of_units_rejects_its_row(
    tmp_path: Path, value: float, words: str
) -> None:
    content = parquet({"sku": ["A", "B"], "qty": [value, 2.0]})
    found = told(tmp_path, content)

    assert {"B": 2} == found.quantities
    assert [(f"{NAME}:1", "A")] == [(reject.at, reject.sku) for reject in found.rejects]
    assert words in found.rejects[0].reason


@pytest.mark.parametrize(
    ("kind", "value", "sku"),
    [
        (pa.int64(), 123, "123"),
        (pa.int64(), 2**62, str(2**62)),
        (pa.float64(), 4006381333931.0, "4006381333931"),
        (pa.decimal128(20, 0), Decimal(12345678901234), "12345678901234"),
    ],
    ids=str,
)
def test_a_sku_of_a_whole_number_is_that_text(
    tmp_path: Path, kind: pa.DataType, value: object, sku: str
) -> None:
    assert {sku: 1} == told(
        tmp_path, parquet({"sku": [value], "qty": [1]}, {"sku": kind})
    ).quantities


@pytest.mark.parametrize(
    ("value", "words"), [(1.5, "is the number 1.5"), (1e17, "is the number 1e+17"), (None, "blank")]
)
def test_a_sku_whose_digits_may_be_lost_rejects_its_row(
    tmp_path: Path, value: float | None, words: str
) -> None:
    found = told(tmp_path, parquet({"sku": [value, 7.0], "qty": [1, 2]}, {"sku": pa.float64()}))

    assert {"7": 2} == found.quantities
    assert [None] == [reject.sku for reject in found.rejects]
    assert words in found.rejects[0].reason


@pytest.mark.parametrize(
    ("key", "kind", "value"),
    [
        ("qty", pa.bool_(), True),
        ("qty", pa.list_(pa.int64()), [1]),
        ("qty", pa.date32(), dt.date(2026, 1, 1)),
        ("qty", pa.struct([("n", pa.int64())]), {"n": 1}),
        ("qty", pa.binary(), b"1"),
        ("sku", pa.timestamp("us"), dt.datetime(2026, 1, 1)),  # noqa: DTZ001 - a type without zone
        ("sku", pa.bool_(), True),
        ("currency", pa.int64(), 1),
        ("counted_at", pa.int64(), 1),
        ("counted_at", pa.time64("us"), dt.time(8)),
    ],
    ids=str,
)
def test_a_type_that_cannot_mean_its_column_is_refused_by_name(
    tmp_path: Path, key: str, kind: pa.DataType, value: object
) -> None:
    columns = {"sku": ["A"], "qty": [1], key: [value]}
    with pytest.raises(SourceInvalid, match=f"the column '{key}' is of type"):
        told(tmp_path, parquet(columns, {key: kind}))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.timestamp("s"), dt.datetime(2026, 11, 23)),  # noqa: DTZ001 - as above
        (pa.date32(), dt.date(2026, 11, 23)),
        (pa.string(), "2026-11-23"),
    ],
    ids=str,
)
def test_a_count_without_a_zone_takes_the_configured_one(
    tmp_path: Path, kind: pa.DataType, value: object
) -> None:
    content = parquet({"sku": ["A"], "qty": [1], "counted_at": [value]}, {"counted_at": kind})
    assert "no time zone" in told(tmp_path, content).rejects[0].reason
    found = told(tmp_path, content, counted_at_timezone="Europe/Berlin")
    assert dt.datetime(2026, 11, 22, 23, 0, tzinfo=dt.UTC) == found.readings[0].counted_at


def test_declared_marks_are_those_of_texts_and_never_spoil_numbers(tmp_path: Path) -> None:
    content = parquet({"sku": ["A"], "qty": ["1.234"], "price": [9.5]})
    found = told(tmp_path, content, decimal=",", thousands=".")

    assert ({"A": 1234}, Decimal("9.5")) == (found.quantities, found.readings[0].price)


@pytest.mark.parametrize("options", [{}, {"row_group_size": 1_000}, {"compression": "zstd"}])
def test_every_row_of_many_batches_comes_once_with_its_number(
    tmp_path: Path, options: dict[str, str | int]
) -> None:
    rows = 2 * ROWS_AT_ONCE + 3
    content = parquet(
        {"sku": [f"S{n}" for n in range(rows)], "stock.qty": list(range(rows))}, None, **options
    )
    found = told(tmp_path, content, columns={"quantity": "stock.qty"})

    assert list(range(1, rows + 1)) == found.positions
    assert {f"S{n}": n for n in range(rows)} == found.quantities


GOOD = parquet({"sku": ["A", "B"], "qty": [1, 2]})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"sku,qty\nA,1\n", "is not a Parquet file"),
        (b"<html>Sign in", "web page"),
        (b"PAR1", "no Parquet file that can be read"),
        (GOOD[:-1], "no Parquet file that can be read"),
        (GOOD[: len(GOOD) // 2], "no Parquet file that can be read"),
        (GOOD[:-8] + b"\xff\xff\xff\x7f" + GOOD[-4:], "no Parquet file that can be read"),
        (parquet({"name": ["A"], "qty": [1]}), "no column is the SKU"),
    ],
    ids=range(8),
)
def test_what_is_no_whole_parquet_file_is_refused(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(SourceInvalid, match=words):
        told(tmp_path, content)


def test_a_damaged_page_is_refused_where_pages_have_checksums(tmp_path: Path) -> None:
    plain: dict[str, str | bool] = {
        "compression": "none",
        "use_dictionary": False,
        "write_statistics": False,
    }
    whole = parquet({"sku": ["A", "B"], "qty": [1, 2]}, None, **plain)
    at = whole.index((2).to_bytes(8, "little"))
    damaged = whole[:at] + b"\x07" + whole[at + 1 :]

    assert {"A": 1, "B": 2} == told(tmp_path, whole).quantities
    with pytest.raises(SourceInvalid, match="no Parquet file that can be read"):
        told(tmp_path, damaged)


def test_rows_out_of_nothing_are_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    same = pa.table(
        {"sku": pa.array(["A"] * 1_000_000).dictionary_encode(), "qty": [1] * 1_000_000}
    )
    with pq.ParquetWriter(out, same.schema) as writer:
        for _ in range(2):
            writer.write_table(same, row_group_size=1_000_000)

    with pytest.raises(SourceInvalid, match="it claims 2000000 rows in"):
        told(tmp_path, out.getvalue())


def test_a_footer_that_claims_another_number_of_rows_is_refused(tmp_path: Path) -> None:
    content = parquet({"sku": [f"S{n}" for n in range(200)], "qty": [1] * 200})
    rows, one_more = (
        b"\x16\x90\x03\x19",
        b"\x16\x92\x03\x19",
    )  # the field num_rows as Thrift packs it
    assert 1 == content.count(rows)

    with pytest.raises(SourceInvalid, match="it holds 200 rows and claims 201"):
        told(tmp_path, content.replace(rows, one_more))


def test_a_file_past_the_limit_is_refused(tmp_path: Path) -> None:
    content = parquet({"sku": ["A"] * 100_000, "qty": list(range(100_000))}, compression="zstd")
    with pytest.raises(SourceInvalid, match="it unpacks to more than"):
        told(tmp_path, content, max_size=f"{len(content) + 10}")

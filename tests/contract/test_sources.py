"""Every source, and the fake the engine's tests use, keeps the same contract."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from syncd.domain.errors import SourceUnauthorized, SourceUnavailable
from syncd.domain.identity import SourceName
from tests.contract.source_contract import SecretContract, SourceContract, SourceStage, rows_of
from tests.fakes.clock import FakeClock
from tests.fakes.csv_files import put, source_of
from tests.fakes.memory_source import MemorySource, Row


class TestMemorySource(SourceContract, SecretContract):
    @pytest.fixture
    def stage(self) -> SourceStage:
        source = MemorySource(name=SourceName("stock"), as_of=FakeClock().now(), batch=100)

        def fail(error: SourceUnavailable | SourceUnauthorized | None) -> None:
            source.fail = error

        def set_rows(quantities: Mapping[str, int]) -> None:
            source.rows = [Row(sku, units) for sku, units in rows_of(quantities)]

        def cut() -> None:
            source.fail_at_end = SourceUnavailable("the list was cut")

        def touch(sku: str, units: int) -> None:
            source.rows = [
                Row(row.sku, str(units) if row.sku == sku else row.quantity) for row in source.rows
            ]

        return SourceStage(
            source=source,
            put=set_rows,
            spoil=lambda: source.rows.append(Row("BAD", "x", reject="no number")),
            away=lambda: fail(SourceUnavailable("gone")),
            back=lambda: fail(None),
            cut=cut,
            touch=touch,
            lock=lambda: fail(SourceUnauthorized("who are you?")),
            unlock=lambda: fail(None),
        )


class TestCsvFile(SourceContract):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> SourceStage:
        path = tmp_path / "stock.csv"
        held: dict[str, int] = {}

        def write(quantities: Mapping[str, int]) -> None:
            held.clear()
            held.update(quantities)
            lines = "".join(f"{sku},{units}\n" for sku, units in rows_of(held))
            put(tmp_path, f"sku,quantity\n{lines}")

        def spoil() -> None:
            put(tmp_path, path.read_bytes() + b"BAD,many\n")

        def cut() -> None:
            put(tmp_path, path.read_bytes() + b'"LAST,5')

        def touch(sku: str, units: int) -> None:
            write({**held, sku: units})

        def away() -> None:
            path.rename(tmp_path / "elsewhere")

        def back() -> None:
            (tmp_path / "elsewhere").rename(path)

        return SourceStage(
            source=source_of(tmp_path),
            put=write,
            spoil=spoil,
            away=away,
            back=back,
            cut=cut,
            touch=touch,
        )

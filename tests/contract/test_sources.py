"""Every source, and the fake the engine's tests use, keeps the same contract."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from syncd.domain.errors import SourceUnauthorized, SourceUnavailable
from syncd.domain.identity import SourceName
from tests.contract import database_stages, file_stages
from tests.contract.shopify_stages import shopify_stage
from tests.contract.source_contract import (
    DeltaContract,
    SecretContract,
    SourceContract,
    SourceStage,
    rows_of,
)
from tests.fakes.clock import FakeClock
from tests.fakes.databases import mariadb_site, postgres_site, sqlite_site
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
        return file_stages.stage_of(file_stages.on_disk(tmp_path, file_stages.CSV), file_stages.CSV)


class TestCsvFileOnTheWeb(SourceContract, SecretContract):
    @pytest.fixture
    def stage(self) -> Iterator[SourceStage]:
        with file_stages.on_the_web() as place:
            yield file_stages.stage_of(place, file_stages.CSV)


class TestCsvFileOverSftp(SourceContract, SecretContract):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[SourceStage]:
        with file_stages.over_sftp(tmp_path) as place:
            yield file_stages.stage_of(place, file_stages.CSV)


class TestWorkbook(SourceContract):
    many = 5_000
    """Python writes and reads about ten thousand rows a second."""

    @pytest.fixture
    def stage(self, tmp_path: Path) -> SourceStage:
        return file_stages.stage_of(
            file_stages.on_disk(tmp_path, file_stages.XLSX), file_stages.XLSX
        )


class TestJsonLines(SourceContract):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> SourceStage:
        return file_stages.stage_of(
            file_stages.on_disk(tmp_path, file_stages.JSON_LINES), file_stages.JSON_LINES
        )


class TestParquet(SourceContract):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> SourceStage:
        return file_stages.stage_of(
            file_stages.on_disk(tmp_path, file_stages.PARQUET), file_stages.PARQUET
        )


class TestSqlite(SourceContract, DeltaContract):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[SourceStage]:
        with sqlite_site(tmp_path) as site:
            yield database_stages.sqlite_stage(site, tmp_path / "erp.db")


@pytest.mark.server
class TestPostgresql(SourceContract, SecretContract, DeltaContract):
    @pytest.fixture
    def stage(self) -> Iterator[SourceStage]:
        with postgres_site() as site, database_stages.postgres_stage(site) as stage:
            yield stage


@pytest.mark.server
class TestMariadb(SourceContract, SecretContract, DeltaContract):
    @pytest.fixture
    def stage(self) -> Iterator[SourceStage]:
        with mariadb_site() as site, database_stages.mariadb_stage(site) as stage:
            yield stage


class TestShopifyByPages(SourceContract, SecretContract, DeltaContract):
    many = 2_000
    """The simulated shop answers about a thousand variants a second."""

    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[SourceStage]:
        with shopify_stage(
            tmp_path, bulk_from=10**6, cut="truncated", cut_at=" Variants "
        ) as stage:
            yield stage


class TestShopifyByBulkOperation(SourceContract, SecretContract, DeltaContract):
    many = 5_000

    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[SourceStage]:
        with shopify_stage(tmp_path, bulk_from=0, cut="bulk_short", cut_at="") as stage:
            yield stage

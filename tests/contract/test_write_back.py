"""Every source that can be written to, and the fake the engine's tests use, keeps the same contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.write_back_contract import RemoteContract, WriteBackContract, WriteBackStage
from tests.contract.write_back_stages import (
    mariadb_stage,
    memory_stage,
    postgres_stage,
    shopify_stage,
    sqlite_stage,
)
from tests.fakes.databases import mariadb_site, postgres_site, sqlite_site


class TestMemoryWriteBack(WriteBackContract, RemoteContract):
    @pytest.fixture
    def stage(self) -> WriteBackStage:
        return memory_stage()


class TestShopify(WriteBackContract, RemoteContract):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[WriteBackStage]:
        with shopify_stage(tmp_path) as stage:
            yield stage


class TestSqlite(WriteBackContract):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[WriteBackStage]:
        with sqlite_site(tmp_path) as site:
            yield sqlite_stage(site, tmp_path / "erp.db")


@pytest.mark.server
class TestPostgresql(WriteBackContract, RemoteContract):
    @pytest.fixture
    def stage(self) -> Iterator[WriteBackStage]:
        with postgres_site() as site, postgres_stage(site) as stage:
            yield stage


@pytest.mark.server
class TestMariadb(WriteBackContract, RemoteContract):
    @pytest.fixture
    def stage(self) -> Iterator[WriteBackStage]:
        with mariadb_site() as site, mariadb_stage(site) as stage:
            yield stage

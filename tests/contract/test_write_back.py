"""Every source that can be written to, and the fake the engine's tests use, keeps the same contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.write_back_contract import WriteBackContract, WriteBackStage
from tests.contract.write_back_stages import memory_stage, shopify_stage


class TestMemoryWriteBack(WriteBackContract):
    @pytest.fixture
    def stage(self) -> WriteBackStage:
        return memory_stage()


class TestShopify(WriteBackContract):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[WriteBackStage]:
        with shopify_stage(tmp_path) as stage:
            yield stage

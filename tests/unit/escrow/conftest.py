from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.escrow.two_shops import TwoShops
from tests.unit.escrow.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A source that is written back, and a shop that shows only what it owns of it."""
    world = Vault(tmp_path)
    yield world
    world.close()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[TwoShops]:
    """Two shops in escrow that share a source which nobody else sells from."""
    world = TwoShops(tmp_path)
    yield world
    world.close()

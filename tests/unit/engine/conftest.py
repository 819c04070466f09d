from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.shopfloor import Shopfloor


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Shopfloor]:
    """A shop, a source and a ledger."""
    world = Shopfloor(tmp_path)
    yield world
    world.close()

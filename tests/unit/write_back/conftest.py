from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.write_back.counter import Counter


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    """A source that is written back, a shop that draws on it, and a ledger."""
    world = Counter(tmp_path)
    yield world
    world.close()

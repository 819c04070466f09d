from collections.abc import Iterator

import pytest

from tests.process.simulation.world import silence


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    with silence():
        yield

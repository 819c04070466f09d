from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.unit.shopify_source.world import Raw, World, open_world

Open = Callable[[Raw | None], World]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens shops as described, closed after the test."""
    with ExitStack() as stack:
        yield lambda raw: stack.enter_context(open_world(tmp_path, raw))


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[World]:
    """The sample shop."""
    with open_world(tmp_path) as world:
        yield world

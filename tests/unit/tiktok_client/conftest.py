from collections.abc import Iterator

import pytest

from tests.unit.tiktok_client.stub import Stub, WoundClock, serving


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as running:
        yield running


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()

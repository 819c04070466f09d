from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.web import Stage, stage_of


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with stage_of(tmp_path) as opened:
        yield opened

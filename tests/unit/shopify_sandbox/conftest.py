from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.shopify_sandbox.shop_client import ShopClient, open_shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopClient]:
    with open_shop(tmp_path) as client:
        yield client

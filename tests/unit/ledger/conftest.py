"""A fresh ledger on disk for every test, with a clock that the test moves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.domain.identity import ChannelName, RunId, SourceName
from syncd.ledger.store import SqlLedger
from tests.fakes.clock import FakeClock
from tests.fakes.ledgers import ledger_at
from tests.fakes.shopfloor import Shopfloor, open_floor

SHOP = ChannelName("shop")
STOCK = SourceName("stock")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/state/ledger.db"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def ledger(path: Path, clock: FakeClock) -> Iterator[SqlLedger]:
    with ledger_at(path, clock) as opened:
        yield opened


@pytest.fixture
def run(ledger: SqlLedger) -> RunId:
    return ledger.begin_run("test")


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Shopfloor]:
    """A shop, a source and a ledger, with the engine between them."""
    with open_floor(tmp_path) as world:
        yield world

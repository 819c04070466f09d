"""A mapping of one file and one shop, for commands that are typed here."""

from pathlib import Path

import pytest

CONFIG = """
ledger: sqlite:///{ledger}
sources: {{stock: {{kind: csv_file, path: stock.csv, basis: on_hand, committed: none, orders: on_shipment}}}}
channels: {{shop: {{kind: tiktok_shop, app_key: k, app_secret: {{credential: s}}}}}}
"""


@pytest.fixture
def mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of the mapping; its ledger is the one that `open_floor(tmp_path)` makes."""
    monkeypatch.setenv("SYNCD_S", "secret")
    path = tmp_path / "syncd.yaml"
    path.write_text(CONFIG.format(ledger=tmp_path / "ledger.db"))
    return str(path)

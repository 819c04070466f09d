import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.tiktok import Control
from tests.process.forking import Forked, forks

SYNCD = str(Path(sys.executable).parent / "syncd")
STDERR = 2
MAIN = "7068517275539719942"
CONFIG = """\
mode: apply
ledger: sqlite:///ledger.db
sources:
  stock: {{kind: csv_file, path: stock.csv, basis: on_hand, committed: none, orders: on_shipment,
          settle: 0s, expect: {{max_shrink: 20%}}}}
channels:
  shop:
    kind: tiktok_shop
    app_key: {app_key}
    app_secret: {{credential: app_secret}}
    api_url: {url}
    auth_url: {url}
    rate: 200
"""


@dataclass
class Shopkeeper:
    """A folder with a configuration, a stock file and the installed program, beside a simulated shop."""

    folder: Path
    shop: dict[str, str]
    control: Control

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return {**kept, "SYNCD_CREDENTIALS_DIR": str(self.folder / "credentials"), "COLUMNS": "120"}

    def syncd(self, *arguments: str, timeout: float = 90) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return forks().run(
            "--config", "syncd.yaml", *arguments, cwd=self.folder, environment=self.environment,
            timeout=timeout,
        )  # fmt: skip

    def begin(self, *arguments: str, stdout: int, stderr: int) -> Forked:
        """Begin a command that writes to these open files, and leave it running."""
        return forks().start(
            "--config", "syncd.yaml", *arguments, cwd=self.folder, environment=self.environment,
            stdout=stdout, stderr=stderr,
        )  # fmt: skip

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the installed program and leave it running."""
        return subprocess.Popen(
            [SYNCD, "--config", "syncd.yaml", *arguments], cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment,
        )  # fmt: skip

    def report(self, *arguments: str) -> dict[str, object]:
        """Run a command with --json; its document."""
        done = self.syncd(*arguments, "--json")
        assert done.stdout, done.stderr
        document: dict[str, object] = json.loads(done.stdout)
        return document

    def stock(self, quantities: dict[str, int]) -> None:
        """Write the stock file."""
        rows = "".join(f"{sku},{units}\n" for sku, units in quantities.items())
        (self.folder / "stock.csv").write_text(f"sku,quantity\n{rows}")

    def shown(self) -> dict[str, int]:
        """What the shop shows, by seller SKU."""
        products = self.control.get("state")["products"]
        assert isinstance(products, list)
        return {
            sku["seller_sku"]: sku["available"] for product in products for sku in product["skus"]
        }

    def effects(self) -> set[tuple[str, int]]:
        """Every quantity that the shop itself says it was told to show, by listing."""
        entries = self.control.get("journal")["entries"]
        assert isinstance(entries, list)
        return {
            (item["sku_id"], item["quantity"])
            for entry in entries
            if entry["kind"] == "request"
            for item in entry.get("applied") or ()
            if "quantity" in item
        }


@contextmanager
def sandbox(folder: Path, seed: dict[str, object], *flags: str) -> Iterator[dict[str, str]]:
    """`syncd sandbox` as its own process."""
    path = folder / "seed.json"
    path.write_text(json.dumps(seed))
    end, written = os.pipe()
    with open(end, encoding="utf-8") as printed, open(written, "wb") as out:  # noqa: PTH123 - a pipe
        process = forks().start(
            "sandbox", "--seed", str(path), *flags, cwd=folder, environment=dict(os.environ),
            stdout=out.fileno(), stderr=STDERR,
        )  # fmt: skip
        out.close()
        try:
            described: dict[str, dict[str, str]] = json.loads(printed.readline())
            yield described["tiktok_shop"]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def seed_of(count: int, units: int = 10) -> dict[str, object]:
    """So many products of one SKU each."""
    return {
        "products": [
            {"title": f"p{number}", "skus": [{"seller_sku": f"S{number:03}", "price": "9.00",
                                              "stock": {MAIN: units}}]}
            for number in range(count)
        ],
        "orders": [],
    }  # fmt: skip


@contextmanager
def shopkeeper_of(folder: Path, seed: dict[str, object], *flags: str) -> Iterator[Shopkeeper]:
    """A connected shopkeeper."""
    with sandbox(folder, seed, *flags) as shop:
        credentials = folder / "credentials"
        credentials.mkdir(mode=0o700)
        secret = credentials / "app_secret"
        secret.write_text(shop["app_secret"])
        secret.chmod(0o600)
        (folder / "syncd.yaml").write_text(CONFIG.format(**shop))
        keeper = Shopkeeper(folder, shop, Control(shop["control"]))
        keeper.stock({"S000": 10})
        done = keeper.syncd("connect", "shop", "--auth-code", shop["auth_code"])
        assert 0 == done.returncode, done.stderr
        yield keeper


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Shopkeeper]:
    """A shop of fifty SKUs, ten units each."""
    with shopkeeper_of(tmp_path, seed_of(50)) as opened:
        yield opened

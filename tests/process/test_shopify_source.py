"""Commands against a simulated Shopify shop: doctor, ingest, and what a look costs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from connectors.shopify.sandbox.factory import FACTORY
from syncd.ports.sandbox import SandboxOptions
from tests.process.forking import forks

CONFIG = """\
ledger: sqlite:///ledger.db
sources:
  webshop: {{kind: shopify, shop: {shop}, url: "{url}", token: {{credential: token}}, basis: available,
            orders: within 15m}}
channels:
  shop: {{kind: tiktok_shop, app_key: k, app_secret: {{credential: app_secret}}, api_url: "{url}"}}
"""


class Desk:
    """A folder with a configuration, beside a simulated shop."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url

    def syncd(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        secrets = {"SYNCD_TOKEN": "shpat_sandbox_token", "SYNCD_APP_SECRET": "s"}
        return forks().run(
            "--config", "syncd.yaml", *arguments, cwd=self.folder, timeout=120,
            environment={**kept, **secrets, "COLUMNS": "200"},
        )  # fmt: skip

    def ingest(self) -> dict[str, object]:
        done = self.syncd("ingest", "--json")
        assert done.returncode in {0, 4}, done.stderr
        (source,) = json.loads(done.stdout)["sources"]
        return dict(source)

    def control(self, path: str, **body: object) -> None:
        content = json.dumps(body).encode()
        request = Request(f"{self.url}/control/{path}", content, method="POST")  # noqa: S310 - loopback
        with urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            answer.read()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with FACTORY.open(SandboxOptions()) as shop:
        text = CONFIG.format(url=shop.url, shop=shop.description()["shop"])
        (tmp_path / "syncd.yaml").write_text(text, encoding="utf-8")
        yield Desk(tmp_path, shop.url)


def test_everything_is_read_and_then_only_what_changed(desk: Desk) -> None:
    desk.control("stock", sku="MUG-003", location="Shopify Main", available=1)
    first = desk.ingest()
    desk.control("stock", sku="MUG-002", location="Shopify Main", available=77)
    second = desk.ingest()
    explained = desk.syncd("history", "MUG-002")

    assert (105, "full", "partial") == (
        first["rows"], first["completeness"], second["completeness"],
    )  # fmt: skip
    assert 105 == second["rows"]
    assert "77" in explained.stdout


def test_the_doctor_tells_scopes_locations_and_points(desk: Desk) -> None:
    told = desk.syncd("doctor").stdout

    assert "Shopify Main" in told
    assert "the app may write" in told
    assert "points" in told


def test_a_look_at_the_ledger_loads_neither_shopify_nor_graphql(desk: Desk) -> None:
    desk.ingest()
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-m",
        "syncd",
        "--config",
        "syncd.yaml",
        "status",
    ]

    done = subprocess.run(
        command, cwd=desk.folder, check=False, capture_output=True, text=True,
        env={**os.environ, "SYNCD_TOKEN": "t", "SYNCD_APP_SECRET": "s"},
    )  # fmt: skip

    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "webshop" in done.stdout
    assert "connectors.shopify.source" in loaded
    assert set() == loaded & {"shopify", "graphql", "pyactiveresource", "connectors.shopify.client"}

"""`syncd sandbox` as its own process: both shops in one line, on neighbouring ports."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.process.conftest import SYNCD

LOOK = """
import sys
from syncd.service.cli import main
codes = [main(["--config", "syncd.yaml", command]) for command in sys.argv[1:]]
print(codes, "graphql" in sys.modules)
"""
CONFIG = """
ledger: sqlite:///ledger.db
sources: {stock: {kind: csv_file, path: stock.csv, basis: on_hand, committed: none, orders: on_shipment}}
channels: {shop: {kind: tiktok_shop, app_key: a, app_secret: {credential: secret}}}
"""


@contextmanager
def both(*flags: str) -> Iterator[dict[str, dict[str, str]]]:
    process = subprocess.Popen([SYNCD, "sandbox", *flags], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def two_ports() -> int:
    """A port that is free, as is the next one."""
    for first in range(20_000 + os.getpid() % 10_000, 40_000, 2):
        with closing(socket.socket()) as one, closing(socket.socket()) as two:
            try:
                one.bind(("127.0.0.1", first))
                two.bind(("127.0.0.1", first + 1))
            except OSError:
                continue
            return first
    raise AssertionError("no two free ports")


def test_one_line_tells_how_to_reach_both_shops() -> None:
    with both() as shops:
        shopify = shops["shopify"]
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{shopify['url']}/admin/api/{shopify['api_version']}/graphql.json",
            data=b'{"query": "{ shop { myshopifyDomain } }"}',
            headers={"X-Shopify-Access-Token": shopify["token"]},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - loopback
            said = json.load(answer)

    assert {"tiktok_shop", "shopify"} == set(shops)
    keys = {"url", "shop", "token", "client_id", "client_secret", "control", "api_version"}
    assert keys == set(shopify)
    theirs = {"url", "app_key", "app_secret", "auth_code", "shop_id", "control"}
    assert theirs == set(shops["tiktok_shop"])
    assert shopify["shop"] == said["data"]["shop"]["myshopifyDomain"]


def test_shopify_listens_beside_tiktok_shop() -> None:
    port = two_ports()
    with both("--port", str(port)) as shops:
        assert f"http://127.0.0.1:{port}" == shops["tiktok_shop"]["url"]
        assert f"http://127.0.0.1:{port + 1}" == shops["shopify"]["url"]


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--fault", "shoplift.slow"], "no simulated shop 'shoplift'"),
        (["--fault", "shopify.nonsense"], "none of"),
        (["--port", "65535"], "cannot start (65536)"),
    ],
)
def test_what_cannot_be_served_is_a_usage_error(flags: list[str], reason: str) -> None:
    done = subprocess.run(
        [SYNCD, "sandbox", *flags], check=False, capture_output=True, text=True, timeout=30
    )

    assert 2 == done.returncode
    assert reason in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_commands_that_serve_no_shop_load_no_graphql(tmp_path: Path) -> None:
    (tmp_path / "syncd.yaml").write_text(CONFIG)
    (tmp_path / "stock.csv").write_text("SKU,Qty\nA,1\n")
    done = subprocess.run(
        [sys.executable, "-c", LOOK, "check-config", "ingest", "status"], check=False,
        capture_output=True, text=True, timeout=30, cwd=tmp_path,
        env={**os.environ, "SYNCD_SECRET": "x"},
    )  # fmt: skip

    assert "[0, 0, 0] False" == done.stdout.splitlines()[-1], done.stderr

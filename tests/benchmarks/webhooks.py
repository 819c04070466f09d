"""How long a webhook waits for its answer at 50 a second, beside one durable commit of SQLite (C).

The second line has another process read a stock file into the same ledger all the while: there the write
lock is what a delivery waits for. The platforms wait 3 s (TikTok Shop) and 5 s (Shopify).
"""

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from connectors.tiktok_shop.signing import webhook_signature
from tests.benchmarks.measuring import say

KEY, SECRET = "bench-key", "bench-secret"
RATE = 50
TOLD = 1_500
SENDERS = 16
ROWS = 200_000
SYNCD = str(Path(sys.executable).with_name("syncd"))
ROOT = Path(__file__).parents[2]
CONFIG = f"""\
ledger: sqlite:///ledger.db
sources:
  stock: {{kind: csv_file, path: stock.csv, basis: on_hand, committed: none, orders: on_shipment}}
channels:
  shop: {{kind: tiktok_shop, app_key: {KEY}, app_secret: {{credential: app_secret}}}}
web: {{listen: 127.0.0.1:8085}}
"""


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "syncd.yaml").write_text(CONFIG)
        environment = {
            **os.environ, "SYNCD_APP_SECRET": SECRET, "PYTHONPATH": str(ROOT), "WEB_NO_RATES": "1",
        }  # fmt: skip
        commit = _commit(folder)
        say(f"webhooks at {RATE}/s, {TOLD} of them; C = one durable commit = {commit * 1e3:.1f} ms")
        with _serving(folder, environment) as url:
            _row("quiet ledger", _told(url, "quiet"), commit)
            with _ingesting(folder, environment):
                _row(f"while {ROWS} rows are read in, again and again", _told(url, "busy"), commit)


def _row(name: str, seconds: list[float], commit: float) -> None:
    ordered = sorted(seconds)
    median, late = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    say(
        f"  {name:<46} median {median * 1e3:6.1f} ms ({median / commit:4.1f} C)   "
        f"p99 {late * 1e3:7.1f} ms ({late / commit:5.1f} C)   worst {ordered[-1] * 1e3:7.1f} ms"
    )


def _commit(folder: Path) -> float:
    """Median seconds of one insert committed with synchronous=FULL."""
    spans = []
    with closing(sqlite3.connect(folder / "reference.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE t (a TEXT)")
        for number in range(200):
            begun = time.perf_counter()
            connection.execute("INSERT INTO t VALUES (?)", (str(number),))
            spans.append(time.perf_counter() - begun)
    return statistics.median(spans)


def _told(url: str, word: str) -> list[float]:
    """Seconds of each answer; the first words are not counted."""
    begun = time.perf_counter() + 0.5
    with ThreadPoolExecutor(SENDERS) as pool:
        return list(pool.map(lambda n: _tell(url, word, n, begun + n / RATE), range(TOLD)))


def _tell(url: str, word: str, number: int, at: float) -> float:
    time.sleep(max(0.0, at - time.perf_counter()))
    envelope = {"type": 1, "tts_notification_id": f"{word}-{number}",
                "data": {"order_id": str(number), "order_status": "UNPAID"}}  # fmt: skip
    body = json.dumps(envelope).encode()
    headers = {"authorization": webhook_signature(KEY, SECRET, body)}
    begun = time.perf_counter()
    with closing(HTTPConnection("127.0.0.1", urlsplit(url).port, timeout=30)) as connection:
        connection.request("POST", "/webhooks/tiktok/shop", body, headers)
        status = connection.getresponse().status
    if status != 200:
        say(f"  (one was answered {status} and would be sent again)")
    return time.perf_counter() - begun


@contextmanager
def _serving(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.process.web.serving", str(folder / "syncd.yaml")],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def _ingesting(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Every reading finds every row changed."""
    script = (
        "import pathlib, subprocess, sys\n"
        "for n in range(10**6):\n"
        "    rows = ''.join(f'S{i},{i % 90 + n % 9}\\n' for i in range(int(sys.argv[2])))\n"
        "    pathlib.Path('stock.csv').write_text('sku,quantity\\n' + rows)\n"
        "    subprocess.run([sys.argv[1], '--config', 'syncd.yaml', 'ingest'], stdout=subprocess.DEVNULL)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, SYNCD, str(ROWS)], cwd=folder, env=environment
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()

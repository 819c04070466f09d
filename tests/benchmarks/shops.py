"""What fifty shops cost a daemon, what one that never answers costs the others, how soon a restart is ready.

The fifty are simulated in one other process, take 2 requests/s each and list the same SKUs. The restart has
a ledger of a million listings.
"""

import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.catalogue import PLUGIN, SYNCD, Catalogue
from tests.benchmarks.measuring import say
from tests.benchmarks.shop_street import UNITS, sku_of
from tests.benchmarks.stock_files import write
from tests.fakes.notify_socket import heard, listening
from tests.fakes.tiktok import Control

SHOPS, SKUS, RATE = 50, 100, 2
LOADED = 60.0
CHANGES, PAUSE = 9, 2.0
"""For the delays one SKU changes at a time, so that no shop's own rate is what it waits for. The figure is the
median of the changes' p95: all shops share one disk, and one slow moment of it is no fault of a shop."""
LISTINGS = 1_000_000
PATIENCE = 180.0
MOST_CPU, MOST_LATER, MOST_RESTART = 0.5, 1.0, 5.0
# three times two seconds would call the source stale while fifty shops are adopted: all is planned again then
CONFIG = """\
mode: apply
ledger: sqlite:///ledger.db
sources:
  stock: {kind: csv_file, path: stock.csv, basis: on_hand, committed: none, orders: on_shipment,
          settle: 0s, every: 2s, export_takes: 0s, stale_after: 1h}
channels:
"""
CHANNEL = """\
  {name}:
    {{kind: tiktok_shop, app_key: {app_key}, app_secret: {{credential: app_secret}}, api_url: {url},
     auth_url: {url}, rate: {rate}, limits: {{changed: 100%, to_zero: 100%, at_least: 1000}}}}
"""
CONNECT = """\
import json, sys
from syncd.service.cli import main
for channel, code in json.loads(sys.argv[1]):
    if main(["--config", "syncd.yaml", "connect", channel, "--auth-code", code]):
        sys.exit(1)
"""


@dataclass(frozen=True)
class Street:
    """Fifty shops and the daemon that serves them."""

    folder: Path
    shops: Sequence[Mapping[str, str]]
    daemon: subprocess.Popen[bytes]

    def stock(self, quantities: Mapping[str, int]) -> None:
        """Another stock file."""
        _write(self.folder, quantities)

    def verified(self, sku: str, since: float) -> dict[str, float]:
        """Seconds after which each channel had read the SKU back."""
        with closing(_ledger(self.folder)) as ledger:
            rows = ledger.execute(
                "SELECT n.name, MAX(c.verified_at) FROM change c JOIN channel n ON n.id = c.channel_id "
                "WHERE c.sku = ? AND c.intent_at >= ? AND c.verified_at IS NOT NULL GROUP BY n.name",
                (sku, int(since * 1e6)),
            )
            return {name: at / 1e6 - since for name, at in rows}


def main() -> None:
    """Print the table."""
    say(f"\n{SHOPS} shops, {RATE} requests/s each, {SKUS} SKUs")
    with _street() as street:
        stock = {sku_of(number): UNITS for number in range(SKUS)}
        usual = _delays(street, stock, SHOPS)
        _said("row changed → verified, every shop answers", usual)
        Control(street.shops[0]["control"]).post(
            "faults", kind="timeout_before_commit", seconds=600, times=0
        )
        later = _delays(street, stock, SHOPS - 1)
        _said("the same, one shop never answers", later)
        more = statistics.median(map(_late, later)) - statistics.median(map(_late, usual))
        _verdict(f"the others wait longer by {more:.2f} s at p95", more, MOST_LATER, "1 s")
        Control(street.shops[0]["control"]).delete("faults")
        share, sent = _loaded(street)
        _verdict(
            f"every SKU changed all the time: {share:.0%} of a core at {sent:.0f} requests/s",
            share, MOST_CPU, "50 %",
        )  # fmt: skip
    _restart()


def _verdict(text: str, value: float, must: float, words: str) -> None:
    say(f"  {text}  (must {words}: {'ok' if value <= must else 'MISSED'})")


def _said(name: str, changes: Sequence[Sequence[float]]) -> None:
    seconds = [each for change in changes for each in change]
    say(
        f"  {name:44} median {statistics.median(seconds):5.2f} s  p95 {_late(seconds):5.2f} s  "
        f"worst {max(seconds):5.2f} s"
    )


def _late(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(0.95 * (len(seconds) - 1))]


def _delays(street: Street, stock: dict[str, int], answering: int) -> list[list[float]]:
    """How long each channel took, change by change; the shop that does not answer is left out.

    `stock` is what the file says and goes on from there: one SKU changes at a time.
    """
    taken: list[list[float]] = []
    for number in range(CHANGES):
        sku = sku_of(number)
        stock[sku] += 1
        begun = time.time()
        street.stock(stock)
        end = begun + 60
        while len(found := street.verified(sku, begun)) < answering and time.time() < end:
            time.sleep(0.2)
        missing = [60.0] * (answering - len(found))
        taken.append([*found.values(), *missing])
        time.sleep(PAUSE)
    return taken


def _loaded(street: Street) -> tuple[float, float]:
    """Share of a core while every SKU changes every two seconds, and requests a second."""
    dice = random.Random(3)
    _change_all(street, dice, 20)
    begun, before = time.monotonic(), _cpu(street.daemon.pid)
    asked = _asked(street)
    _change_all(street, dice, LOADED)
    took = time.monotonic() - begun
    return (_cpu(street.daemon.pid) - before) / took, (_asked(street) - asked) / took


def _change_all(street: Street, dice: random.Random, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        street.stock({sku_of(number): dice.randrange(1, 90) for number in range(SKUS)})
        time.sleep(2)


def _asked(street: Street) -> int:
    """Requests that all shops counted."""
    return sum(int(str(Control(shop["control"]).get("stats")["requests"])) for shop in street.shops)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _ledger(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{folder / 'ledger.db'}?mode=ro", uri=True)


def _write(folder: Path, quantities: Mapping[str, int]) -> None:
    rows = "".join(f"{sku},{units}\n" for sku, units in quantities.items())
    (folder / "stock.new").write_text(f"sku,quantity\n{rows}")
    (folder / "stock.new").replace(folder / "stock.csv")


@contextmanager
def _street() -> Iterator[Street]:
    """The shops, connected and adopted."""
    with tempfile.TemporaryDirectory() as name, _shops() as shops:
        folder = Path(name)
        credentials = folder / "credentials"
        credentials.mkdir(mode=0o700)
        secret = credentials / "app_secret"
        secret.write_text(shops[0]["app_secret"])
        secret.chmod(0o600)
        names = [f"shop{number:02}" for number in range(len(shops))]
        (folder / "syncd.yaml").write_text(
            CONFIG
            + "".join(
                CHANNEL.format(name=channel, rate=RATE, **shop)
                for channel, shop in zip(names, shops, strict=True)
            )
        )
        _write(folder, {sku_of(number): UNITS for number in range(SKUS)})
        environment = {
            "PATH": os.environ["PATH"], "HOME": name, "SYNCD_CREDENTIALS_DIR": str(credentials),
        }  # fmt: skip

        codes = [(channel, shop["auth_code"]) for channel, shop in zip(names, shops, strict=True)]
        subprocess.run(
            [sys.executable, "-c", CONNECT, json.dumps(codes)], cwd=folder, env=environment,
            check=True, capture_output=True,
        )  # fmt: skip
        with (folder / "daemon.log").open("wb") as log:
            daemon = subprocess.Popen(
                [SYNCD, "--config", "syncd.yaml", "run"], cwd=folder, env=environment,
                stdout=log, stderr=log,
            )  # fmt: skip
        try:
            _adopted(folder)
            yield Street(folder, shops, daemon)
        finally:
            daemon.terminate()
            daemon.wait()


def _adopted(folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    query = "SELECT COUNT(*) FROM listing WHERE item_id IS NOT NULL"
    while time.monotonic() < end:
        try:
            with closing(_ledger(folder)) as ledger:
                listed = ledger.execute(query).fetchone()[0]
                waiting = ledger.execute("SELECT COUNT(*) FROM dirty").fetchone()[0]
        except sqlite3.OperationalError:  # the ledger is being made
            listed = waiting = 0
        if listed >= SHOPS * SKUS and not waiting:
            return
        time.sleep(1)
    raise SystemExit(f"the daemon never adopted its shops:\n{(folder / 'daemon.log').read_text()}")


@contextmanager
def _shops() -> Iterator[list[dict[str, str]]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.shop_street", str(SHOPS), str(SKUS)],
        cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdin is not None
        described: list[dict[str, str]] = json.loads(process.stdout.readline())
        try:
            yield described
        finally:
            process.stdin.close()


def _restart() -> None:
    """From the start of the process to READY."""
    with tempfile.TemporaryDirectory() as name:
        catalogue = Catalogue(Path(name), LISTINGS)
        write(catalogue.file, catalogue.stock)
        catalogue.adopt()
        address = f"{name}/notify"
        environment = {
            "PATH": "/usr/bin:/bin", "HOME": name, "PYTHONPATH": str(PLUGIN),
            "NOTIFY_SOCKET": address,
        }  # fmt: skip
        with listening(address) as server, (Path(name) / "daemon.log").open("wb") as log:
            server.settimeout(PATIENCE)
            begun = time.monotonic()
            daemon = subprocess.Popen(
                [SYNCD, "--config", "syncd.yaml", "run"], cwd=name, env=environment,
                stdout=log, stderr=log,
            )  # fmt: skip
            while not heard(server)[0].startswith("READY"):
                pass
            took = time.monotonic() - begun
            daemon.terminate()
            daemon.wait()
    _verdict(f"{LISTINGS} listings: READY after {took:.2f} s", took, MOST_RESTART, "5 s")

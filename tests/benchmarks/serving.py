"""How soon a daemon shows a change, of a stock file or told by a webhook, and what it costs when idle.

A full comparison of all listings runs every minute beside it. The shop takes 10 requests/s and answers after
80 ms. `p95` is what 95 of 100 changes took at most.
"""

import os
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measuring import say
from tests.fakes.mailbox import Mailbox, open_mailbox
from tests.process.conftest import MAIN, SYNCD, Shopkeeper, shopkeeper_of
from tests.process.web.conftest import free_port

LISTINGS = 10_000
RATE, LATENCY = 10.0, 0.08
SAMPLES = 30
INTERVAL = 2.0
PAUSE = 3.0
IDLE = 60.0
IDLE_LISTINGS = (10_000, 100_000)
MOST_IDLE, MOST_MEMORY = 0.01, 150.0
PATIENCE = 900.0
HALF_A_MINUTE = 30.0
ALERTS = """\
alerts: {urls: [{credential: alert_url}], heartbeat: {credential: heartbeat_url}, quiet_for: 0s,
         digest_every: 0s}
"""


@dataclass(frozen=True)
class Daemon:
    """A daemon that has adopted its shop."""

    keeper: Shopkeeper
    process: subprocess.Popen[bytes]
    box: Mailbox

    def verified(self, since: float) -> Mapping[str, float]:
        """When each SKU's newest write since then was read back, in unix seconds."""
        path = self.keeper.folder / "ledger.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
            rows = ledger.execute(
                "SELECT sku, MAX(verified_at) FROM change WHERE intent_at >= ? "
                "AND verified_at IS NOT NULL GROUP BY sku",
                (int(since * 1e6),),
            )
            return {sku: at / 1e6 for sku, at in rows}

    def counted(self, query: str) -> int:
        """A number out of the ledger."""
        path = self.keeper.folder / "ledger.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
            return int(ledger.execute(query).fetchone()[0] or 0)


def main() -> None:
    """Print the table."""
    say(f"\nA daemon, {LISTINGS} listings, {RATE:.0f} requests/s, {LATENCY * 1e3:.0f} ms")
    with _daemon(LISTINGS, "1m", RATE) as daemon:
        _row(
            f"row changed → verified, source every {INTERVAL:g} s", _rows(daemon),
            must=INTERVAL + 5,
        )  # fmt: skip
        _row("webhook of an order → verified", _orders(daemon), must=3.0)
    for count in IDLE_LISTINGS:
        with _daemon(count, "24h", 500.0) as daemon:
            _told(daemon, count)
            _idle(daemon, count)


def _row(name: str, seconds: Sequence[float], must: float) -> None:
    ordered = sorted(seconds)
    late = ordered[int(0.95 * (len(ordered) - 1))]
    verdict = "ok" if late <= must else "MISSED"
    say(
        f"  {name:46} median {ordered[len(ordered) // 2]:5.2f} s  p95 {late:5.2f} s  worst {ordered[-1]:5.2f} s"
        f"  (must {must:g} s: {verdict})"
    )


def _rows(daemon: Daemon) -> list[float]:
    """Raise one SKU after the other in the file, while the shop is compared all the time."""
    stock = _stock(LISTINGS)
    taken = []
    for number in range(SAMPLES):
        sku = f"S{number:06}"
        stock[sku] = 6
        begun = time.time()
        _write(daemon.keeper, stock)
        taken.append(_until_verified(daemon, sku, begun))
        time.sleep(PAUSE / 3)
    return taken


def _orders(daemon: Daemon) -> list[float]:
    """One order after the other; its kit's part sells on its own too, so that another listing must move."""
    taken = []
    for number in range(SAMPLES):
        begun = time.time()
        daemon.keeper.control.post(
            "orders", seller_sku=f"PACK{number:03}", units=1, status="AWAITING_SHIPMENT"
        )
        taken.append(_until_verified(daemon, f"PART{number:03}", begun))
        time.sleep(PAUSE / 3)
    return taken


def _until_verified(daemon: Daemon, sku: str, since: float) -> float:
    end = time.time() + HALF_A_MINUTE
    while time.time() < end:
        found = daemon.verified(since).get(sku)
        if found is not None:
            return found - since
        time.sleep(0.1)
    return HALF_A_MINUTE


def _told(daemon: Daemon, count: int) -> None:
    """The whole shop was to be emptied: an alert came, and another one when that was over."""
    for units in (0, 5):
        before = len(daemon.box.letters)
        _write(daemon.keeper, dict.fromkeys(_stock(count), units) if not units else _stock(count))
        _wait(lambda: len(daemon.box.letters) > before)  # noqa: B023 - called before the next turn


def _idle(daemon: Daemon, count: int) -> None:
    begun, beats = _cpu(daemon.process.pid), len(daemon.box.calls)
    time.sleep(IDLE)
    share = (_cpu(daemon.process.pid) - begun) / IDLE
    memory = _memory(daemon.process.pid)
    verdict = "ok" if share <= MOST_IDLE and memory <= MOST_MEMORY else "MISSED"
    say(
        f"  idle, {count} listings, alerts and {len(daemon.box.calls) - beats} heartbeats: "
        f"{share:.2%} of a core, {memory:.0f} MB "
        f"(must {MOST_IDLE:.0%}, {MOST_MEMORY:.0f} MB: {verdict})"
    )


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def _stock(count: int) -> dict[str, int]:
    singles = {f"S{number:06}": 5 for number in range(count - 2 * SAMPLES)}
    return {**singles, **{f"PART{number:03}": 9 for number in range(SAMPLES)}}


def _write(keeper: Shopkeeper, stock: Mapping[str, int]) -> None:
    rows = "".join(f"{sku},{units}\n" for sku, units in stock.items())
    path = keeper.folder / "stock.new"
    path.write_text(f"sku,quantity\n{rows}")
    path.replace(keeper.folder / "stock.csv")


def _secret(keeper: Shopkeeper, name: str, value: str) -> None:
    file = keeper.folder / "credentials" / name
    file.write_text(value)
    file.chmod(0o600)


def _seed(count: int) -> dict[str, object]:
    stock = _stock(count)
    skus = [
        {"seller_sku": sku, "price": "9.00", "stock": {MAIN: units}} for sku, units in stock.items()
    ]
    packs = [
        {"seller_sku": f"PACK{number:03}", "price": "9.00", "stock": {MAIN: 9}}
        for number in range(SAMPLES)
    ]
    return {
        "products": [
            {"title": str(number), "skus": [sku]} for number, sku in enumerate([*skus, *packs])
        ]
    }


@contextmanager
def _daemon(count: int, reconcile: str, rate: float) -> Iterator[Daemon]:
    """A daemon that has adopted its shop and told it where its webhooks go."""
    with (
        tempfile.TemporaryDirectory() as name,
        shopkeeper_of(Path(name), _seed(count), "--latency", "0") as keeper,
        open_mailbox() as box,
    ):
        listen = f"127.0.0.1:{free_port()}"
        path = keeper.folder / "syncd.yaml"
        rules = "".join(
            f'      - {{match: "PACK{number:03}", of: "PART{number:03}", units: 1}}\n'
            for number in range(SAMPLES)
        )
        text = path.read_text().replace(
            "settle: 0s,", f"settle: 0s, every: {INTERVAL:.0f}s, export_takes: 0s,"
        )
        text = text.replace(
            "rate: 200", f"rate: {rate:.0f}\n    reconcile_every: {reconcile}\n    rules:\n{rules}"
        )
        path.write_text(f"{text}{ALERTS}web: {{listen: {listen}, public_url: http://{listen}}}\n")
        _secret(keeper, "alert_url", box.address("told"))
        _secret(keeper, "heartbeat_url", box.url("alive"))
        _write(keeper, _stock(count))
        keeper.syncd("webhooks", "subscribe")
        with (keeper.folder / "daemon.log").open("wb") as log:
            process = subprocess.Popen(
                [SYNCD, "--config", "syncd.yaml", "run"], cwd=keeper.folder,
                env=keeper.environment, stdout=log, stderr=log,
            )  # fmt: skip
        daemon = Daemon(keeper, process, box)
        try:
            _wait(lambda: _adopted(daemon, count))
            keeper.control.post("settings", rate=rate + 1, latency=LATENCY)
            yield daemon
        finally:
            process.terminate()
            process.wait()


def _adopted(daemon: Daemon, count: int) -> bool:
    listed = daemon.counted("SELECT COUNT(*) FROM listing WHERE item_id IS NOT NULL")
    return listed >= count - SAMPLES and daemon.counted("SELECT COUNT(*) FROM dirty") == 0


def _wait(condition: Callable[[], bool]) -> None:
    end = time.time() + PATIENCE
    while time.time() < end:
        try:
            if condition():
                return
        except sqlite3.OperationalError:  # the ledger is being made
            pass
        time.sleep(1)
    raise SystemExit("the daemon never adopted its shop")

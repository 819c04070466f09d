"""The installed daemon tells people over real HTTP, once, whatever happens to its process."""

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.fakes.mailbox import Mailbox, open_mailbox
from tests.process.conftest import Shopkeeper, seed_of, shopkeeper_of
from tests.process.daemons import PATIENCE, until

ALERT_SECRET = "hunter2-alert"
HEART_SECRET = "hunter2-heart"
FAST = """\
    orders_every: 10s
alerts:
  urls: [{credential: alert_url}]
  heartbeat: {credential: heartbeat_url}
  quiet_for: 0s
  digest_every: 0s
"""


@contextmanager
def watched(folder: Path) -> Iterator[tuple[Shopkeeper, Mailbox]]:
    """A shopkeeper whose alerts and heartbeat go to a mailbox."""
    with open_mailbox() as box, shopkeeper_of(folder, seed_of(3)) as keeper:
        config = keeper.folder / "syncd.yaml"
        text = config.read_text().replace("settle: 0s,", "settle: 0s, every: 1s, stale_after: 1d,")
        config.write_text(text + FAST)
        secrets = {
            "alert_url": box.address(ALERT_SECRET),
            "heartbeat_url": box.url(HEART_SECRET),
        }
        for name, value in secrets.items():
            file = keeper.folder / "credentials" / name
            file.write_text(value)
            file.chmod(0o600)
        keeper.stock({f"S{number:03}": 10 for number in range(3)})
        yield keeper, box


def waiting(keeper: Shopkeeper) -> int:
    """Notices not known to have arrived: a daemon killed before it knows sends them once more."""
    with closing(sqlite3.connect(keeper.folder / "ledger.db")) as ledger:
        return int(ledger.execute("SELECT COUNT(*) FROM alert_notice").fetchone()[0])


@contextmanager
def running(keeper: Shopkeeper, log: list[str], end: int = signal.SIGTERM) -> Iterator[None]:
    """A daemon; it is ended by this signal, and what it wrote joins the log."""
    daemon = keeper.start("run")
    try:
        yield
    finally:
        daemon.send_signal(end)
        log += daemon.communicate(timeout=PATIENCE)


def test_a_held_plan_is_told_once_over_kill_and_restart_and_its_end_once(tmp_path: Path) -> None:
    log: list[str] = []
    with watched(tmp_path) as (keeper, box):
        with running(keeper, log):
            until(lambda: f"GET /{HEART_SECRET}" in box.calls, "the heart beats")
        path = keeper.folder / "syncd.yaml"
        limits = "rate: 200\n    limits: {to_zero: 0%, at_least: 0}\n"
        path.write_text(path.read_text().replace("rate: 200\n", limits))
        keeper.stock({"S000": 0, "S001": 10, "S002": 10})
        with running(keeper, log, signal.SIGKILL):
            until(lambda: bool(box.letters) and not waiting(keeper), "its beginning is told")
        with running(keeper, log):
            for _ in range(2):
                before = keeper.report("status")["last_run"]
                until(
                    lambda last=before: keeper.report("status")["last_run"] != last,  # type: ignore[misc]  # bound at once
                    "another cycle",
                )
            keeper.stock({"S000": 10, "S001": 10, "S002": 10})
            until(lambda: len(box.letters) > 1, "its end is told")
        status = keeper.syncd("status", "--json")

    assert [
        "syncd: began: shop: 1 change held (to_zero)",
        "syncd: over: shop: 1 change held (to_zero)",
    ] == box.titles()
    assert "syncd release shop sha256:" in str(box.letters[0]["message"])
    written = b"".join(file.read_bytes() for file in keeper.folder.glob("ledger.db*"))
    for secret in (ALERT_SECRET, HEART_SECRET):
        assert secret not in "".join(log) + status.stdout
        assert secret.encode() not in written


def test_alerts_test_says_which_address_takes_no_message(tmp_path: Path) -> None:
    with watched(tmp_path) as (keeper, box):
        good = keeper.syncd("alerts", "test")
        box.status = 500
        bad = keeper.syncd("alerts", "test")

    assert (0, "ok   alert_url (json)\n") == (good.returncode, good.stdout)
    assert ["syncd: test"] == box.titles()
    assert 5 == bad.returncode
    assert "BAD  address alert_url (json) takes no message" in bad.stdout
    assert ALERT_SECRET not in good.stdout + good.stderr + bad.stdout + bad.stderr


def test_alerts_test_without_an_address_says_what_to_write(tmp_path: Path) -> None:
    with watched(tmp_path) as (keeper, _):
        path = keeper.folder / "syncd.yaml"
        path.write_text(path.read_text().partition("alerts:")[0])
        done = keeper.syncd("alerts", "test")

    assert 2 == done.returncode
    assert "has no alerts.urls" in done.stderr

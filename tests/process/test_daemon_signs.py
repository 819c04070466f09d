"""What the running daemon tells systemd, and what its log says."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from tests.fakes.notify_socket import heard, listening
from tests.process.conftest import SYNCD, Shopkeeper
from tests.process.daemons import shows, until


def started(keeper: Shopkeeper, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [SYNCD, "--config", "syncd.yaml", "run"], cwd=keeper.folder, text=True,
        stderr=subprocess.PIPE, env={**keeper.environment, "SYNCD_LOG": "json", **environment},
    )  # fmt: skip


def records(text: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in text.splitlines()]


def test_ready_comes_after_the_first_check_then_food_for_the_watchdog_then_the_stop(
    keeper: Shopkeeper,
) -> None:
    keeper.stock({f"S{number:03}": 10 for number in range(50)} | {"S001": 3})
    address = str(keeper.folder / "notify")
    with listening(address) as server:
        server.settimeout(30)
        daemon = started(keeper, NOTIFY_SOCKET=address, WATCHDOG_USEC="3000000")
        before = []
        while not (said := heard(server))[0].startswith("READY"):
            before.append(said)
        shown = keeper.shown()["S001"]
        core = Path(f"/proc/{daemon.pid}/limits").read_text()
        while heard(server) != ["WATCHDOG=1"]:
            pass
        daemon.send_signal(signal.SIGTERM)
        while not heard(server)[0].startswith("STOPPING"):
            pass
        _, err = daemon.communicate(timeout=60)

    assert ["READY=1", "STATUS=running"] == said
    assert 3 == shown, before
    assert 0 == daemon.returncode, err
    assert ["Max core file size 0 0 bytes"] == [
        " ".join(line.split()) for line in core.splitlines() if "core" in line
    ]


def test_a_stopped_process_feeds_nothing(keeper: Shopkeeper) -> None:
    """The food comes from the scheduler at work, not from somewhere that lives on without it."""
    keeper.stock({"S000": 10})
    address = str(keeper.folder / "notify")
    with listening(address) as server:
        server.settimeout(30)
        daemon = started(keeper, NOTIFY_SOCKET=address, WATCHDOG_USEC="900000")
        while heard(server) != ["WATCHDOG=1"]:
            pass
        os.kill(daemon.pid, signal.SIGSTOP)
        time.sleep(0.5)
        server.setblocking(False)
        drained = 0
        while drained >= 0:
            try:
                server.recv(4096)
            except BlockingIOError:
                break
            drained += 1
        time.sleep(2)
        try:
            silent = server.recv(4096)
        except BlockingIOError:
            silent = b""
        daemon.kill()
        daemon.communicate()

    assert b"" == silent


def test_a_trouble_is_logged_once_and_its_end_with_how_long_it_lasted(keeper: Shopkeeper) -> None:
    path = keeper.folder / "syncd.yaml"
    path.write_text(path.read_text().replace("settle: 0s,", "settle: 0s, every: 1s,"))
    stock = keeper.folder / "stock.csv"
    stock.unlink()
    daemon = started(keeper)
    for _ in range(3):
        before = keeper.report("status")["last_run"]
        until(lambda last=before: keeper.report("status")["last_run"] != last, "another cycle")  # type: ignore[misc]  # bound at once
    keeper.stock({"S000": 9})
    until(shows(keeper, "S000", 9), "S000 shows 9")
    daemon.send_signal(signal.SIGTERM)
    _, err = daemon.communicate(timeout=60)

    said = [row for row in records(err) if row.get("source") == "stock"]
    assert ["unavailable", "ok"] == [row["state"] for row in said], err
    assert "stock.csv does not exist" in said[0]["message"]
    assert "again, after " in said[1]["message"]
    assert all(row["run"] for row in said)
    (published,) = [row for row in records(err) if row.get("action") == "published"]
    assert ("shop", "info") == (published["channel"], published["level"])

"""kill -9 at random moments of `apply`: the next run converges, nothing is lost, nothing doubled."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from itertools import dropwhile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.process.conftest import Shopkeeper, seed_of, shopkeeper_of

KILLS = int(os.environ.get("SYNCD_KILLS", "60" if "SYNCD_PROOF" in os.environ else "3"))
SKUS = 30
SLOW = 0.5
"""Seconds per answer of the shop: several answers make a plan, and what was told is read back by one more."""


def quantities(round_: int) -> dict[str, int]:
    """Other numbers every round, few enough changes to pass the guard's window."""
    return {f"S{number:03}": 10 + (round_ * 7 + number) % 23 for number in range(SKUS)}


def news(keeper: Shopkeeper, since: int) -> list[dict[str, object]]:
    """What the shop answered a command begun since that entry of its journal; each asks first who may ask.

    Before that the shop may still answer the command that was killed before.
    """
    entries = keeper.control.get(f"journal?since={since}")["entries"]
    assert isinstance(entries, list)
    requests = [entry for entry in entries if entry["kind"] == "request"]
    return list(dropwhile(lambda entry: "/authorization/" not in entry["path"], requests))


def asked(keeper: Shopkeeper, since: int) -> bool:
    """Whether the shop was asked what it shows since that entry, for which a run has begun."""
    return any("/search" in str(entry["path"]) for entry in news(keeper, since))


def told(keeper: Shopkeeper, since: int) -> bool:
    """Whether the shop was told a number since that entry."""
    return any(entry.get("applied") for entry in news(keeper, since))


def unfinished(keeper: Shopkeeper) -> set[str]:
    """The runs that have no end; read from a copy, so that the next command finds what the kill left."""
    with TemporaryDirectory() as folder:
        for path in keeper.folder.glob("ledger.db*"):
            shutil.copy(path, folder)
        with closing(sqlite3.connect(Path(folder, "ledger.db"))) as ledger:
            rows = ledger.execute("select key from run where finished_at is null").fetchall()
            return {key for (key,) in rows}


def killed_at_work(
    keeper: Shopkeeper, seen: Callable[[Shopkeeper, int], bool], later: float
) -> bool:
    """Kill `apply` so long after the shop saw this; whether that struck it in the middle of its run."""
    before, known = keeper.control.get("journal")["entries"], unfinished(keeper)
    assert isinstance(before, list)
    victim = keeper.start("apply")
    while victim.poll() is None and not seen(keeper, before[-1]["seq"]):
        time.sleep(0.02)
    time.sleep(later)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    return victim.returncode == -signal.SIGKILL and len(unfinished(keeper) - known) == 1


def test_the_shop_is_right_after_every_kill(tmp_path: Path) -> None:
    chance = random.Random(20261123)
    struck = 0
    with shopkeeper_of(tmp_path, seed_of(SKUS)) as keeper:
        path = keeper.folder / "syncd.yaml"
        limits = "    limits: {changed: 100%, to_zero: 100%, at_least: 1000}\n"
        path.write_text(path.read_text() + limits)
        for round_ in range(KILLS):
            keeper.stock(quantities(round_))
            keeper.control.post("settings", latency=SLOW)
            moment = (asked, 1.0) if round_ % 2 else (told, SLOW)
            struck += killed_at_work(keeper, moment[0], chance.uniform(0, moment[1]))
            keeper.control.post("settings", latency=0.03)
            if round_ % 3 == 2:
                done = keeper.syncd("apply")
                assert 0 == done.returncode, done.stdout + done.stderr
                assert quantities(round_) == keeper.shown()
        final = keeper.syncd("apply")

        assert KILLS == struck
        assert final.returncode == 0, final.stdout + final.stderr
        assert quantities(KILLS - 1) == keeper.shown()
        ledger = sqlite3.connect(keeper.folder / "ledger.db")
        assert [("ok",)] == ledger.execute("pragma integrity_check").fetchall()
        intents = set(ledger.execute("select listing_id, sent from change").fetchall())
        effects = keeper.effects()
        assert effects
        assert effects <= intents


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_polite_signal_ends_between_batches(keeper: Shopkeeper, number: signal.Signals) -> None:
    keeper.stock({f"S{item:03}": 11 for item in range(12)})
    keeper.control.post("settings", latency=0.2)
    process = keeper.start("apply")
    while not keeper.effects():
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)

    assert process.returncode in {0, 4}, out + err
    keeper.control.post("settings", latency=0)
    done = keeper.syncd("apply")
    assert 0 == done.returncode, done.stdout
    assert 11 == keeper.shown()["S000"]

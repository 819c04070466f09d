"""kill -9 at random moments of `apply`: the next run converges, nothing is lost, nothing doubled."""

import os
import random
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.process.conftest import Shopkeeper, seed_of, shopkeeper_of

KILLS = int(os.environ.get("SYNCD_KILLS", "60" if "SYNCD_PROOF" in os.environ else "3"))
SKUS = 30


def quantities(round_: int) -> dict[str, int]:
    """Other numbers every round, few enough changes to pass the guard's window."""
    return {f"S{number:03}": 10 + (round_ * 7 + number) % 23 for number in range(SKUS)}


def test_the_shop_is_right_after_every_kill(tmp_path: Path) -> None:
    chance = random.Random(20261123)
    with shopkeeper_of(tmp_path, seed_of(SKUS), "--latency", "0.03") as keeper:
        path = keeper.folder / "syncd.yaml"
        limits = "    limits: {changed: 100%, to_zero: 100%, at_least: 1000}\n"
        path.write_text(path.read_text() + limits)
        for round_ in range(KILLS):
            keeper.stock(quantities(round_))
            victim = keeper.start("apply")
            try:
                victim.wait(chance.uniform(0.6, 3.0))
            except subprocess.TimeoutExpired:
                victim.send_signal(signal.SIGKILL)
            victim.communicate()
            if round_ % 3 == 2:
                done = keeper.syncd("apply")
                assert 0 == done.returncode, done.stdout + done.stderr
                assert quantities(round_) == keeper.shown()
        final = keeper.syncd("apply")

        assert final.returncode == 0, final.stdout + final.stderr
        assert quantities(KILLS - 1) == keeper.shown()
        ledger = sqlite3.connect(keeper.folder / "ledger.db")
        assert [("ok",)] == ledger.execute("pragma integrity_check").fetchall()
        intents = set(ledger.execute("select listing_id, sent from change").fetchall())
        told = keeper.effects()
        assert told
        assert told <= intents


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

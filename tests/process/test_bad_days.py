"""A full disk, a locked ledger, an unreadable configuration, a second process: told, and nothing is lost."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.process.conftest import SYNCD, Shopkeeper

ALL = {f"S{number:03}": 10 for number in range(50)}
CHANGED = {**ALL, **{f"S{number:03}": 4 for number in range(10)}}
UPDATE = "inventory/update"


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Look again until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def started(keeper: Shopkeeper) -> bool:
    """Whether the shop was told anything."""
    return bool(keeper.effects())


def intents(path: Path) -> set[tuple[str, int]]:
    """What the ledger says it was about to tell the shop."""
    with sqlite3.connect(path) as ledger:
        rows = ledger.execute("select listing_id, sent from change").fetchall()
    ledger.close()
    return {(listing, sent) for listing, sent in rows}


def assert_one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """An operator can act on it: what happened and what helps, and no traceback."""
    told = done.stdout + done.stderr
    assert "Traceback" not in told, told
    flat = " ".join(told.split())
    assert [] == [word for word in words if word not in flat], told


# A full disk


def failed(*command: str) -> bool:
    """Run it quietly."""
    return bool(subprocess.run(command, check=False, capture_output=True).returncode)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of this size; skips where this user may not mount one."""
    folder.mkdir()
    what = ["-t", "tmpfs", "-o", f"size={size},mode=700", "small-disk", str(folder)]
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None or failed(mount, *what):
        pytest.skip("this user may not mount a file system")
    try:
        yield folder
    finally:
        assert not failed(umount, "--lazy", str(folder))


def fill(disk: Path) -> None:
    """Let a file take all the space there is."""
    with (disk / "ballast").open("ab", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue


def on_disk(keeper: Shopkeeper, disk: Path) -> Path:
    """Move the ledger there."""
    for path in keeper.folder.glob("ledger.db*"):
        shutil.copy2(path, disk / path.name)
        path.unlink()
    config = keeper.folder / "syncd.yaml"
    config.write_text(
        config.read_text().replace("sqlite:///ledger.db", f"sqlite:///{disk}/ledger.db")
    )
    return disk / "ledger.db"


def test_a_disk_that_fills_up_in_mid_apply_sends_nothing_without_an_intent(
    keeper: Shopkeeper,
) -> None:
    with small_disk(keeper.folder / "disk", "4m") as disk:
        ledger = on_disk(keeper, disk)
        keeper.stock(ALL)
        keeper.syncd("apply")
        keeper.stock(CHANGED)
        keeper.control.post("settings", latency=0.2)
        process = keeper.start("apply")
        wait_until(lambda: started(keeper))
        fill(disk)
        out, err = process.communicate(timeout=60)
        cut_short = subprocess.CompletedProcess("apply", process.returncode, out, err)
        fill(disk)
        looked = keeper.syncd("status")
        again = keeper.syncd("apply")
        (disk / "ballast").unlink()
        told = keeper.effects()

        assert_one_sentence(cut_short, "disk is full", "free some space and run again")
        assert_one_sentence(again, "disk is full", "free some space and run again")
        assert_one_sentence(looked)
        assert (1, 1) == (cut_short.returncode, again.returncode)
        assert told <= intents(ledger)
        assert told == keeper.effects()
        keeper.control.post("settings", latency=0)
        done = keeper.syncd("apply")
        assert 0 == done.returncode, done.stdout + done.stderr
        assert CHANGED == keeper.shown()


def test_a_full_disk_stops_the_first_run_before_anything_is_sent(keeper: Shopkeeper) -> None:
    keeper.stock(CHANGED)
    with small_disk(keeper.folder / "disk", "1m") as disk:
        on_disk(keeper, disk)
        fill(disk)
        done = keeper.syncd("apply")
        (disk / "ballast").unlink()

        assert_one_sentence(done, "disk is full", "free some space and run again")
        assert 1 == done.returncode
        assert set() == keeper.effects()
        assert 0 == keeper.syncd("apply").returncode
        assert CHANGED == keeper.shown()


# A locked ledger


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process is in the middle of a long write."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def test_a_ledger_locked_for_a_moment_is_waited_for(keeper: Shopkeeper) -> None:
    keeper.stock(CHANGED)
    with locked(keeper.folder / "ledger.db"):
        process = keeper.start("apply")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3.0)
    out, err = process.communicate(timeout=60)

    assert 0 == process.returncode, out + err
    assert CHANGED == keeper.shown()


def test_a_ledger_locked_for_long_in_mid_apply_is_named_and_loses_no_outcome(
    keeper: Shopkeeper,
) -> None:
    keeper.stock(CHANGED)
    keeper.control.post("settings", latency=0.3)
    process = keeper.start("apply")
    wait_until(lambda: started(keeper))
    with locked(keeper.folder / "ledger.db"):
        out, err = process.communicate(timeout=60)
    cut_short = subprocess.CompletedProcess("apply", process.returncode, out, err)
    told = keeper.effects()

    assert_one_sentence(cut_short, "ledger.db is locked by another process", "try again")
    assert 1 == cut_short.returncode
    assert told <= intents(keeper.folder / "ledger.db")
    keeper.control.post("settings", latency=0)
    done = keeper.syncd("apply")
    assert 0 == done.returncode, done.stdout + done.stderr
    assert CHANGED == keeper.shown()


# A configuration that cannot be read


def as_anybody(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program without root's right to read everything; skips where that cannot be given up."""
    command = [SYNCD, *arguments]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is not installed")
        dropped = "-dac_override,-dac_read_search"
        command = ["setpriv", f"--bounding-set={dropped}", f"--inh-caps={dropped}", *command]
    return subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=60
    )


_DENIED = ("may not be used by this user", "allow it with")


@pytest.mark.parametrize(
    ("command", "kind", "words"),
    [
        ("apply", "missing", ("no file", "`syncd init` writes a starter")),
        ("apply", "folder", ("no file", "`syncd init` writes a starter")),
        ("apply", "mode 000", _DENIED),
        ("run", "mode 000", _DENIED),
        ("check-config", "folder of mode 000", _DENIED),
        ("status", "folder of mode 000", _DENIED),
        ("apply", "no text", ("syncd.yaml:2:", "UTF-8")),
        (
            "apply",
            "empty",
            ("syncd.yaml:1:1", "the file is empty", "`syncd init` writes a starter"),
        ),
    ],
)
def test_a_configuration_that_cannot_be_read_is_named_with_what_helps(
    tmp_path: Path, command: str, kind: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / "etc" / "syncd.yaml"
    path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    elif kind == "no text":
        path.write_bytes(b"mode: apply\nsources: \xff\xfe\n")
    elif kind != "missing":
        path.write_text("" if kind == "empty" else "mode: observe\n")
    if kind == "mode 000":
        path.chmod(0)
    if kind == "folder of mode 000":
        path.parent.chmod(0)

    done = as_anybody(tmp_path, "--config", "etc/syncd.yaml", command)
    path.parent.chmod(0o700)

    assert_one_sentence(done, "etc/syncd.yaml", *words)
    assert 2 == done.returncode


# A second process


def test_a_second_daemon_is_refused_at_once_and_told_the_pid(keeper: Shopkeeper) -> None:
    keeper.stock(CHANGED)
    first = keeper.start("run")
    try:
        wait_until(lambda: keeper.shown() == CHANGED)
        told = keeper.effects()
        second = keeper.syncd("run", timeout=20)
        first.send_signal(signal.SIGTERM)
    finally:
        out, err = first.communicate(timeout=60)

    assert 0 == first.returncode, out + err
    assert 5 == second.returncode
    assert_one_sentence(second, f"pid {first.pid}", "ledger.db")
    assert told == keeper.effects()


def test_a_killed_daemon_leaves_the_place_free(keeper: Shopkeeper) -> None:
    first = keeper.start("run")
    wait_until(lambda: "running: " in (keeper.syncd("status").stdout + "running: "))
    first.kill()
    first.communicate(timeout=60)
    keeper.stock(CHANGED)
    second = keeper.start("run")
    try:
        wait_until(lambda: keeper.shown() == CHANGED)
        second.send_signal(signal.SIGTERM)
    finally:
        out, err = second.communicate(timeout=60)

    assert 0 == second.returncode, out + err


def test_reading_looking_and_deciding_go_on_beside_a_running_apply(keeper: Shopkeeper) -> None:
    keeper.stock({**ALL, **{f"S{number:03}": 4 for number in range(20)}})
    held = keeper.report("plan")["channels"]
    assert isinstance(held, list)
    keeper.stock(CHANGED)
    keeper.control.post("settings", latency=0.2)
    process = keeper.start("apply")
    wait_until(lambda: started(keeper))
    keeper.control.post("settings", latency=12)
    done = {
        words[0]: keeper.syncd(*words)
        for words in (
            ("status", "--json"),
            ("ingest", "--json"),
            ("release", "shop", str(held[0]["plan"]), "--reason", "stocktake"),
            ("park", "S040", "--reason", "photo shoot"),
        )
    }
    alive = process.poll() is None
    keeper.control.post("settings", latency=0)
    out, err = process.communicate(timeout=120)

    assert alive, "the apply ended too early to prove anything"
    assert 0 == process.returncode, out + err
    assert dict.fromkeys(done, 0) == {word: one.returncode for word, one in done.items()}, done
    assert process.pid == json.loads(done["status"].stdout)["channels"][0]["writer_pid"]
    assert CHANGED == keeper.shown()

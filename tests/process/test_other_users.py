"""Commands beside a running daemon, typed by the user it runs as, by another one, and by root: real users."""

import json
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.tiktok import Control
from tests.process.conftest import CONFIG, sandbox, seed_of
from tests.process.forking import Forks

ROOT = Path(__file__).parents[2]
SYNCD_UID, ALICE_UID = 61_001, 61_002


def everyones_python() -> str | None:
    """A Python of this version that every user may run: ours, or the system's."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (str(Path(sys.executable).resolve()), shutil.which(version, path="/usr/bin")):
        path = None if candidate is None else Path(candidate).resolve()
        if path is not None and all(one.stat().st_mode & stat.S_IXOTH for one in path.parents):
            return str(path)
    return None


PYTHON = everyones_python()
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or PYTHON is None,
    reason="needs root, and a Python of this version that every user may run",
)


FOUND = {
    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": f"{ROOT}:{sysconfig.get_paths()['purelib']}",
}  # fmt: skip
"""What that Python needs to find the program."""


@dataclass
class Machine:
    """A folder laid out as an installed service's, and the program as any user may run it."""

    folder: Path
    shop: dict[str, str]
    forks: Forks

    def environment(self) -> dict[str, str]:
        return {
            **FOUND, "HOME": str(self.folder / "state"),
            "SYNCD_CONFIG": str(self.folder / "syncd.yaml"),
            "SYNCD_CREDENTIALS_DIR": str(self.folder / "credentials"),
        }  # fmt: skip

    def syncd(self, uid: int, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a user."""
        return self.forks.run(*arguments, cwd=Path("/"), environment=self.environment(), user=uid)

    def daemon(self) -> subprocess.Popen[str]:
        """The daemon, as the service's user, ready when its first line is out."""
        process = subprocess.Popen(
            [str(PYTHON), "-m", "syncd", "run"], stderr=subprocess.PIPE, text=True,
            cwd="/", env=self.environment(), user=SYNCD_UID, group=SYNCD_UID, extra_groups=[],
        )  # fmt: skip
        assert process.stderr is not None
        assert "running" in process.stderr.readline()
        return process


def given(path: Path, mode: int, owner: int, group: int) -> None:
    path.chmod(mode)
    os.chown(path, owner, group)


@pytest.fixture(scope="module")
def everyones_forks() -> Iterator[Forks]:
    """A warmed-up program that every user may become."""
    forks = Forks(python=str(PYTHON), environment=FOUND)
    yield forks
    forks.close()


@contextmanager
def machine_of(forks: Forks) -> Iterator[Machine]:
    """Laid out as systemd/syncd.tmpfiles does it, beside a simulated shop."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "seed").mkdir()
        with sandbox(folder / "seed", seed_of(3)) as shop:
            (folder / "credentials").mkdir()
            secret = folder / "credentials/app_secret"
            secret.write_text(shop["app_secret"])
            given(secret, 0o400, SYNCD_UID, SYNCD_UID)
            given(folder / "credentials", 0o750, 0, SYNCD_UID)
            (folder / "state").mkdir()
            given(folder / "state", 0o700, SYNCD_UID, SYNCD_UID)
            config = CONFIG.format(**shop).replace("///ledger.db", f"///{folder}/state/ledger.db")
            (folder / "syncd.yaml").write_text(config.replace("path: ", f"path: {folder}/"))
            (folder / "stock.csv").write_text("sku,quantity\nS000,10\nS001,3\nS002,0\n")
            for path in ("syncd.yaml", "stock.csv"):
                (folder / path).chmod(0o644)
            yield Machine(folder, shop, forks)


@pytest.fixture
def machine(everyones_forks: Forks) -> Iterator[Machine]:
    with machine_of(everyones_forks) as found:
        yield found


@pytest.fixture(scope="module")
def filled_machine(everyones_forks: Forks) -> Iterator[Machine]:
    """One with a ledger, that nobody changes."""
    with machine_of(everyones_forks) as found:
        assert 0 == found.syncd(SYNCD_UID, "ingest").returncode
        yield found


def test_the_services_user_looks_decides_and_connects_beside_the_daemon(machine: Machine) -> None:
    connected = machine.syncd(
        SYNCD_UID, "connect", "shop", "--auth-code", machine.shop["auth_code"]
    )
    daemon = machine.daemon()
    try:
        planned = machine.syncd(SYNCD_UID, "plan", "--json")
        digest = json.loads(planned.stdout)["channels"][0]["plan"]
        looked = [
            machine.syncd(SYNCD_UID, *words)
            for words in (["status"], ["explain", "S001"], ["doctor"], ["report"])
        ]
        released = machine.syncd(SYNCD_UID, "release", "shop", digest, "--reason", "seen")
        code = str(Control(machine.shop["control"]).post("auth_code")["auth_code"])
        again = machine.syncd(SYNCD_UID, "connect", "shop", "--auth-code", code)
        still_running = daemon.poll() is None
    finally:
        daemon.terminate()
        _, err = daemon.communicate(timeout=60)

    assert 0 == connected.returncode, connected.stderr
    assert [0] * 4 == [done.returncode for done in looked], [done.stderr for done in looked]
    assert released.returncode in {0, 2}, released.stderr  # the daemon may have sent it already
    assert "belongs to" not in released.stderr
    assert 0 == again.returncode, again.stderr
    assert still_running, err
    assert 0 == daemon.returncode, err


@pytest.mark.parametrize("uid", [ALICE_UID, 0], ids=["another user", "root"])
@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["explain", "S001"],
        ["plan"],
        ["run"],
        ["doctor"],
        ["release", "shop", "sha256:0", "--reason", "x"],
    ],
    ids=lambda words: words[0],
)
def test_everybody_else_is_told_the_right_command_in_one_sentence(
    filled_machine: Machine, uid: int, words: list[str]
) -> None:
    done = filled_machine.syncd(uid, *words)

    ledger = filled_machine.folder / "state/ledger.db"
    typed = " ".join(words)
    expected = f"syncd: the ledger {ledger} belongs to user #{SYNCD_UID}: "
    assert expected + f"run `sudo -u '#{SYNCD_UID}' syncd {typed}`\n" == done.stderr
    assert ("", 2) == (done.stdout, done.returncode)
    assert {SYNCD_UID} == {path.stat().st_uid for path in ledger.parent.iterdir()}


def test_a_code_that_was_typed_is_not_repeated(filled_machine: Machine) -> None:
    done = filled_machine.syncd(ALICE_UID, "connect", "shop", "--auth-code", "geheim123")

    assert 2 == done.returncode
    assert "connect shop --auth-code CODE`" in done.stderr
    assert "geheim" not in done.stderr


def test_a_configuration_that_may_not_be_read_is_one_sentence(machine: Machine) -> None:
    given(machine.folder / "syncd.yaml", 0o600, SYNCD_UID, SYNCD_UID)

    done = machine.syncd(ALICE_UID, "check-config")

    assert 2 == done.returncode
    assert done.stderr.startswith("syncd: the configuration ")
    assert done.stderr.endswith(f"run `sudo -u '#{SYNCD_UID}' syncd check-config`\n")


def test_credentials_that_may_not_be_read_are_one_sentence(machine: Machine) -> None:
    environment = machine.environment()
    environment["SYNCD_LEDGER_URL"] = f"sqlite:///{machine.folder}/alice/ledger.db"
    (machine.folder / "alice").mkdir()
    given(machine.folder / "alice", 0o700, ALICE_UID, ALICE_UID)

    done = subprocess.run(
        [str(PYTHON), "-m", "syncd", "plan"], check=False, capture_output=True, text=True, cwd="/",
        env=environment, user=ALICE_UID, group=ALICE_UID, extra_groups=[],
    )  # fmt: skip

    assert 2 == done.returncode, done.stderr
    assert 1 == len(done.stderr.splitlines())
    assert done.stderr.startswith(f"syncd: the credential {machine.folder}/credentials/")

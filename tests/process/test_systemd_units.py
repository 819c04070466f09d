"""The shipped units: what we rely on is in them, systemd understands all of it, and the sandbox is tight."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes.units import FOLDER, unit
from tests.process.conftest import SYNCD

SERVICES = ("syncd.service", "syncd-once.service")
UNITS = (*SERVICES, "syncd-once.timer")
INSTALLED = "/opt/syncd/.venv/bin/syncd"
MOST_EXPOSED = 1.2
UID = 61_001

ANALYZE, TMPFILES, SYSUSERS = (
    shutil.which(f"systemd-{name}") for name in ("analyze", "tmpfiles", "sysusers")
)
needs_systemd = pytest.mark.skipif(
    None in {ANALYZE, TMPFILES, SYSUSERS}, reason="needs systemd-analyze (package systemd)"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The units as they would be installed where this program is."""
    for name in UNITS:
        text = (FOLDER / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace(INSTALLED, SYNCD), encoding="utf-8")
    return tmp_path


def analyze(*arguments: str) -> str:
    """All that systemd-analyze says; its exit code is 0 for a key it does not know."""
    return said_by(str(ANALYZE), *arguments)


def said_by(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout + done.stderr


@needs_systemd
def test_systemd_has_nothing_to_say_about_the_units(folder: Path) -> None:
    assert "" == analyze("verify", *(str(folder / name) for name in UNITS))


@needs_systemd
def test_a_misspelt_key_would_be_noticed(folder: Path) -> None:
    path = folder / "syncd.service"
    path.write_text(path.read_text().replace("ProtectHome=", "ProtectHoem="))

    assert "'ProtectHoem'" in analyze("verify", str(path))


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_the_sandbox_is_tight(name: str) -> None:
    said = analyze("security", "--offline=true", "--no-pager", str(FOLDER / name))

    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert found is not None, said
    assert float(found[1]) <= MOST_EXPOSED, said


def test_the_service_says_when_it_is_ready_and_is_watched() -> None:
    service = unit("syncd.service")["Service"]

    assert ["notify"] == service["Type"]
    assert ["main"] == service["NotifyAccess"]
    assert ["60"] == service["WatchdogSec"]
    assert ["on-failure"] == service["Restart"]
    assert ["2"] == service["RestartPreventExitStatus"]
    assert ["0"] == unit("syncd.service")["Unit"]["StartLimitIntervalSec"]
    assert "$MAINPID" in service["ExecReload"][0]


@pytest.mark.parametrize("name", SERVICES)
def test_files_belong_to_the_user_of_the_commands_beside_it(name: str) -> None:
    service = unit(name)["Service"]

    assert ["syncd"] == service["User"]
    assert ["syncd"] == service["StateDirectory"]
    assert ["0700"] == service["StateDirectoryMode"]
    assert ["credentials:/etc/syncd/credentials"] == service["LoadCredential"]
    assert ["SYNCD_CONFIG=/etc/syncd/syncd.yaml"] == service["Environment"]
    assert "DynamicUser" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_the_sandbox_leaves_what_the_program_needs(name: str) -> None:
    service = unit(name)["Service"]

    # the boot id in /proc/sys tells whose lease it is
    assert "ProcSubset" not in service
    assert "PrivateNetwork" not in service
    assert ["AF_INET AF_INET6 AF_UNIX"] == service["RestrictAddressFamilies"]
    # threads need @process; no secret may end in a core dump
    assert not any("@process" in value for value in service["SystemCallFilter"][1:])
    assert ["0"] == service["LimitCORE"]


def test_both_services_have_the_same_sandbox() -> None:
    first, second = (unit(name)["Service"] for name in SERVICES)
    own = {"Type", "ExecStart", "ExecReload", "NotifyAccess", "TimeoutStartSec", "WatchdogSec",
           "Restart", "RestartSec", "RestartPreventExitStatus"}  # fmt: skip

    assert {key: value for key, value in first.items() if key not in own} == {
        key: value for key, value in second.items() if key not in own
    }


def test_the_timer_makes_up_for_a_missed_round() -> None:
    timer = unit("syncd-once.timer")["Timer"]

    assert ["true"] == timer["Persistent"]
    assert ["*:00/15"] == timer["OnCalendar"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files are given to another user")
@needs_systemd
def test_credentials_become_the_users_own_and_its_folder_stays_roots(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text(f"root:x:0:0::/:/bin/sh\nsyncd:x:{UID}:{UID}::/:/bin/sh\n")
    (root / "etc/group").write_text(f"root:x:0:\nsyncd:x:{UID}:\n")
    create = (str(TMPFILES), f"--root={root}", "--create", str(FOLDER / "syncd.tmpfiles"))

    first = said_by(*create)
    secret = root / "etc/syncd/credentials/tiktok_app_secret"
    secret.write_text("geheim\n")
    second = said_by(*create)

    assert ("", "") == (first, second)
    assert [(0o40750, 0, UID), (0o100400, UID, UID), (0o40700, UID, UID)] == [
        (seen.st_mode, seen.st_uid, seen.st_gid)
        for seen in (secret.parent.stat(), secret.stat(), (root / "var/lib/syncd").stat())
    ]


@needs_systemd
def test_the_user_is_made_as_the_units_name_it(tmp_path: Path) -> None:
    said = said_by(str(SYSUSERS), f"--root={tmp_path}", "--dry-run", str(FOLDER / "syncd.sysusers"))

    assert "Creating user 'syncd'" in said

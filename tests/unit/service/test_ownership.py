"""Another user is told the command to type, and never a secret that was typed."""

import os
from pathlib import Path

import pytest

from syncd.domain.errors import AccessDenied, UsageError
from syncd.ledger.access import refuse_strangers
from syncd.service import ownership
from syncd.service.ownership import advice

OTHERS = 61_001


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger whose owner is not the one who asks."""
    path = tmp_path / "ledger.db"
    path.touch()
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    return path


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (["status"], "status"),
        (["--config", "a b.yaml", "plan", "--json"], "--config 'a b.yaml' plan --json"),
        (["connect", "shop", "--auth-code", "geheim"], "connect shop --auth-code CODE"),
        (["connect", "shop", "--auth-code=geheim"], "connect shop --auth-code=CODE"),
    ],
)
def test_the_same_command_as_the_owner(
    theirs: Path, typed: list[str], shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "_name", lambda _: "syncd")

    said = advice(AccessDenied("the ledger", theirs), typed)

    assert f"the ledger {theirs} belongs to user syncd: run `sudo -u syncd syncd {shown}`" == said


def test_an_owner_without_a_name_is_given_as_sudo_takes_it(
    theirs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "_owner", lambda _: OTHERS)

    said = advice(AccessDenied("the ledger", theirs), ["status"])

    assert said.endswith(f"run `sudo -u '#{OTHERS}' syncd status`")


def test_the_owner_who_locked_himself_out_is_told_how_to_get_in(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"

    said = advice(AccessDenied("the ledger", path), ["status"])

    assert said.endswith(f"may not be used by this user: allow it with `chmod u+rwX {path}`")


def test_other_usage_errors_stay_as_they_are() -> None:
    assert "no such channel" == advice(UsageError("no such channel"), ["plan"])


def test_the_ledger_of_ones_own_may_be_used_and_one_to_be_made_too(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()

    refuse_strangers(tmp_path / "ledger.db")
    refuse_strangers(tmp_path / "not" / "yet" / "ledger.db")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a file is given to another user")
def test_root_makes_no_files_among_those_of_another_user(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, OTHERS, OTHERS)

    with pytest.raises(AccessDenied):
        refuse_strangers(folder / "ledger.db")
    (folder / "ledger.db").touch()
    os.chown(folder / "ledger.db", OTHERS, OTHERS)
    with pytest.raises(AccessDenied):
        refuse_strangers(folder / "ledger.db")

"""Secrets: where they are looked up, which files are refused, and that no message holds one."""

import base64
import os
from pathlib import Path

import pytest

from syncd.domain.errors import AccessDenied, ConfigError
from syncd.ports.credentials import Secret
from syncd.settings.credentials import CredentialError, StoredCredentials, key_beside

NAME = Secret(credential="tiktok_app-secret")


def secret_file(folder: Path, text: str, mode: int = 0o600, name: str = NAME.credential) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_the_first_place_that_has_it_wins(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    environ = {
        "CREDENTIALS_DIRECTORY": str(one),
        "SYNCD_CREDENTIALS_DIR": str(two),
        "SYNCD_TIKTOK_APP_SECRET": "from the environment",
    }

    found = []
    found.append(StoredCredentials(environ).secret(NAME).get_secret_value())
    secret_file(two, "from our folder")
    found.append(StoredCredentials(environ).secret(NAME).get_secret_value())
    secret_file(one, "from systemd")
    found.append(StoredCredentials(environ).secret(NAME).get_secret_value())

    assert ["from the environment", "from our folder", "from systemd"] == found


@pytest.mark.parametrize(
    ("text", "expected"), [("a\n", "a"), ("a\r\n", "a"), (" a \n\n", " a \n"), ("a", "a")]
)
def test_one_trailing_newline_is_cut_and_nothing_else(
    tmp_path: Path, text: str, expected: str
) -> None:
    (tmp_path / NAME.credential).write_bytes(text.encode())
    (tmp_path / NAME.credential).chmod(0o400)
    credentials = StoredCredentials({"SYNCD_CREDENTIALS_DIR": str(tmp_path)})

    assert expected == credentials.secret(NAME).get_secret_value()


@pytest.mark.parametrize(
    ("variable", "mode"),
    [
        ("SYNCD_CREDENTIALS_DIR", 0o644),
        ("SYNCD_CREDENTIALS_DIR", 0o640),
        ("SYNCD_CREDENTIALS_DIR", 0o620),
        ("CREDENTIALS_DIRECTORY", 0o444),
    ],
)
def test_a_file_that_others_may_read_is_refused_with_the_command_that_helps(
    tmp_path: Path, variable: str, mode: int
) -> None:
    path = secret_file(tmp_path, "hunter2", mode)

    with pytest.raises(ConfigError) as refused:
        StoredCredentials({variable: str(tmp_path)}).secret(NAME)

    assert f"chmod 600 {path}" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_systemd_may_give_the_group_access(tmp_path: Path) -> None:
    secret_file(tmp_path, "x", 0o440)

    found = StoredCredentials({"CREDENTIALS_DIRECTORY": str(tmp_path)}).secret(NAME)
    assert "x" == found.get_secret_value()


def test_what_systemd_loads_from_a_folder_is_found_under_its_name_there(tmp_path: Path) -> None:
    secret_file(tmp_path, "from the folder", 0o400, f"credentials_{NAME.credential}")
    credentials = StoredCredentials({"CREDENTIALS_DIRECTORY": str(tmp_path)})

    from_folder = credentials.secret(NAME).get_secret_value()
    secret_file(tmp_path, "loaded alone", 0o400)
    alone = credentials.secret(NAME).get_secret_value()

    assert ("from the folder", "loaded alone") == (from_folder, alone)


def test_the_installed_folder_is_the_last_place(tmp_path: Path) -> None:
    secret_file(tmp_path, "installed", 0o400)
    variable = {"SYNCD_TIKTOK_APP_SECRET": "from the environment"}

    found = [
        StoredCredentials(environ, installed=tmp_path).secret(NAME).get_secret_value()
        for environ in (variable, {})
    ]

    assert ["from the environment", "installed"] == found


def test_a_closed_installed_folder_is_another_users_and_has_no_token_key_for_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # as root, nothing is closed
    credentials = StoredCredentials({}, installed=tmp_path)

    with pytest.raises(AccessDenied) as refused:
        credentials.secret(NAME)

    assert f"the credential {tmp_path}/tiktok_app-secret may not be used" in str(refused.value)
    assert credentials.token_key() is None


def test_a_missing_secret_names_every_place_looked_at(tmp_path: Path) -> None:
    with pytest.raises(CredentialError) as refused:
        StoredCredentials({"SYNCD_CREDENTIALS_DIR": str(tmp_path)}).secret(NAME)

    expected = (
        "credential tiktok_app-secret: not found; looked at $CREDENTIALS_DIRECTORY (not set), "
        f"{tmp_path}/tiktok_app-secret, $SYNCD_TIKTOK_APP_SECRET, "
        "/etc/syncd/credentials/tiktok_app-secret (put the secret into one of them)"
    )
    assert expected == str(refused.value)
    assert 1 == len(refused.value.problems)


@pytest.mark.parametrize("name", [".", "..", "../x", "a/b", "", "a" * 65, "a\0b"])
def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    reference = Secret.model_construct(credential=name)

    with pytest.raises(CredentialError, match="is no credential name"):
        StoredCredentials({"SYNCD_CREDENTIALS_DIR": str(tmp_path)}).secret(reference)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "is empty"), (b"\n", "is empty"), (b"\xff", "is not UTF-8"), (b"x" * 70_000, "larger")],
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = secret_file(tmp_path, "")
    path.write_bytes(data)

    with pytest.raises(CredentialError, match=words):
        StoredCredentials({"SYNCD_CREDENTIALS_DIR": str(tmp_path)}).secret(NAME)


def test_a_folder_in_place_of_a_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME.credential).mkdir()

    with pytest.raises(CredentialError, match="cannot be read: Is a directory"):
        StoredCredentials({"SYNCD_CREDENTIALS_DIR": str(tmp_path)}).secret(NAME)


def test_the_token_key_is_thirty_two_bytes_or_absent() -> None:
    key = bytes(range(32))
    text = base64.urlsafe_b64encode(key).decode()

    assert key == StoredCredentials({"SYNCD_SYNCD_TOKEN_KEY": text}).token_key()
    assert StoredCredentials({}).token_key() is None


@pytest.mark.parametrize("text", ["short", "kein Schlüssel", base64.b64encode(b"x" * 31).decode()])
def test_a_wrong_token_key_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(CredentialError) as refused:
        StoredCredentials({"SYNCD_SYNCD_TOKEN_KEY": text}).token_key()

    assert text not in str(refused.value)


def test_a_key_is_made_once_beside_the_ledger_and_only_ours_to_read(tmp_path: Path) -> None:
    first = key_beside(tmp_path / "ledger.db")
    again = key_beside(tmp_path / "ledger.db")

    path = tmp_path / "ledger.db.key"
    assert (32, first) == (len(first), again)
    assert 0o600 == path.stat().st_mode & 0o777
    assert [path] == list(tmp_path.iterdir())


def test_a_key_beside_the_ledger_that_others_may_read_is_refused(tmp_path: Path) -> None:
    key_beside(tmp_path / "ledger.db")
    (tmp_path / "ledger.db.key").chmod(0o644)

    with pytest.raises(CredentialError, match="chmod 600"):
        key_beside(tmp_path / "ledger.db")


def test_a_key_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match=r"ledger\.db\.key: cannot be made: No such file"):
        key_beside(tmp_path / "absent" / "ledger.db")

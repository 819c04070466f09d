"""A day of faults in fast motion, and not one of the planted secrets in anything that was written."""

import base64
import json
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from cryptography.fernet import Fernet

from connectors.tiktok_shop.sandbox.faults import KINDS
from tests.fakes import planted
from tests.fakes.tiktok import Control
from tests.process.conftest import CONFIG, SYNCD, Shopkeeper, sandbox, seed_of
from tests.process.forking import forks

SKUS = 6
STRUCK = ("orders", "token/refresh", "products", "")
"""Parts of the paths that the faults of one hour strike, in turn."""
WRITES = {"sku_error", "timeout_after_commit"}
"""Faults that strike a write: after the others syncd would wait a minute for what never shows."""
LOOKS = (
    ("status", "--json"), ("report", "--format", "text"), ("report", "--format", "json"),
    ("report", "--format", "csv"), ("report", "--format", "html"), ("history", "S001"),
    ("explain", "S001", "--json"), ("listings",), ("check-config",), ("doctor",), ("doctor", "--json"),
)  # fmt: skip


class Day:
    """A shopkeeper, everything that was written so far, and every token that was in force."""

    def __init__(self, keeper: Shopkeeper) -> None:
        self.keeper = keeper
        self.written: list[bytes] = []
        self.tokens: set[str] = set()
        self.commands = 0

    def run(self, *words: str, **environment: str) -> int:
        """A command; what it wrote is kept."""
        done = forks().run(
            "--config", "syncd.yaml", *words, cwd=self.keeper.folder,
            environment={**self.keeper.environment, **environment},
        )  # fmt: skip
        self.written += [done.stdout.encode(), done.stderr.encode()]
        self.commands += 1
        self._note_tokens()
        return done.returncode

    def daemon(self, seconds: float, ending: signal.Signals, **environment: str) -> None:
        """The daemon for a while."""
        process = subprocess.Popen(
            [SYNCD, "--config", "syncd.yaml", "run"], cwd=self.keeper.folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**self.keeper.environment, **environment},
        )  # fmt: skip
        time.sleep(seconds)
        process.send_signal(ending)
        self.written += process.communicate(timeout=60)
        self._note_tokens()

    def _note_tokens(self) -> None:
        cipher = Fernet(planted.KEY)
        with closing(sqlite3.connect(self.keeper.folder / "ledger.db")) as ledger:
            for (blob,) in ledger.execute("SELECT blob FROM token"):
                (grant,) = json.loads(cipher.decrypt(blob)).values()
                self.tokens |= {grant["access_token"], grant["refresh_token"]}

    def everything(self) -> bytes:
        """All output, and every file but those where secrets belong."""
        files = (
            path.read_bytes()
            for path in self.keeper.folder.rglob("*")
            if path.is_file() and path.parent.name != "credentials" and path.name != "seed.json"
        )
        return b"\n".join((*self.written, *files))


def forms(secret: str) -> Iterator[bytes]:
    """How the secret may have been written."""
    yield secret.encode()
    yield quote(secret, safe="").encode()
    yield quote_plus(secret).encode()
    yield json.dumps(secret)[1:-1].encode()
    yield base64.b64encode(secret.encode())


def found(secrets: Iterable[str], text: bytes) -> list[str]:
    return [secret for secret in secrets if any(form in text for form in forms(secret))]


def tracebacks(text: bytes) -> list[str]:
    """Each traceback with what stands around it, so that a failure says what went wrong."""
    return [
        text[max(0, found.start() - 300) : found.start() + 5_000].decode(errors="replace")
        for found in re.finditer(b"Traceback", text)
    ]


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    seed = {**seed_of(SKUS), "app_secret": planted.CREDENTIALS["app_secret"],
            "auth_code": planted.AUTH_CODE}  # fmt: skip
    with sandbox(tmp_path, seed) as shop:
        planted.plant(tmp_path / "credentials")
        (tmp_path / "syncd.yaml").write_text(CONFIG.format(**shop) + planted.ALERTS)
        keeper = Shopkeeper(tmp_path, shop, Control(shop["control"]))
        keeper.stock(dict.fromkeys((f"S{number:03}" for number in range(SKUS)), 10))
        yield Day(keeper)


def test_none_of_the_planted_secrets_is_written_in_a_day_of_faults(day: Day) -> None:
    control = day.keeper.control
    assert 0 == day.run("-v", "connect", "shop", "--auth-code", planted.AUTH_CODE)
    codes = set()
    for hour, kind in enumerate(KINDS):
        day.keeper.stock({f"S{number:03}": 9 - hour % 4 - number % 2 for number in range(SKUS)})
        timed = {"seconds": 0.2} if kind == "slow" or kind.startswith("timeout") else {}
        match = "inventory/update" if kind in WRITES else STRUCK[hour % len(STRUCK)]
        control.post("faults", kind=kind, match=match, times=2, **timed)
        if match.startswith("token/"):
            control.post("tokens/expire")
        codes.add(day.run("-v", "apply", *(("--json",) if hour % 2 else ())))
        day.run(*LOOKS[hour % len(LOOKS)])
        control.delete("faults")
    _wrong_credentials(day)
    _broken_sources(day)
    control.post("faults", kind="http_500", probability=0.3)
    day.daemon(5, signal.SIGTERM, SYNCD_LOG="json")
    day.daemon(4, signal.SIGABRT)
    control.delete("faults")
    control.post("deauthorize")
    day.run("-v", "apply")

    secrets = {*planted.planted(), *day.tokens}
    everything = day.everything()
    kept = b"\n".join(path.read_bytes() for path in (day.keeper.folder / "credentials").iterdir())

    assert {0, 4, 5} <= codes
    assert len(secrets) >= 30 + len(day.tokens)
    assert len(day.tokens) >= 4
    assert sorted(planted.CREDENTIALS.values()) == sorted(found(planted.CREDENTIALS.values(), kept))
    assert [] == found(secrets, everything)
    assert [] == tracebacks(everything)
    assert b"planted-" not in everything.replace(b"planted-user", b"")
    assert not list(day.keeper.folder.rglob("core*"))


def _wrong_credentials(day: Day) -> None:
    """Everything an operator can get wrong about a secret."""
    folder = day.keeper.folder / "credentials"
    control = day.keeper.control
    for code in planted.WRONG_CODES:
        assert 5 == day.run("-v", "connect", "shop", "--auth-code", code)
    day.run("connect", "shop", "--auth-code", f"https://back.test/?code={planted.WRONG_CODES[0]}")
    for secret in planted.WRONG_SECRETS:
        planted.replant(folder / "app_secret", secret)
        day.run("-v", "apply")
        day.run("-v", "connect", "shop", "--auth-code", planted.WRONG_CODES[1])
    (folder / "app_secret").chmod(0o644)
    assert 2 == day.run("apply")
    (folder / "app_secret").unlink()
    assert 2 == day.run("apply")
    day.run("-v", "apply", **planted.FROM_THE_ENVIRONMENT)
    planted.replant(folder / "app_secret", planted.CREDENTIALS["app_secret"])
    planted.replant(folder / "syncd_token_key", planted.WRONG_KEY)
    day.run("-v", "apply")
    planted.replant(folder / "syncd_token_key", planted.CREDENTIALS["syncd_token_key"])
    code = str(control.post("auth_code")["auth_code"])
    assert 0 == day.run("-v", "connect", "shop", "--auth-code", code)
    day.tokens.add(code)


def _broken_sources(day: Day) -> None:
    """A file that is cut, gone, and a folder."""
    stock = day.keeper.folder / "stock.csv"
    text = stock.read_text()
    for broken in (text[:-3], "", text.replace("sku", "unheard"), "<html>login</html>"):
        stock.write_text(broken)
        day.run("-v", "ingest")
    stock.unlink()
    day.run("-v", "ingest", "--json")
    day.run("doctor")
    stock.mkdir()
    day.run("-v", "apply")
    stock.rmdir()
    stock.write_text(text)
    _unreachable_sources(day)


def _unreachable_sources(day: Day) -> None:
    """Every kind of source with a secret, at an address where nobody listens; a shop is asked patiently."""
    config = day.keeper.folder / "syncd.yaml"
    text = config.read_text()
    config.write_text(text.replace("channels:\n", f"{planted.sources()}channels:\n", 1))
    assert 0 == day.run("check-config")
    assert 5 == day.run("-v", "ingest", "erp", "shop_db", "web", "web2", "ftp")
    assert 5 == day.run("ingest", "store", "--json")
    assert 5 == day.run("doctor", "store2")
    config.write_text(text)

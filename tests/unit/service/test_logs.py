"""Records as they are written: by form, once per change, and without any known secret."""

import io
import json
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from syncd.domain.errors import UsageError
from syncd.domain.identity import ChannelName
from syncd.ports.credentials import Secret
from syncd.service import logs
from syncd.service.log_changes import StateChanges
from syncd.service.logs import (
    LogForm,
    LogHandler,
    configure_logs,
    form_of,
    hidden,
    keep_out,
    log_crashes,
)
from syncd.service.redaction import Redaction
from syncd.service.secrecy import WatchedCredentials, WatchedTokens
from tests.fakes.tiktok import MemoryTokens, OneSecret

logger = logging.getLogger("syncd.test")
SHOP = ChannelName("shop")


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is written to stderr, by a handler that remembers nothing; logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    root.handlers[:] = [handler for handler in handlers if not isinstance(handler, LogHandler)]
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def as_json(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setenv("SYNCD_LOG", "json")
    configure_logs(logging.INFO)
    return stream


@pytest.fixture
def as_text(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.delenv("SYNCD_LOG", raising=False)
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    configure_logs(logging.INFO)
    return stream


def records(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_carries_what_the_caller_gave(as_json: io.StringIO) -> None:
    logger.info("sent\n%s", 3, extra={"run": "r1", "channel": "shop", "sku": "A", "action": "send"})

    (record,) = records(as_json)

    assert record.pop("time").endswith("+00:00")
    assert {
        "level": "info", "logger": "syncd.test", "message": "sent\n3",
        "run": "r1", "channel": "shop", "sku": "A", "action": "send",
    } == record  # fmt: skip


def test_the_journal_gets_the_priority_and_no_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: io.StringIO
) -> None:
    del stream
    path = tmp_path / "journal"
    with path.open("w") as file:
        seen = os.fstat(file.fileno())
        monkeypatch.setattr("sys.stderr", file)
        monkeypatch.setenv("JOURNAL_STREAM", f"{seen.st_dev}:{seen.st_ino}")
        configure_logs(logging.INFO)
        for level in (logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
            logger.log(level, "x")

    lines = path.read_text().splitlines()

    assert ["<6>", "<4>", "<3>", "<2>"] == [line[:3] for line in lines]
    assert {"level": "info", "logger": "syncd.test", "message": "x"} == json.loads(lines[0][3:])


def test_the_form_follows_the_variable_then_the_journal_then_text(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w") as file:
        seen = os.fstat(file.fileno())
        ours = {"JOURNAL_STREAM": f"{seen.st_dev}:{seen.st_ino}"}

        assert LogForm.JOURNAL is form_of(ours, file)
        assert LogForm.TEXT is form_of({"JOURNAL_STREAM": "1:2"}, file)
        assert LogForm.TEXT is form_of(ours, io.StringIO())
        assert LogForm.JSON is form_of({**ours, "SYNCD_LOG": "json"}, file)
        assert LogForm.TEXT is form_of({**ours, "SYNCD_LOG": "text"}, file)
        with pytest.raises(UsageError, match="SYNCD_LOG is 'xml'; write json or text"):
            form_of({"SYNCD_LOG": "xml"}, file)


def test_text_cannot_be_made_to_look_like_another_record(as_text: io.StringIO) -> None:
    try:
        int("x\n2026-01-01 00:00:00,000 INFO syncd: forged")
    except ValueError:
        logger.exception("bad\n2026-01-01 00:00:00,000 INFO syncd: forged \x1b[2J")

    first, *rest = as_text.getvalue().splitlines()

    assert r"bad\n2026-01-01" in first
    assert r"\x1b[2J" in first
    assert any("forged" in line for line in rest)
    assert all(line.startswith("  ") for line in rest)


@pytest.mark.parametrize("form", ["as_json", "as_text"])
def test_a_known_secret_is_in_no_part_of_a_record(
    form: str, request: pytest.FixtureRequest
) -> None:
    stream: io.StringIO = request.getfixturevalue(form)
    keep_out('geheim"ümlaut')

    logger.warning("key=%s", 'geheim"ümlaut', extra={"channel": 'geheim"ümlaut'})
    try:
        dict[str, str]()['geheim"ümlaut']
    except KeyError:
        logger.exception("failed")
    logging.getLogger("httpx").info("GET https://x/?secret=geheim%22%C3%BCmlaut")

    assert "geheim" not in stream.getvalue()
    assert "[secret]" in stream.getvalue()
    assert "is [secret]" == hidden('is geheim"ümlaut')


def test_a_secret_stays_known_when_the_logs_are_set_up_again(
    as_text: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", as_text)
    keep_out("geheim123")
    configure_logs(logging.INFO)

    logger.info("geheim123")

    assert "geheim" not in as_text.getvalue()
    assert 1 == len(as_text.getvalue().splitlines())


def test_what_credentials_and_token_stores_hand_out_is_known_from_then_on(
    as_text: io.StringIO,
) -> None:
    store = MemoryTokens()
    tokens = WatchedTokens(store)
    handed = WatchedCredentials(OneSecret("app-geheim")).secret(Secret(credential="x"))
    tokens.save(SHOP, b'{"grant.1": {"access_token": "acc-geheim", "region": "US-EAST"}}')
    store.blobs["other"] = b'[{"refresh_token": "ref-geheim"}]'
    store.blobs["opaque"] = b"blob-geheim"
    loaded = [tokens.load(ChannelName(name)) for name in ("shop", "other", "opaque", "none")]

    logger.info("app-geheim acc-geheim ref-geheim blob-geheim US-EAST")

    assert SecretStr("app-geheim") == handed
    assert [*store.blobs.values(), None] == loaded
    assert "[secret] [secret] [secret] [secret] US-EAST" in as_text.getvalue()


def test_a_record_that_cannot_be_written_shows_nothing_of_itself() -> None:
    stream = io.StringIO()
    handler = LogHandler(stream, Redaction(), StateChanges())
    broken = logger.makeRecord("syncd.test", logging.INFO, "", 1, "%d", ("geheim",), None)

    handler.handle(broken)

    assert "syncd: a log record of syncd.test could not be written\n" == stream.getvalue()


def test_a_crash_in_a_thread_is_a_record(
    as_json: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.excepthook", None)
    monkeypatch.setattr("threading.excepthook", None)
    log_crashes()
    keep_out("geheim123")

    def crash() -> None:
        raise RuntimeError("geheim123 failed")

    thread = threading.Thread(target=crash)
    thread.start()
    thread.join()

    (record,) = records(as_json)
    assert ("critical", "crashed") == (record["level"], record["action"])
    assert record["exception"].endswith("RuntimeError: [secret] failed")


def say(state: str, message: str, at: float, **names: str) -> None:
    """Log as if it were `at` seconds later."""
    record = logger.makeRecord(
        logger.name,
        logging.WARNING,
        __file__,
        1,
        message,
        (),
        None,
        extra={"state": state, **names},
    )
    record.created += at
    logger.handle(record)


def messages(stream: io.StringIO) -> list[str]:
    return [record["message"] for record in records(stream)]


def test_a_trouble_is_told_when_it_begins_changes_and_ends(as_json: io.StringIO) -> None:
    say("ok", "source stock: read", 0, source="stock")
    for minute in range(10):
        text = f"source stock: unavailable: no answer for {minute} min"
        say("unavailable", text, minute * 60, source="stock")
    say("invalid", "source stock: invalid: cut off", 7200, source="stock")
    say("ok", "source stock: read", 3 * 3600, source="stock")
    say("ok", "source stock: read", 4 * 3600, source="stock")

    assert [
        "source stock: unavailable: no answer for 0 min",
        "source stock: invalid: cut off",
        "source stock: read again, after 3 h",
    ] == messages(as_json)


def test_subjects_do_not_hide_each_other(as_json: io.StringIO) -> None:
    for name in ("a", "b", "a"):
        say("unavailable", "no answer", 0, source=name)
    for sku in ("A", "B", "A"):
        say("rejected", "refused", 0, channel="shop", sku=sku)

    assert 4 == len(messages(as_json))


def test_another_reason_is_news(as_json: io.StringIO) -> None:
    for reason in ("no such file", "no such file", "permission denied"):
        say("unavailable", reason, 0, source="stock")

    assert ["no such file", "permission denied"] == messages(as_json)


def test_what_was_said_is_not_remembered_without_end(
    as_json: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.service.log_changes.MOST_REMEMBERED", 2)
    for sku in ("A", "B", "C", "C", "A"):
        say("rejected", sku, 0, sku=sku)

    assert ["A", "B", "C", "A"] == messages(as_json)


def test_chatty_libraries_are_heard_from_warnings_on(as_text: io.StringIO) -> None:
    del as_text
    for name in ("httpx", "httpcore", "paramiko", "uvicorn"):
        assert logging.WARNING == logging.getLogger(name).level, name


def test_without_our_handler_texts_pass(stream: io.StringIO) -> None:
    del stream
    logging.getLogger().handlers[:] = []
    logs.keep_out("geheim123")

    assert "geheim123" == hidden("geheim123")

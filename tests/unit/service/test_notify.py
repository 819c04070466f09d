"""What systemd hears, on a real socket."""

import logging
import secrets
from pathlib import Path

import pytest

from syncd.service.notify import Notifier
from tests.fakes.clock import FakeClock
from tests.fakes.notify_socket import heard, listening


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_every_message_arrives_at_both_kinds_of_socket(tmp_path: Path, kind: str) -> None:
    address = str(tmp_path / "notify") if kind == "path" else f"@syncd-{secrets.token_hex(8)}"
    clock = FakeClock()
    clock.advance(12.5)
    notifier = Notifier.of({"NOTIFY_SOCKET": address}, clock)

    with listening(address) as server:
        notifier.ready("running")
        notifier.status("two\nlines")
        notifier.reloading()
        notifier.alive()
        notifier.stopping()
        messages = [heard(server) for _ in range(5)]

    assert [
        ["READY=1", "STATUS=running"],
        ["STATUS=two lines"],
        ["RELOADING=1", "MONOTONIC_USEC=12500000", "STATUS=reloading"],
        ["WATCHDOG=1"],
        ["STOPPING=1", "STATUS=stopping: finishing what is under way"],
    ] == messages


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_without_a_socket_of_ours_nothing_is_said_and_nothing_fails(
    environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    Notifier.of(environ, FakeClock()).ready("running")

    assert [] == caplog.records


def test_a_socket_that_is_gone_is_logged_and_stops_no_work(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    Notifier.of({"NOTIFY_SOCKET": str(tmp_path / "gone")}, FakeClock()).alive()

    assert ["systemd cannot be told WATCHDOG=1: No such file or directory"] == caplog.messages

"""Knows sd_notify(3): how a service tells systemd that it is ready, reloading, stopping, or still alive."""

import logging
import socket
from collections.abc import Mapping
from typing import Self

from syncd.ports.clock import Clock

SOCKET_VARIABLE = "NOTIFY_SOCKET"

logger = logging.getLogger(__name__)


class Notifier:
    """Sends one datagram per call to systemd, and nothing when systemd did not ask for it."""

    def __init__(self, address: str | None, clock: Clock) -> None:
        self._address = address
        self._clock = clock

    @classmethod
    def of(cls, environ: Mapping[str, str], clock: Clock) -> Self:
        """The notifier of this process; silent where NOTIFY_SOCKET is absent or no path or abstract name."""
        address = environ.get(SOCKET_VARIABLE, "")
        return cls(address if address[:1] in {"/", "@"} and len(address) > 1 else None, clock)

    def ready(self, status: str) -> None:
        """The start, or a reload, is done."""
        self._send("READY=1", _status(status))

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(_status(text))

    def reloading(self) -> None:
        """A reload begins; `ready` ends it. The time lets systemd tell it from the reload before."""
        microseconds = int(self._clock.monotonic() * 1_000_000)
        self._send("RELOADING=1", f"MONOTONIC_USEC={microseconds}", _status("reloading"))

    def stopping(self) -> None:
        """The stop begins."""
        self._send("STOPPING=1", _status("stopping: finishing what is under way"))

    def alive(self) -> None:
        """Feed systemd's watchdog."""
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        """A datagram that cannot be delivered is systemd's loss: the work goes on."""
        if self._address is None:
            return
        name = self._address
        target = (
            "\0" + name[1:] if name.startswith("@") else name
        )  # "@" means the abstract namespace
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.sendto("\n".join(lines).encode(), target)
        except OSError as error:
            logger.warning(
                "systemd cannot be told %s: %s", lines[0], error.strerror,
                extra={"action": "notify_failed", "state": "failed"},
            )  # fmt: skip


def _status(text: str) -> str:
    return "STATUS=" + " ".join(text.split())

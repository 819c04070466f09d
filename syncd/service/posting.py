"""Knows Apprise, which loads the code of a hundred services to use one: 20 MB that never leave a process.

A daemon therefore posts from a process of its own, `python -m syncd.service.posting`, which takes one message
on its stdin. A service that hangs is ended with it.
"""

import json
import logging
import subprocess
import sys
from dataclasses import asdict, dataclass

from syncd.reporting.alerts import Message

logger = logging.getLogger(__name__)

WITHIN = 60.0
"""Seconds after which a message is taken for not sent."""


@dataclass(frozen=True, slots=True)
class _Letter:
    """What the other process is told; the address is a secret, so it is in no argument and no variable."""

    url: str
    message: Message

    def to_json(self) -> str:
        return json.dumps({"url": self.url, "message": asdict(self.message)})

    @classmethod
    def of_json(cls, text: str) -> "_Letter":
        document = json.loads(text)
        return cls(document["url"], Message(**document["message"]))


def post_apart(url: str, message: Message) -> bool:
    """Send one message to an Apprise address from a process of its own; whether it was taken."""
    command = [sys.executable, "-P", "-m", __name__]
    try:
        done = subprocess.run(  # noqa: S603 - ourselves
            command, input=_Letter(url, message).to_json(), text=True, timeout=WITHIN, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.debug("alerts: not sent: %s", type(error).__name__)
        return False
    return done.returncode == 0


def post(url: str, message: Message) -> bool:
    """Send one message to an Apprise address; whether it was taken.

    Whatever an Apprise service throws is a failure like any other: its words may quote the address.
    """
    import apprise

    sender = apprise.Apprise()
    try:
        if not sender.add(url):
            return False
        kind = apprise.NotifyType.SUCCESS if message.good else apprise.NotifyType.WARNING
        return bool(
            sender.notify(
                body=message.text, title=message.title, notify_type=kind,
                body_format=apprise.NotifyFormat.TEXT,
            )
        )  # fmt: skip
    except Exception as error:  # noqa: BLE001 - a hundred services, none of which may stop the work
        logger.debug("alerts: it threw %s", type(error).__name__)
        return False


if __name__ == "__main__":
    letter = _Letter.of_json(sys.stdin.read())
    sys.exit(not post(letter.url, letter.message))

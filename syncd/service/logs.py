"""Log records: text for people, JSON lines under systemd; one line per record, whatever is in it."""

import json
import logging
import os
import sys
from collections.abc import Mapping

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line, with what the caller gave as `extra` (run, channel, sku, action)."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; line breaks and control characters are escaped by JSON itself."""
        document = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{key: str(value) for key, value in vars(record).items() if key not in _PLAIN},
        }
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return json.dumps(document, ensure_ascii=True)


class OneLine(logging.Formatter):
    """Text whose control characters are shown instead of obeyed (log injection)."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        text = super().format(record)
        return "".join(
            char if char.isprintable() or char == " " else char.encode("unicode_escape").decode()
            for char in text
        )


def formatter(environ: Mapping[str, str]) -> logging.Formatter:
    """JSON when the journal reads us, text otherwise."""
    if "JOURNAL_STREAM" in environ:
        return JsonLines()
    return OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s")


def configure_logs(level: int) -> None:
    """Send records of syncd and its connectors to stderr from this level on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(os.environ))
    root = logging.getLogger()
    for old in list(root.handlers):
        if getattr(old, "syncd", False):
            root.removeHandler(old)
    handler.syncd = True  # type: ignore[attr-defined]  # marks ours among other people's handlers
    root.addHandler(handler)
    root.setLevel(level)
    # APScheduler reports every run and httpx every URL at INFO; neither belongs in an operator's log.
    for name in ("apscheduler", "httpx", "httpcore", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Apprise and its transport quote addresses, which are secrets; what failed is said without them.
    for name in ("apprise", "urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.CRITICAL)

"""Log records: text for people, JSON lines under systemd; one line each, whatever is in it, and no secret."""

import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import TextIO

from syncd.domain.errors import UsageError
from syncd.service.log_changes import StateChanges
from syncd.service.redaction import Redaction

FORM_VARIABLE = "SYNCD_LOG"
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# httpx reports every URL at INFO, and others are as talkative; none of it belongs in an operator's log.
_CHATTY = (
    "httpx", "httpcore", "alembic", "urllib3", "requests", "paramiko", "uvicorn", "apprise",
    "pyactiveresource",
)  # fmt: skip
_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}
_CRITICAL = 2

logger = logging.getLogger(__name__)


class LogForm(StrEnum):
    """How records are written."""

    TEXT = "text"
    JSON = "json"
    JOURNAL = "journal"


class JsonLines(logging.Formatter):
    """One JSON object a line, with what the caller gave as `extra` (run, channel, sku, action)."""

    def __init__(self, redaction: Redaction, *, form: LogForm = LogForm.JSON) -> None:
        super().__init__()
        self._hide = redaction.hide
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; line breaks and control characters are escaped by JSON itself."""
        document = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._hide(record.getMessage()),
            **{
                key: self._hide(str(value))
                for key, value in vars(record).items()
                if key not in _PLAIN
            },
        }
        if record.exc_info:
            document["exception"] = self._hide(self.formatException(record.exc_info))
        if self._form is LogForm.JOURNAL:  # the journal has its own time, and reads the priority
            return f"<{_priority(record)}>{json.dumps(document, ensure_ascii=True)}"
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"time": moment, **document}, ensure_ascii=True)


class OneLine(logging.Formatter):
    """Text whose control characters are shown instead of obeyed; a trace follows, each line of it indented."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._hide = redaction.hide

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line (log injection), its trace as lines that begin like none.

        What another formatter left in the record (`exc_text`) is not used: nothing is hidden in it.
        """
        record.message = record.getMessage()
        record.asctime = self.formatTime(record)
        lines = [_visible(self._hide(self.formatMessage(record)))]
        if record.exc_info:
            trace = self._hide(self.formatException(record.exc_info))
            lines += (f"  {_visible(line)}" for line in trace.splitlines())
        return "\n".join(lines)


class LogHandler(logging.StreamHandler[TextIO]):
    """Our one handler: it knows the secrets to hide and what was said last."""

    def __init__(self, stream: TextIO, redaction: Redaction, changes: StateChanges) -> None:
        super().__init__(stream)
        self.redaction = redaction
        self.changes = changes
        self.addFilter(changes)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say which record was lost; logging's own words would show what is in it, secrets included."""
        try:
            self.stream.write(f"syncd: a log record of {record.name} could not be written\n")
        except (OSError, ValueError):
            return  # there is nobody left to tell


def configure_logs(level: int) -> None:
    """Send records of syncd and its connectors to stderr from this level on.

    UsageError when SYNCD_LOG is neither `json` nor `text`. Known secrets and what was said stay known.
    """
    former = _handler()
    redaction, changes = Redaction(), StateChanges()
    if former is not None:
        redaction, changes = former.redaction, former.changes
        logging.getLogger().removeHandler(former)
    handler = LogHandler(sys.stderr, redaction, changes)
    form = form_of(os.environ, sys.stderr)
    handler.setFormatter(
        OneLine(redaction) if form is LogForm.TEXT else JsonLines(redaction, form=form)
    )
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of every run that is skipped because the one before still runs, which is as it should be.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def form_of(environ: Mapping[str, str], stream: TextIO) -> LogForm:
    """What SYNCD_LOG says, else JSON where the stream is the journal's own, else text."""
    wanted = environ.get(FORM_VARIABLE)
    if wanted and wanted not in {LogForm.TEXT, LogForm.JSON}:
        raise UsageError(f"{FORM_VARIABLE} is {wanted!r}; write json or text")
    if wanted:
        return LogForm(wanted)
    return LogForm.JOURNAL if _reads_us(environ.get("JOURNAL_STREAM"), stream) else LogForm.TEXT


def keep_out(secret: str) -> None:
    """Keep this secret out of every record from now on."""
    handler = _handler()
    if handler is not None:
        handler.redaction.learn(secret)


def hidden(text: str) -> str:
    """A text for the terminal without any secret we know."""
    handler = _handler()
    return text if handler is None else handler.redaction.hide(text)


def log_crashes() -> None:
    """Let what nobody caught, in any thread, end in the log like everything else, without secrets."""
    sys.excepthook = _crashed
    threading.excepthook = lambda args: _crashed(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def _crashed(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:  # fmt: skip
    logger.critical(
        "unexpected %s, please report it", kind.__name__,
        exc_info=(kind, error, trace), extra={"action": "crashed"},
    )  # fmt: skip


def _handler() -> LogHandler | None:
    found = (one for one in logging.getLogger().handlers if isinstance(one, LogHandler))
    return next(found, None)


def _reads_us(journal: str | None, stream: TextIO) -> bool:
    """Whether the stream is the one the journal gave us, as systemd.exec(5) says to check."""
    try:
        seen = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return journal == f"{seen.st_dev}:{seen.st_ino}"


def _priority(record: logging.LogRecord) -> int:
    """The syslog priority, as sd-daemon(3) wants it."""
    return _PRIORITIES.get(record.levelno, _CRITICAL if record.levelno > logging.ERROR else 6)


def _visible(text: str) -> str:
    return "".join(
        char if char.isprintable() or char == " " else char.encode("unicode_escape").decode()
        for char in text
    )

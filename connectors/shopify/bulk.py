"""Runs a bulk operation at Shopify to its end and brings its file, whole or not at all (fact sheet 2.5).

The work is done on Shopify's side and costs no points; it may be cancelled there at any time, which means that
it must be asked for again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from tempfile import TemporaryFile
from typing import IO

from connectors.shopify.bulk_queries import BULK_CANCEL, BULK_RUN, BULK_STATUS
from connectors.shopify.calls import Admin, Question
from connectors.shopify.wire import BULK_CANCEL_DATA, BULK_RUN_DATA, BULK_STATUS_DATA, Bulk
from connectors.transport.http_transport import HttpRequest, TransportError
from syncd.domain.duration import written
from syncd.domain.errors import SourceError, SourceUnauthorized, SourceUnavailable

FIRST_LOOK = 1.0
SELDOM = 10.0
"""Seconds between two looks: at first, and at most."""
GIVEN_UP_AFTER = timedelta(hours=3)
LARGEST_FILE = 16 * 1024**3
"""Bytes."""
ATTEMPTS = 3
"""Operations started for one reading: Shopify cancels stalled ones, and files come short."""
ROOM_WAITS = 12
"""Looks for a free place among the five operations that may run at once."""
_OVER = frozenset({"COMPLETED", "CANCELED", "FAILED", "EXPIRED"})
_FULL = frozenset({"LIMIT_REACHED", "OPERATION_IN_PROGRESS"})
_CHUNK = 1 << 20


class Unfinished(Exception):  # noqa: N818 - reads as a state
    """One operation gives no file; another one may. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkFile:
    """A file as it was announced: `lines` objects, checked, the position at its start."""

    file: IO[bytes]
    lines: int


@contextmanager
def bulk_file(admin: Admin, query: str) -> Iterator[BulkFile]:
    """The file of a bulk query; empty where nothing was found.

    Raises SourceUnavailable, SourceUnauthorized or SourceInvalid. The file lies in the system's temporary
    directory, without a name, until the block is left.
    """
    with TemporaryFile() as file:
        yield BulkFile(file=file, lines=_fetched(admin, query, file))


def _fetched(admin: Admin, query: str, file: IO[bytes]) -> int:
    why = ""
    for _ in range(ATTEMPTS):
        try:
            return _downloaded(admin, _finished(admin, query), file)
        except Unfinished as reason:
            why = str(reason)
    raise SourceUnavailable(
        f"{why}; given up after {ATTEMPTS} bulk operations, partial data is not used"
    )


def _finished(admin: Admin, query: str) -> Bulk:
    """An operation that was completed."""
    bulk = _started(admin, query)
    try:
        bulk = _awaited(admin, bulk)
    except BaseException:
        _cancel(admin, bulk)
        raise
    if bulk["status"] == "COMPLETED":
        return bulk
    if bulk["errorCode"] == "ACCESS_DENIED":
        raise SourceUnauthorized(
            "Shopify denies the bulk operation (ACCESS_DENIED); grant the app the scopes that `syncd doctor` "
            "names, then install it again"
        )
    named = f" ({bulk['errorCode']})" if bulk["errorCode"] else ""
    raise Unfinished(f"Shopify's bulk operation ended as {bulk['status'][:20]}{named}")


def _awaited(admin: Admin, bulk: Bulk) -> Bulk:
    until = admin.clock.monotonic() + GIVEN_UP_AFTER.total_seconds()
    pause = FIRST_LOOK
    while bulk["status"] not in _OVER:
        if admin.clock.monotonic() > until:
            within = written(GIVEN_UP_AFTER)
            raise SourceUnavailable(f"Shopify's bulk operation takes longer than {within}")
        admin.clock.sleep(pause)
        pause = min(SELDOM, pause * 1.5)
        bulk = _looked_at(admin, bulk)
    return bulk


def _started(admin: Admin, query: str) -> Bulk:
    question = Question(document=BULK_RUN, variables={"query": query}, answer=BULK_RUN_DATA)
    for _ in range(ROOM_WAITS):
        payload = admin.ask(question)["bulkOperationRunQuery"]
        bulk = payload["bulkOperation"]
        if bulk is not None and not payload["userErrors"]:
            return bulk
        codes = {error.get("code") for error in payload["userErrors"]}
        if not codes & _FULL:
            said = "; ".join(error["message"][:200] for error in payload["userErrors"])
            raise SourceUnavailable(
                f"Shopify starts no bulk operation: {said or 'no reason given'}"
            )
        admin.clock.sleep(SELDOM)
    raise SourceUnavailable(
        "Shopify runs as many bulk operations of this app as it may; is another program using its token?"
    )


def _looked_at(admin: Admin, bulk: Bulk) -> Bulk:
    question = Question(document=BULK_STATUS, variables={"id": bulk["id"]}, answer=BULK_STATUS_DATA)
    found = admin.ask(question)["bulkOperation"]
    if found is None:
        raise Unfinished("Shopify knows nothing more of its bulk operation")
    return found


def _cancel(admin: Admin, bulk: Bulk) -> None:
    """Make room for the next one, if that is possible; the first error counts."""
    question = Question(document=BULK_CANCEL, variables={"id": bulk["id"]}, answer=BULK_CANCEL_DATA)
    try:
        admin.ask(question)
    except SourceError:
        return


def _downloaded(admin: Admin, bulk: Bulk, file: IO[bytes]) -> int:
    """The number of lines, once the file holds them all; its address may have expired meanwhile."""
    lines = int(bulk["objectCount"])
    if bulk["url"] is None:
        if lines:
            raise Unfinished(f"Shopify's bulk operation found {lines} records but gives no file")
        return 0
    why = ""
    for _ in range(ATTEMPTS):
        if bulk["url"] is not None:
            why = _saved(admin, bulk["url"], file, lines)
            if not why:
                return lines
        admin.clock.sleep(FIRST_LOOK)
        bulk = _looked_at(admin, bulk)
    raise Unfinished(why or "Shopify's bulk operation gives no file any more")


def _saved(admin: Admin, url: str, file: IO[bytes], lines: int) -> str:
    """Fetch the file; answers what is wrong with it. The address is a secret: who has it may read the file."""
    try:
        file.seek(0)
        file.truncate()
        reply = admin.transport.save(HttpRequest(method="GET", url=url), file, LARGEST_FILE)
    except TransportError as error:
        return f"Shopify's bulk file did not come: {error}"
    except OSError as error:
        raise SourceUnavailable(
            f"Shopify's bulk file cannot be kept: {error.strerror}; make room where TMPDIR points"
        ) from None
    if reply.status != 200:  # noqa: PLR2004 - HTTP
        return f"Shopify's bulk file is not given out ({reply.status}); its address has expired"
    found = _count(file)
    if found != lines:
        return f"Shopify's bulk file is cut: {found} lines of {lines}"
    file.seek(0)
    return ""


def _count(file: IO[bytes]) -> int:
    """Lines of the file, a last one without line break too."""
    file.seek(0)
    lines, last = 0, b"\n"
    while chunk := file.read(_CHUNK):
        lines += chunk.count(b"\n")
        last = chunk[-1:]
    return lines if last == b"\n" else lines + 1

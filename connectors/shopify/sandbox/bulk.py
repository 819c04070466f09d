"""Bulk operations: started by a mutation, polled until they end, their result in a file that can be fetched."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random
from threading import Event, Thread
from typing import BinaryIO, ClassVar
from urllib.parse import parse_qs

from graphql import GraphQLError, GraphQLSchema, parse, validate

from connectors.shopify.sandbox.bulk_lines import (
    BulkQuery,
    BulkRefused,
    bulk_lines,
    compile_bulk,
)
from connectors.shopify.sandbox.calls import Call
from connectors.shopify.sandbox.faults import BULK, Fault
from connectors.shopify.sandbox.paging import Rows
from connectors.shopify.sandbox.search import Keep, Searchable, compile_search
from connectors.shopify.sandbox.state import gid, stamp

ALIVE = frozenset({"CREATED", "RUNNING", "CANCELING"})
FOLDER = "/bulk/"
PIECE = 1 << 18
RootRows = Callable[[str, Mapping[str, object], Call], Rows[object]]


@dataclass(slots=True, kw_only=True, eq=False)
class BulkJob:
    """One bulk operation and its result so far."""

    number: int
    query: str
    created_at: int
    fault: Fault | None
    polls: int = 0
    status: str = "CREATED"
    error: str | None = None
    completed_at: int | None = None
    lines: int = 0
    roots: int = 0
    size: int = 0
    half: int = 0
    url_until: float = 0.0
    file: BinaryIO = field(default_factory=tempfile.TemporaryFile)
    written: Event = field(default_factory=Event)

    @property
    def gid(self) -> str:
        """The global id."""
        return gid("BulkOperation", self.number)

    def strikes(self, kind: str) -> bool:
        """Whether this operation was picked for that fault."""
        return self.fault is not None and self.fault.kind == kind


class BulkJobs:
    """All bulk operations of the app in this shop."""

    SEARCH: ClassVar[Mapping[str, Searchable]] = {
        "status": Searchable("text", lambda job: job["status"]),
        "created_at": Searchable("time", lambda job: job["created"]),
        "operation_type": Searchable("text", lambda _: "QUERY"),
    }

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._jobs: dict[int, BulkJob] = {}
        self._numbers = count(7_000_001)
        self._url = ""

    def serve_at(self, url: str) -> None:
        """Where the files can be fetched."""
        self._url = url

    def close(self) -> None:
        """Drop all files."""
        for job in self._jobs.values():
            job.status = "EXPIRED"
            job.written.wait(5)
            job.file.close()

    def start(self, text: str, call: Call, rows_of: RootRows) -> dict[str, object]:
        """Answer `bulkOperationRunQuery`. The result is what the shop holds at this moment."""
        running = sum(job.status in ALIVE for job in self._jobs.values())
        most = call.world.behaviour.bulk_most
        if running >= most:
            code = "OPERATION_IN_PROGRESS" if most == 1 else "LIMIT_REACHED"
            return _refused(
                code, "A bulk query operation for this app and shop is already in progress"
            )
        try:
            query, rows, keep = self._compile(text, call, rows_of)
        except (BulkRefused, GraphQLError) as error:
            return _refused("INVALID", f"Invalid bulk query: {error}")
        job = BulkJob(
            number=next(self._numbers),
            query=text,
            created_at=call.world.second(),
            fault=call.world.faults.pick(BULK, "bulk"),
        )
        self._jobs[job.number] = job
        dice = Random(job.number)  # noqa: S311 - shuffling, no cryptography
        windows = bulk_lines(query, list(rows.records), keep, call, dice)
        self._write(job, windows, call)
        return {"bulkOperation": self._plain(job), "userErrors": []}

    def poll(self, number: int, call: Call) -> dict[str, object] | None:
        """Answer `bulkOperation`; every poll brings the operation nearer to its end."""
        job = self._jobs.get(number)
        if job is None:
            return None
        job.polls += 1
        if job.status in {"CREATED", "RUNNING"}:
            job.status = "RUNNING"
            if job.polls > call.world.behaviour.bulk_polls and job.written.is_set():
                self._end(job, _END.get(job.fault.kind if job.fault else "", "COMPLETED"), call)
        elif job.status == "CANCELING":
            self._end(job, "CANCELED", call)
        return self._plain(job)

    def cancel(self, number: int) -> dict[str, object]:
        """Answer `bulkOperationCancel`."""
        job = self._jobs.get(number)
        if job is None or job.status not in ALIVE:
            text = "A bulk operation cannot be canceled when it is done or not there"
            return {"bulkOperation": None, "userErrors": [{"field": ["id"], "message": text}]}
        job.status = "CANCELING"
        return {"bulkOperation": self._plain(job), "userErrors": []}

    def jobs(self) -> list[object]:
        """All operations as the list query shows them; looking there is no poll."""
        return [{**self._plain(job), "created": job.created_at} for job in self._jobs.values()]

    def fetch(self, path: str, query: str, now: float) -> tuple[int, Iterator[bytes]] | None:
        """Size and pieces of a file; None when the signature is wrong or has expired."""
        job = self._jobs.get(_number(path))
        given = parse_qs(query).get("Signature", [""])[0]
        if job is None or given != _signature(job) or job.url_until <= now:
            return None
        size = job.half if job.status == "FAILED" else job.size
        return size, _pieces(job.file, size)

    def half(self, path: str) -> Iterator[bytes]:
        """The first half of a file, cut wherever it falls."""
        job = self._jobs[_number(path)]
        return _pieces(job.file, job.size // 2)

    def _compile(
        self, text: str, call: Call, rows_of: RootRows
    ) -> tuple[BulkQuery, Rows[object], Keep | None]:
        document = parse(text)
        problems = validate(self._schema, document)
        if problems:
            raise problems[0]
        query = compile_bulk(self._schema, document)
        rows = rows_of(query.root, query.arguments, call)
        search = str(query.arguments.get("query") or "")
        return query, rows, compile_search(search, rows.fields, lambda _: None)

    def _write(self, job: BulkJob, windows: Iterator[list[bytes]], call: Call) -> None:
        """Write the first window now, what remains of a large shop in a thread."""
        if self._take(job, windows, call):
            Thread(target=self._take_all, args=(job, windows, call), daemon=True).start()

    def _take_all(self, job: BulkJob, windows: Iterator[list[bytes]], call: Call) -> None:
        while job.status in ALIVE and self._take(job, windows, call):
            pass
        job.written.set()

    def _take(self, job: BulkJob, windows: Iterator[list[bytes]], call: Call) -> bool:
        """Write one window; whether there may be more."""
        with call.world.shop.lock:
            lines = next(windows, None)
        if lines is None:
            job.file.flush()
            job.written.set()
            return False
        text = b"".join(lines)
        job.file.write(text)
        middle = b"".join(lines[: len(lines) // 2])
        job.half = job.size + len(middle)
        job.size += len(text)
        job.lines += len(lines)
        job.roots += sum(b'"__parentId"' not in line for line in lines)
        return True

    def _end(self, job: BulkJob, status: str, call: Call) -> None:
        world = call.world
        job.status = status
        job.completed_at = world.second()
        why = "ACCESS_DENIED" if job.strikes("bulk_denied") else "INTERNAL_SERVER_ERROR"
        job.error = why if status == "FAILED" else None
        life = 0.0 if job.strikes("bulk_expired_url") else world.behaviour.bulk_url_life
        job.url_until = world.now() + life
        payload = {
            "admin_graphql_api_id": job.gid,
            "status": status.lower(),
            "error_code": None if job.error is None else job.error.lower(),
            "type": "query",
            "created_at": stamp(job.created_at),
            "completed_at": stamp(job.completed_at),
        }
        world.announce("bulk_operations/finish", payload, world.now())

    def _plain(self, job: BulkJob) -> dict[str, object]:
        more = 7 if job.strikes("bulk_short") else 0
        url = f"{self._url}{FOLDER}{job.number}.jsonl?Expires={int(job.url_until)}"
        url += f"&Signature={_signature(job)}"
        return {
            "__typename": "BulkOperation",
            "id": job.gid,
            "status": job.status,
            "errorCode": job.error,
            "createdAt": stamp(job.created_at),
            "completedAt": None if job.completed_at is None else stamp(job.completed_at),
            "objectCount": str(job.lines + more),
            "rootObjectCount": str(job.roots),
            "fileSize": str(job.size) if job.status == "COMPLETED" and job.lines else None,
            "url": url if job.status == "COMPLETED" and job.lines else None,
            "partialDataUrl": url if job.status == "FAILED" and job.half else None,
        }


_END: Mapping[str, str] = {
    "bulk_failed": "FAILED",
    "bulk_denied": "FAILED",
    "bulk_canceled": "CANCELED",
}


def _number(path: str) -> int:
    name = path.removeprefix(FOLDER).removesuffix(".jsonl")
    return int(name) if name.isdecimal() else 0


def _refused(code: str, message: str) -> dict[str, object]:
    error = {"field": ["query"], "message": message, "code": code}
    return {"bulkOperation": None, "userErrors": [error]}


def _signature(job: BulkJob) -> str:
    return hashlib.sha256(f"{job.number} {job.created_at} {job.query}".encode()).hexdigest()


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The first `size` bytes, read at their places so that several may fetch at once."""
    position = 0
    with suppress(ValueError):  # the shop was reset meanwhile
        while position < size:
            piece = os.pread(file.fileno(), min(PIECE, size - position), position)
            if not piece:
                return
            position += len(piece)
            yield piece

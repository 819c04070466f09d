"""Stages whose place is one file: how it is written, and where it lies, are chosen apart."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric import ed25519

from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.source import FACTORY
from syncd.domain.identity import SourceName
from syncd.ports.clock import Clock
from syncd.ports.source import Source
from tests.contract.source_contract import SourceStage
from tests.fakes import sftp_files, web_files
from tests.fakes.clock import START, FakeClock
from tests.fakes.credentials import Named
from tests.fakes.csv_files import put
from tests.fakes.tables import json_lines, parquet, workbook

Rows = list[tuple[str, int | float]]
HEADER = ("sku", "quantity")
SPOILED = ("BAD", 12.5)
"""Half a unit is no quantity."""
SECRET = "geheim"


@dataclass(frozen=True)
class Form:
    """A format: its name is the ending, `cut` what is left of a file that ends too early."""

    name: str
    write: Callable[[Rows], bytes]
    cut: Callable[[bytes], bytes]


@dataclass(frozen=True)
class FilePlace:
    """Where the file lies. `cut` ends the next transfer too early, where there is one."""

    source: Source
    keep: Callable[[bytes], None]
    away: Callable[[], None]
    back: Callable[[], None]
    cut: Callable[[], None] | None = None
    lock: Callable[[], None] | None = None
    unlock: Callable[[], None] | None = None


def _csv(rows: Rows) -> bytes:
    return "".join(f"{sku},{units}\n" for sku, units in [HEADER, *rows]).encode()


def _json_lines(rows: Rows) -> bytes:
    return json_lines([dict(zip(HEADER, row, strict=True)) for row in rows])


def _parquet(rows: Rows) -> bytes:
    skus, units = zip(*rows, strict=True)
    whole = all(isinstance(each, int) for each in units)
    kind = pa.int64() if whole else pa.float64()
    return parquet(dict(zip(HEADER, (skus, units), strict=True)), {"quantity": kind})


CSV = Form("csv", _csv, lambda content: content + b'"LAST,5')
XLSX = Form("xlsx", lambda rows: workbook([HEADER, *rows]), lambda content: content[:-9])
JSON_LINES = Form("jsonl", _json_lines, lambda content: content[:-9])
PARQUET = Form("parquet", _parquet, lambda content: content[:-9])


def stage_of(place: FilePlace, form: Form) -> SourceStage:
    """Rows of that form at that place."""
    held: Rows = []

    def write(rows: Rows) -> None:
        held[:] = rows
        place.keep(form.write(held))

    def fill(quantities: Mapping[str, int]) -> None:
        write(list(quantities.items()))

    def touch(sku: str, units: int) -> None:
        fill({**{known: int(number) for known, number in held}, sku: units})

    return SourceStage(
        source=place.source,
        put=fill,
        spoil=lambda: write([*held, SPOILED]),
        away=place.away,
        back=place.back,
        cut=place.cut or (lambda: place.keep(form.cut(form.write(held)))),
        touch=touch,
        lock=place.lock,
        unlock=place.unlock,
    )


def on_disk(folder: Path, form: Form) -> FilePlace:
    """A file on this machine."""
    path, elsewhere = folder / f"stock.{form.name}", folder / "elsewhere"
    return FilePlace(
        source=_source(FakeClock(), folder, path=path.name),
        keep=lambda content: _kept(folder, content, path.name),
        away=lambda: _moved(path, elsewhere),
        back=lambda: _moved(elsewhere, path),
    )


@contextmanager
def on_the_web() -> Iterator[FilePlace]:
    """A file on a web server that wants a token."""
    clock = FakeClock(START + timedelta(hours=1))
    with web_files.serving(clock) as web:
        versions = iter(range(1, 1_000))

        def refuse(answer: web_files.Answering) -> None:
            web.then[:] = [answer] * 99

        def want(token: str) -> None:
            web.secret = f"Bearer {token}"

        want(SECRET)
        yield FilePlace(
            source=_source(
                clock, path=f"{web.url}/stock.csv", allow_private=True,
                auth={"bearer": {"credential": "secret"}},
            ),
            keep=lambda content: web.put(content, f'"{next(versions)}"'),
            away=lambda: refuse(web_files.status(503)),
            back=web.then.clear,
            cut=lambda: refuse(web_files.cut(40)),
            lock=lambda: want("another"),
            unlock=lambda: want(SECRET),
        )  # fmt: skip


@contextmanager
def over_sftp(folder: Path) -> Iterator[FilePlace]:
    """A file on an SSH server."""
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    host_key = sftp_files.key_of(sftp_files.pem(ed25519.Ed25519PrivateKey.generate()))
    path, elsewhere = folder / "stock.csv", folder / "elsewhere"
    with sftp_files.serving(folder, host_key) as ssh:
        written = iter(range(int(START.timestamp()) - 3_600, int(START.timestamp())))

        def want(password: str) -> None:
            ssh.passwords["acme"] = password

        def shorten(file: Path) -> None:
            file.write_bytes(file.read_bytes()[:40])

        want(SECRET)
        yield FilePlace(
            source=_source(
                FakeClock(), path=f"sftp://acme@127.0.0.1:{ssh.port}/stock.csv", timeout="5s",
                host_key=ssh.line, auth={"password": {"credential": "secret"}},
            ),
            keep=lambda content: ssh.put(path.name, content.decode(), next(written)),
            away=lambda: _moved(path, elsewhere),
            back=lambda: _moved(elsewhere, path),
            cut=lambda: ssh.while_reading.append(shorten),
            lock=lambda: want("another"),
            unlock=lambda: want(SECRET),
        )  # fmt: skip


def _source(clock: Clock, folder: Path | None = None, **options: object) -> Source:
    return FACTORY.open(
        SourceName("stock"), CsvFileOptions.model_validate(options), folder=folder or Path(),
        credentials=Named(secret=SECRET), clock=clock,
    )  # fmt: skip


def _kept(folder: Path, content: bytes, name: str) -> None:
    put(folder, content, name)


def _moved(path: Path, to: Path) -> None:
    path.rename(to)

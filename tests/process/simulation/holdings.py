"""What a simulated syncd holds on to: bytes of objects it can reach, open files, the size of its ledger."""

import gc
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from pathlib import Path
from shutil import copy
from sqlite3 import connect
from tempfile import TemporaryDirectory
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType

from syncd.simulation.process import Process

THE_WORLD = (
    "syncd.simulation",
    "connectors.tiktok_shop.sandbox",
    "connectors.transport.simulation",
)
"""What belongs to the simulation is no part of what syncd holds."""
OURS = ("syncd", "connectors")
KEPT_FOR_GOOD = frozenset({"order_line"})
_PAGES = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
_SHARED = (type, ModuleType, FunctionType, BuiltinFunctionType, CodeType, FrameType)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """At one moment: bytes in memory, open files of the whole process, the ledger's bytes and rows."""

    memory: int
    files: int
    ledger: int
    rows: int
    """But for those of order lines, which the ledger keeps for good: they say what was booked already."""


def holdings(process: Process, folder: Path) -> Holdings:
    """What this life holds now, and what its modules keep beside it."""
    roots = [process.engine, process.channel, process.ledger, *_kept_by_modules()]
    size, rows = _measured(folder)
    return Holdings(
        memory=sum(map(sys.getsizeof, _reachable(roots))),
        files=sum(1 for _ in Path("/proc/self/fd").iterdir()),
        ledger=size,
        rows=rows,
    )


def _measured(folder: Path) -> tuple[int, int]:
    """Bytes and rows of the ledger, whether or not its pages have moved from the log to the file yet.

    A copy is looked at, because SQLite keeps files open that are closed while another of its connections has a
    lock.
    """
    with TemporaryDirectory() as beside:
        for file in folder.glob("ledger.db*"):
            copy(file, beside)
        with closing(connect(Path(beside) / "ledger.db")) as looking:
            bytes_, tables = looking.execute(_PAGES).fetchone()[0], looking.execute(_TABLES)
            return bytes_, sum(
                looking.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]  # noqa: S608
                for (name,) in tables.fetchall()
                if name not in KEPT_FOR_GOOD
            )


def _kept_by_modules() -> Iterator[object]:
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in OURS and not name.startswith(THE_WORLD):
            yield from vars(module).values()


def _reachable(roots: Iterable[object]) -> Iterator[object]:
    seen: set[int] = set()
    waiting = list(roots)
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, _SHARED) or _foreign(one) or _limited(one):
            continue
        seen.add(id(one))
        yield one
        waiting.extend(gc.get_referents(one))


def _limited(one: object) -> bool:
    """A cache with a limit fills as time goes by, and then no more."""
    return isinstance(one, _lru_cache_wrapper) and one.cache_parameters()["maxsize"] is not None


def _foreign(one: object) -> bool:
    return str(getattr(type(one), "__module__", "")).startswith(THE_WORLD)

"""From a table to movements and a saved plan, as multiples of the bare driver over the same query (D)."""

# ruff: noqa: S608 - statements are made up here

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pymysql
from sqlalchemy.engine import make_url

from tests.benchmarks.catalogue import Catalogue
from tests.benchmarks.measuring import Cost, median, say
from tests.benchmarks.stock_files import next_day, write
from tests.fakes.databases import DEFAULTS, MARIADB, POSTGRES

QUERY = "SELECT sku, quantity, price, currency FROM {name}"
CONFIG = """\
ledger: sqlite:///ledger.db
sources:
  stock: {{kind: sql_query, url: {{credential: erp}}, query: "{query}", timeout: 1h,
          basis: on_hand, committed: none, orders: on_shipment}}
channels:
  shop: {{kind: catalogue_shop, size: {rows}, reconcile_every: 24h}}
"""
BATCH = 4_000
UNCHANGED = 4.0
"""Multiples of D that a reading in which nothing changed may take."""
LIKE_A_FILE = 1.5
"""Multiples of the same change in a CSV file that a change in a table may take."""
MEMORY = 200
_FILL = (
    "INSERT INTO {name} SELECT concat('SKU-', lpad({text}, 8, '0')), {n} * 7 % 97, "
    "{n} * 7 % 97 + 5.99, 'USD' FROM {numbers}"
)


@dataclass(frozen=True)
class Table:
    """A table of stock on a server; `iterate` reads it with the bare driver and a cursor on the server."""

    server: str
    url: str
    name: str
    run: Callable[[str], None]
    iterate: Callable[[str], None]

    def change(self, stock: dict[str, int], later: dict[str, int]) -> None:
        """Make the table what the next day's file is."""
        changed = [sku for sku, units in later.items() if stock.get(sku, units) != units]
        _in_parts(self.run, f"UPDATE {self.name} SET quantity = quantity + 1 WHERE sku IN", changed)
        _in_parts(self.run, f"DELETE FROM {self.name} WHERE sku IN", sorted(stock.keys() - later))
        rows = [f"('{sku}', 5, 10.99, 'USD')" for sku in later.keys() - stock]
        self.run(f"INSERT INTO {self.name} VALUES {', '.join(rows)}")


class SqlCatalogue(Catalogue):
    """The shop of the other benchmarks, with its stock in a table."""

    def __init__(self, folder: Path, rows: int, table: Table) -> None:
        super().__init__(folder, rows)
        config = CONFIG.format(query=QUERY.format(name=table.name), rows=rows)
        (folder / "syncd.yaml").write_text(config)
        self._environment["SYNCD_ERP"] = table.url


def main(rows: int) -> None:
    """Print the table of both servers."""
    with tempfile.TemporaryDirectory() as name:
        files = Catalogue(Path(name), rows)
        later = next_day(files.stock, rows // 100, rows // 1000, rows // 1000)
        write(files.file, files.stock)
        files.adopt()
        write(files.file, later)
        in_file = median(files.restored("plan"))
    say(f"{rows} rows; 1 % changed, gone, new in a CSV file → plan: {in_file.seconds:.2f} s")
    for opened in (postgres, mariadb):
        with opened(rows) as table, tempfile.TemporaryDirectory() as name:
            _measure(table, Path(name), later, in_file)


def _measure(table: Table, folder: Path, later: dict[str, int], in_file: Cost) -> None:
    rows = SqlCatalogue(folder, len(later), table)
    query = QUERY.format(name=table.name)
    reference = median(lambda: _timed(lambda: table.iterate(query))).seconds
    say(f"{table.server}: D = the bare driver over the same rows = {reference:.2f} s")
    rows.adopt()
    unchanged = median(lambda: rows.syncd("ingest"))
    _row("nothing changed", unchanged, "D", reference, UNCHANGED)
    table.change(rows.stock, later)
    changed = median(rows.restored("plan"))
    _row("1 % changed, gone, new → plan", changed, "the file", in_file.seconds, LIKE_A_FILE)


def _timed(work: Callable[[], None]) -> Cost:
    begun = time.perf_counter()
    work()
    return Cost(time.perf_counter() - begun, 0)


def _row(name: str, cost: Cost, unit: str, reference: float, most: float) -> None:
    ratio = cost.seconds / reference
    verdict = "ok" if ratio <= most else "MISSED"
    memory = "ok" if cost.memory <= MEMORY else "MISSED"
    say(
        f"  {name:32} {cost.seconds:7.2f} s {ratio:6.2f} x {unit} (≤ {most:g}: {verdict})  "
        f"{cost.memory:5.0f} MB (≤ {MEMORY}: {memory})"
    )


def _in_parts(run: Callable[[str], None], statement: str, skus: list[str]) -> None:
    for start in range(0, len(skus), BATCH):
        names = ", ".join(f"'{sku}'" for sku in skus[start : start + BATCH])
        run(f"{statement} ({names})")


def _name() -> str:
    return f"syncd_bench_{secrets.token_hex(4)}"


@contextmanager
def postgres(rows: int) -> Iterator[Table]:
    """A filled table on the PostgreSQL server."""
    url = os.environ.get(POSTGRES, DEFAULTS[POSTGRES])
    name = _name()
    with closing(psycopg.connect(url, autocommit=True)) as owner:

        def run(statement: str) -> None:
            owner.execute(statement.encode())

        def iterate(query: str) -> None:
            with owner.transaction(), owner.cursor(name="bare") as cursor:
                cursor.execute(query.encode())
                while cursor.fetchmany(BATCH):
                    pass

        run(f"CREATE TABLE {name} (sku text, quantity integer, price numeric(10,2), currency text)")
        try:
            numbers = f"generate_series(0, {rows - 1}) n"
            run(_FILL.format(name=name, n="n", text="n::text", numbers=numbers))
            run(f"CREATE INDEX ON {name} (sku)")
            run(f"VACUUM ANALYZE {name}")
            yield Table("PostgreSQL", url, name, run, iterate)
        finally:
            run(f"DROP TABLE {name}")


@contextmanager
def mariadb(rows: int) -> Iterator[Table]:
    """A filled table on the MariaDB server."""
    text = os.environ.get(MARIADB, DEFAULTS[MARIADB])
    url = make_url(text)
    name = _name()
    opened = pymysql.connect(
        host=url.host, port=url.port or 3306, user=url.username, password=url.password or "",
        database=url.database, autocommit=True,
    )  # fmt: skip
    with closing(opened) as owner:

        def run(statement: str) -> None:
            with owner.cursor() as cursor:
                cursor.execute(statement)

        def iterate(query: str) -> None:
            with owner.cursor(pymysql.cursors.SSCursor) as cursor:
                cursor.execute(query)
                while cursor.fetchmany(BATCH):
                    pass

        run(
            f"CREATE TABLE {name} (sku varchar(40), quantity integer, price decimal(10,2), "
            "currency char(3))"
        )
        try:
            run(_FILL.format(name=name, n="seq", text="seq", numbers=f"seq_0_to_{rows - 1}"))
            run(f"CREATE INDEX by_sku ON {name} (sku)")
            yield Table("MariaDB", text, name, run, iterate)
        finally:
            run(f"DROP TABLE {name}")

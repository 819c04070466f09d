"""Where the demo plays: its folder with a file and a database, two simulated shops, and how it is told."""

import csv
import json
import os
import sqlite3
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from syncd.ports import SandboxOptions
from syncd.service.connectors import sandbox_factories

TIKTOK, SHOPIFY = "tiktok_shop", "shopify"
LATENCY = 0.02
_SET_PRICES = {"KIT-1": "24.90", "KIT-2": "24.90", "KIT-3": "24.90", "SOCK-6PK": "24.99"}
"""The sets of the sample shop, which a stock file does not know."""
_STOCK_COLUMNS = 4
"""The sample rows go on with price and currency, which are the database's here."""
_MEANING = {
    0: "done",
    1: "unexpected",
    2: "usage or configuration",
    3: "held: a person must look",
    4: "partial: some rows were rejected",
    5: "unavailable",
}

Command = Callable[[Sequence[str]], int]
"""The command line itself: arguments in, exit code out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The folder, the console, and what each simulated shop says of itself."""

    folder: Path
    console: Console
    command: Command
    shops: Mapping[str, Mapping[str, str]]

    @property
    def stock_file(self) -> Path:
        """The file of the source `warehouse`."""
        return self.folder / "stock.csv"

    def say(self, text: str) -> None:
        """A remark of the narrator."""
        self.console.print(Text(text, style="italic"))

    def act(self, title: str) -> None:
        """A new scene."""
        self.console.print()
        self.console.print(Rule(Text(title, style="bold"), align="left"))

    def type(self, *arguments: str) -> None:
        """Show a command of syncd as it is typed."""
        shown = " ".join(f'"{part}"' if " " in part else part for part in arguments)
        self.console.print(Text(f"$ syncd {shown}", style="bold cyan"), soft_wrap=True)

    def run(self, *arguments: str) -> int:
        """Type a command of syncd and show what it prints."""
        self.type(*arguments)
        code = self.command(["--config", str(self.folder / "syncd.yaml"), *arguments])
        self.console.print(Text(f"(exit {code}: {_MEANING[code]})", style="dim"))
        return code

    def quietly(self, *arguments: str) -> str:
        """The same without showing anything; what it printed on stdout."""
        out = StringIO()
        with redirect_stdout(out), redirect_stderr(StringIO()):
            self.command(["--config", str(self.folder / "syncd.yaml"), *arguments])
        return out.getvalue()

    def happens(self, kind: str, event: str, **body: object) -> None:
        """Something happens in a simulated shop."""
        request = urllib.request.Request(  # noqa: S310 - the sandbox on loopback
            f"{self.shops[kind]['control']}/{event}",
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - as above
            reply.read()

    def change_price(self, sku: str, price: str) -> None:
        """Somebody edits an article in the database."""
        with closing(sqlite3.connect(self.folder / "erp.db")) as database, database:
            change = "UPDATE articles SET price = ?, changed = datetime('now') WHERE sku = ?"
            database.execute(change, (price, sku))


@contextmanager
def opened_stage(folder: Path, command: Command, rate: float) -> Iterator[Stage]:
    """Everything in place; the shops are gone afterwards. `rate`: requests per second of TikTok Shop."""
    factories = sandbox_factories()
    with ExitStack() as stack:
        shops = {
            kind: stack.enter_context(
                factories[kind].open(SandboxOptions(rate=limit, latency=LATENCY))
            ).description()
            for kind, limit in ((TIKTOK, rate), (SHOPIFY, 0.0))
        }
        rows = factories[TIKTOK].sample_stock_rows()
        stage = Stage(folder=folder, console=Console(highlight=False), command=command, shops=shops)
        _write_stock(stage.stock_file, rows)
        _write_articles(folder / "erp.db", rows)
        _write_mapping(folder / "syncd.yaml", shops)
        _tell_secrets(shops)
        yield stage


def _write_stock(path: Path, rows: Sequence[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(row[:_STOCK_COLUMNS] for row in rows)


def _write_articles(path: Path, rows: Sequence[tuple[str, ...]]) -> None:
    """A price and a cost of two fifths for every SKU, last changed two days ago."""
    prices = dict(_SET_PRICES)
    for row in rows[1:]:
        if row[0] and len(row) > _STOCK_COLUMNS:
            prices.setdefault(row[0], row[_STOCK_COLUMNS])
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("DROP TABLE IF EXISTS articles")
        database.execute(
            "CREATE TABLE articles (sku TEXT PRIMARY KEY, price TEXT, currency TEXT, cost TEXT, "
            "changed TEXT)"
        )
        database.executemany(
            "INSERT INTO articles VALUES (?1, ?2, 'USD', round(?2 * 0.4, 2), "
            "datetime('now', '-2 days'))",
            prices.items(),
        )


def _write_mapping(path: Path, shops: Mapping[str, Mapping[str, str]]) -> None:
    mapping = (Path(__file__).parent / "demo_mapping.yaml").read_text(encoding="utf-8")
    for kind, shop in shops.items():
        for key, value in shop.items():
            mapping = mapping.replace(f"@{kind}.{key}@", value)
    path.write_text(mapping, encoding="utf-8")


def _tell_secrets(shops: Mapping[str, Mapping[str, str]]) -> None:
    os.environ["SYNCD_DEMO_APP_SECRET"] = shops[TIKTOK]["app_secret"]
    os.environ["SYNCD_DEMO_SHOPIFY_TOKEN"] = shops[SHOPIFY]["token"]
    os.environ["SYNCD_DEMO_ERP_URL"] = "sqlite:///erp.db"
    os.environ.pop("SYNCD_LEDGER_URL", None)

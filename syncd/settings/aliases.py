"""How the CSV file of aliases is read: listings whose seller SKU is not our SKU."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from syncd.domain.errors import Problem
from syncd.domain.identity import Sku

_COLUMNS = ("seller_sku", "sku")
Entry = tuple[int, str, str]


class AliasesUnreadable(Exception):  # noqa: N818 - reads as a state
    """The file as a whole cannot be used; the message says why."""


def read_aliases(path: Path, label: str) -> tuple[Mapping[str, Sku], tuple[Problem, ...]]:
    """Seller SKU to our SKU, and what is wrong line by line; AliasesUnreadable for the whole file."""
    aliases: dict[str, Sku] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    for line, seller_sku, sku in _entries(path):
        if seller_sku in lines:
            message = f"seller_sku {seller_sku!r} is named twice"
            hint = f"the first one is on line {lines[seller_sku]}"
            problems.append(Problem(label, line, 1, "", message, hint))
        elif not seller_sku or not sku:
            problems.append(Problem(label, line, 1, "", "seller_sku and sku must both be given"))
        else:
            lines[seller_sku] = line
            aliases[seller_sku] = Sku(sku)
    return aliases, tuple(problems)


def _entries(path: Path) -> Iterator[Entry]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            absent = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if absent:
                raise AliasesUnreadable(f"it lacks the column {' and '.join(absent)}")
            for row in reader:
                yield reader.line_num, row["seller_sku"] or "", row["sku"] or ""
    except OSError as refused:
        raise AliasesUnreadable(str(refused.strerror or "it cannot be opened")) from None
    except UnicodeDecodeError:
        raise AliasesUnreadable("it is not UTF-8") from None
    except csv.Error as broken:
        raise AliasesUnreadable(f"it is no CSV: {broken}") from None

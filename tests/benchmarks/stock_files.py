"""Stock files of any size as an ERP writes them, about 65 bytes a row, and the files of the next day."""

import csv
import random
import time
from pathlib import Path

from tests.benchmarks.plugin.catalogue_shop import sku_of, units_of

HEADER = ("sku", "ean", "title", "bin", "quantity", "price", "currency", "active", "updated_at")


def first_day(rows: int) -> dict[str, int]:
    """Quantity by SKU."""
    return {sku_of(number): units_of(number) for number in range(rows)}


def next_day(stock: dict[str, int], changed: int, gone: int, new: int) -> dict[str, int]:
    """The same with so many rows changed, gone and new."""
    dice = random.Random(2)
    picked = dice.sample(sorted(stock), changed + gone)
    later = dict(stock)
    for sku in picked[:changed]:
        later[sku] += 1
    for sku in picked[changed:]:
        del later[sku]
    later.update({f"NEW-{number:08}": 5 for number in range(new)})
    return later


def shuffled(stock: dict[str, int]) -> dict[str, int]:
    """The same rows in another order."""
    rows = list(stock.items())
    random.Random(1).shuffle(rows)
    return dict(rows)


def write(path: Path, stock: dict[str, int]) -> None:
    """The file; its last column is new every time and means nothing."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(
            (
                sku, f"40{sku[-8:]}123", f"Item {sku[-4:]}", f"A-{units}", units,
                f"{units + 5}.99", "USD", "Y", stamp,
            )
            for sku, units in stock.items()
        )  # fmt: skip

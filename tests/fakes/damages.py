"""Ways in which a stock file is damaged on its way, and three in which nobody can see it."""

import random
import re
from collections.abc import Callable

Damage = Callable[[str, random.Random], bytes]
"""Takes a file of the columns SKU, Qty and any others, and chance; gives the damaged bytes."""


def lines_of(content: str) -> list[str]:
    return content.splitlines(keepends=True)


def cut(content: str, chance: random.Random) -> bytes:
    return content.encode()[: chance.randrange(len(content))]


def swapped(content: str, chance: random.Random) -> bytes:
    header, *rows = lines_of(content)
    chance.shuffle(rows)
    return (header + "".join(rows)).encode()


def doubled(content: str, chance: random.Random) -> bytes:
    header, *rows = lines_of(content)
    more = [row for row in rows for _ in range(1 + (chance.random() < 0.1))]
    return (header + "".join(more)).encode()


def broken_encoding(content: str, chance: random.Random) -> bytes:
    raw = bytearray(content.encode())
    for _ in range(5):
        raw[chance.randrange(20, len(raw))] = chance.choice([0x81, 0xFF, 0xC3, 0x00])
    return bytes(raw)


def of_two_encodings(content: str, chance: random.Random) -> bytes:
    """A text of another program, put in as it was; never into a SKU or a number."""
    rows = lines_of(content)
    at = chance.randrange(1, len(rows))
    raw = [row.encode() for row in rows]
    raw[at] = raw[at].rstrip(b"\n") + chance.choice([b"\xe9", b"\xfc", b"\x96"]) + b"\n"
    return b"".join(raw)


def renamed(content: str, chance: random.Random) -> bytes:
    old, new = chance.choice([("SKU", "Sku Code"), ("Qty", "Quantity"), ("Qty", "qty ")])
    return content.replace(old, new, 1).encode()


def exchanged(content: str, chance: random.Random) -> bytes:
    """The names of two columns, not what is in them; up to two prices of three are whole numbers."""
    header, *rows = lines_of(content)
    names = header.strip().split(",")
    one, other = names.index("Qty"), names.index(chance.choice(["Price", "Price", "SKU"]))
    names[one], names[other] = names[other], names[one]
    for number in chance.sample(range(len(rows)), chance.randrange(len(rows) * 2 // 3)):
        rows[number] = re.sub(r"\.\d\d,", ".00,", rows[number])
    return (",".join(names) + "\n" + "".join(rows)).encode()


def shifted(content: str, chance: random.Random) -> bytes:
    rows = lines_of(content)
    start = chance.randrange(1, len(rows))
    return "".join(rows[:start] + ["," + row for row in rows[start:]]).encode()


def headless(content: str, chance: random.Random) -> bytes:
    del chance
    return "".join(lines_of(content)[1:]).encode()


def redelimited(content: str, chance: random.Random) -> bytes:
    rows = lines_of(content)
    start = chance.randrange(0, len(rows))
    return "".join(rows[:start] + [row.replace(",", ";") for row in rows[start:]]).encode()


def another_page(content: str, chance: random.Random) -> bytes:
    rows = lines_of(content)
    at = chance.randrange(1, len(rows))
    page = ["<html>\n", "<p>502 Bad Gateway</p>\n", "</html>\n"]
    return "".join(rows[:at] + page + rows[at:]).encode()


def blown_up(content: str, chance: random.Random) -> bytes:
    header, *rows = lines_of(content)
    return (header + "".join(_grown(row, chance) for row in rows)).encode()


def blown_up_in_places(content: str, chance: random.Random) -> bytes:
    """Too few rows for a limit of the whole plan."""
    header, *rows = lines_of(content)
    some = set(chance.sample(range(len(rows)), 3))
    told = (_grown(row, chance) if at in some else row for at, row in enumerate(rows))
    return (header + "".join(told)).encode()


def _grown(row: str, chance: random.Random) -> str:
    sku, units, *rest = row.split(",")
    more = chance.choice(["e9", "00000000000", ".5", ",000", ".000"])
    return ",".join([sku, units + more, *rest])


def another_table(content: str, chance: random.Random) -> bytes:
    """Some rows of a file of other columns: of orders, say."""
    rows = lines_of(content)
    at = chance.randrange(1, len(rows))
    width = rows[0].count(",") + 1
    skus = [row.split(",")[0] for row in chance.sample(rows[1:], 5)]
    orders = [[str(chance.randrange(10**6)), sku, "1", "2026-11-20", "9.99"] for sku in skus]
    other = [",".join(order[:width]) + "\n" for order in orders]
    return "".join(rows[:at] + other + rows[at:]).encode()


DAMAGES: list[Damage] = [
    cut, swapped, doubled, broken_encoding, of_two_encodings, renamed, shifted, headless, redelimited,
    another_page, another_table, blown_up, blown_up_in_places,
]  # fmt: skip
"""What the reader of a file sees by itself."""

COMPARED: list[Damage] = [*DAMAGES, exchanged]
"""And what is seen beside the last reading."""

LOSING_NO_SKU = [
    swapped, doubled, of_two_encodings, renamed, exchanged, headless, another_page, another_table, blown_up,
    blown_up_in_places,
]  # fmt: skip
"""Those after which every SKU still stands in the file, so that none may be taken for gone."""


def mixed_up(content: str, chance: random.Random) -> bytes:
    """Every SKU has the quantity of another: a sort that moved one column only."""
    header, *rows = lines_of(content)
    parts = [row.split(",") for row in rows]
    units = [part[1] for part in parts]
    chance.shuffle(units)
    return (
        header + "".join(",".join([p[0], n, *p[2:]]) for p, n in zip(parts, units, strict=True))
    ).encode()


def tenfold(content: str, chance: random.Random) -> bytes:
    """Packs exported as pieces."""
    return _each(content, lambda units: units * chance.choice([10, 12]))


def all_sold(content: str, chance: random.Random) -> bytes:
    """An empty warehouse exported in place of the right one."""
    return _each(content, lambda _: chance.choice([0, 0, 1]))


PLAUSIBLE: list[Damage] = [mixed_up, tenfold, all_sold]


def _each(content: str, change: Callable[[int], int]) -> bytes:
    header, *rows = lines_of(content)
    parts = [row.split(",") for row in rows]
    return (
        header + "".join(",".join([p[0], str(change(int(p[1]))), *p[2:]]) for p in parts)
    ).encode()

"""Ten ways in which a stock file is damaged on its way, and three in which nobody can see it."""

import random
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


def renamed(content: str, chance: random.Random) -> bytes:
    old, new = chance.choice([("SKU", "Sku Code"), ("Qty", "Quantity"), ("Qty", "qty ")])
    return content.replace(old, new, 1).encode()


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
    def grow(row: str) -> str:
        sku, units, title = row.split(",")
        return f"{sku},{units}{chance.choice(['e9', '00000000000', '.5', ',000'])},{title}"

    header, *rows = lines_of(content)
    return (header + "".join(grow(row) for row in rows)).encode()


DAMAGES: list[Damage] = [
    cut, swapped, doubled, broken_encoding, renamed, shifted, headless, redelimited, another_page,
    blown_up,
]  # fmt: skip


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

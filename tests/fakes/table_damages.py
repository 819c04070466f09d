"""Ways in which a file of bytes, or of JSON lines, is damaged on its way; none may give another number."""

import random
from collections.abc import Callable

from tests.fakes.damages import another_page, broken_encoding, cut, doubled, lines_of, swapped

ByteDamage = Callable[[bytes, random.Random], bytes]


def cut_short(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def flipped(content: bytes, chance: random.Random) -> bytes:
    raw = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return bytes(raw)


def zeroed(content: bytes, chance: random.Random) -> bytes:
    """A block that the disk never wrote."""
    start = chance.randrange(len(content))
    block = bytes(min(chance.choice([16, 64, 512]), len(content) - start))
    return content[:start] + block + content[start + len(block) :]


def left_out(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) - 1)
    return content[:start] + content[start + chance.randint(1, 64) :]


def repeated(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    return content[: start + chance.randint(1, 512)] + content[start:]


def as_text(content: bytes, chance: random.Random) -> bytes:
    """Sent in the text mode of FTP: line feeds became two characters."""
    del chance
    return content.replace(b"\n", b"\r\n")


def with_a_page(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    return content[:start] + b"<html><p>502 Bad Gateway</p></html>" + content[start:]


BYTE_DAMAGES: list[ByteDamage] = [
    cut_short, flipped, zeroed, left_out, repeated, as_text, with_a_page,
]  # fmt: skip


def renamed(content: str, chance: random.Random) -> bytes:
    """A new version of the exporter, from some line on."""
    lines = lines_of(content)
    start = chance.randrange(len(lines))
    new = chance.choice(["qty", "Quantity", "Qty "])
    return "".join(
        line.replace('"Qty"', f'"{new}"') if at >= start else line for at, line in enumerate(lines)
    ).encode()


def retyped(content: str, chance: random.Random) -> bytes:
    """Numbers that became something else."""
    form = chance.choice(['{"n": %s}', "[%s]", "%se9", "%s.5", "null", "true", '"%s,000"'])
    changed = []
    for line in lines_of(content):
        head, _, rest = line.partition('"Qty": ')
        number, comma, tail = rest.partition(",")
        told = form % number if "%" in form else form
        changed.append(f'{head}"Qty": {told}{comma}{tail}')
    return "".join(changed).encode()


def twice_in_a_line(content: str, chance: random.Random) -> bytes:
    """The same key again, with another number."""
    return "".join(
        line.replace('"Qty"', f'"Qty": {chance.randint(0, 999)}, "Qty"', 1)
        if chance.random() < 0.2
        else line
        for line in lines_of(content)
    ).encode()


def run_together(content: str, chance: random.Random) -> bytes:
    """Line breaks that got lost."""
    return "".join(
        line.rstrip("\n") if chance.random() < 0.1 else line for line in lines_of(content)
    ).encode()


LINE_DAMAGES = [
    cut, swapped, doubled, broken_encoding, another_page, renamed, retyped, twice_in_a_line,
    run_together,
]  # fmt: skip

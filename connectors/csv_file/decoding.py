"""How a file's bytes become text: BOM, UTF-8, UTF-16 or cp1252; and whether its last line is whole."""

import codecs
import io
import re
from collections.abc import Iterator
from typing import IO

from connectors.csv_file.foreign import start_of
from syncd.domain.errors import SourceInvalid

PIECE = 1024 * 1024
_BAD = re.compile("[\udc80-\udcff]")
_ZEROS = {"utf-32-le": (0,), "utf-32-be": (3,), "utf-16-le": (0, 2), "utf-16-be": (1, 3)}
"""Which of four bytes are never zero in most texts; the others mostly are."""
_MANY = 0.25
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(file: IO[bytes], declared: str | None, name: str) -> str:
    """The declared encoding, else the one the bytes show; SourceInvalid for what is none."""
    start = start_of(file, name, "a CSV file")
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            return encoding
    if declared is not None:
        return declared
    wide = _wide(start)
    if wide is not None:
        text = f"{name} looks like {wide[:6].upper()} without a byte order mark"
        raise SourceInvalid(f"{text}; if it is, write `encoding: {wide}`")
    if _is_utf8(file):
        return "utf-8"
    _refuse_damaged_utf8(file, name)
    return "cp1252"


def _wide(start: bytes) -> str | None:
    """UTF-16 or UTF-32 by where the zero bytes of its first characters stand; None for other text."""
    if b"\0" not in start:
        return None
    quarters = [start[at::4] for at in range(4)]
    share = [quarter.count(0) / max(1, len(quarter)) for quarter in quarters]
    for encoding, bare in _ZEROS.items():
        full = [share[at] for at in range(4) if at not in bare]
        if not any(share[at] for at in bare) and min(full) > _MANY:
            return encoding
    return None


def _refuse_damaged_utf8(file: IO[bytes], name: str) -> None:
    """SourceInvalid for UTF-8 with some bytes of another encoding among it.

    Read as cp1252 each of its other characters would become two, and a SKU that has one another SKU.
    """
    good = bad = where = 0
    line, first = 1, ""
    for text in _escaped(file):
        found = _BAD.findall(text)
        if found and not bad:
            first = found[0]
            where = line + _breaks(text[: text.index(first)])
        bad += len(found)
        good += len(text) - len(text.encode("ascii", "ignore")) - len(found)
        line += _breaks(text)
    if good >= max(bad, 1):
        raise SourceInvalid(
            f"{name}: line {where} holds the byte 0x{ord(first) & 0xFF:02x}, which is no UTF-8, in a file "
            f"that is UTF-8 otherwise; mend it, or write `encoding: cp1252` if all of it is written so"
        )


def _escaped(file: IO[bytes]) -> Iterator[str]:
    """The content as UTF-8, piece by piece; each byte that is none stands for itself."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    file.seek(0)
    while piece := file.read(PIECE):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _breaks(text: str) -> int:
    return max(text.count("\n"), text.count("\r"))


def _is_utf8(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def ends_with_newline(file: IO[bytes], encoding: str) -> bool:
    """Whether the last line is ended."""
    end = file.seek(0, io.SEEK_END)
    file.seek(max(0, end - 4))
    tail = file.read()
    width = {"utf-16": 2, "utf-32": 4}.get(codecs.lookup(encoding).name[:6], 1)
    return tail[-width:].strip(b"\0") in {b"\n", b"\r"}


def text_of(file: IO[bytes], encoding: str) -> io.TextIOWrapper:
    """The content as text whose line breaks are left as they are."""
    file.seek(0)
    return io.TextIOWrapper(io.BufferedReader(_Raw(file), PIECE), encoding, "strict", newline="")


class _Raw(io.RawIOBase):
    """The file again, so that closing the text does not close it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # narrower than the C type
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

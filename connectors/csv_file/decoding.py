"""How a file's bytes become text: BOM, UTF-8, UTF-16 or cp1252; and whether its last line is whole."""

import codecs
import io
from typing import IO

from connectors.csv_file.foreign import start_of

PIECE = 1024 * 1024
_BOMS = (
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
    return "utf-8" if _is_utf8(file) else "cp1252"


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
    if encoding.startswith("utf-16"):
        return tail.endswith((b"\n\x00", b"\x00\n", b"\r\x00", b"\x00\r"))
    return tail.endswith((b"\n", b"\r"))


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

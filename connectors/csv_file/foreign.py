"""Knows what a file really is when it is not what its name says: a login page, an archive, an old workbook."""

from typing import IO

from syncd.domain.errors import SourceInvalid

XLSX, PARQUET, OLE = b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"
_START = 512
_MAGIC = {
    XLSX: "an Excel or zip file",
    b"\x1f\x8b": "a gzip file",
    b"%PDF": "a PDF",
    OLE: "an old Excel file",
    PARQUET: "a Parquet file",
}
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<body")
_BOM = b"\xef\xbb\xbf"


def start_of(file: IO[bytes], name: str, wanted: str, own: bytes = b"") -> bytes:
    """The first bytes; SourceInvalid for an empty file and for what begins like something else.

    `own` is how a file of the wanted kind begins, where it always begins so.
    """
    file.seek(0)
    start = file.read(_START)
    if not start:
        raise SourceInvalid(f"{name} is empty")
    if own and start.startswith(own):
        return start
    for magic, words in _MAGIC.items():
        if start.startswith(magic):
            raise SourceInvalid(f"{name} is {words}, not {wanted}")
    if start.removeprefix(_BOM).lstrip().lower().startswith(_PAGES):
        raise SourceInvalid(f"{name} is a web page (a login page, perhaps), not {wanted}")
    if own:
        raise SourceInvalid(f"{name} is not {wanted}")
    return start

"""Knows what an .xlsx file is on the outside: an archive of XML, whole, of bounded size, without entities."""

import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO

from connectors.csv_file.foreign import OLE, XLSX, start_of
from connectors.csv_file.unpacking import Bounds, Oversized
from syncd.domain.errors import SourceInvalid

PIECE = 1024 * 1024
_OVERLAP = 64
_MOST_MEMBERS = 10_000
_FORMULA = re.compile(rb"<(?:\w{1,20}:)?f[ />]")
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LOOKED_AT = 16 * PIECE


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook that is whole. Only where there are formulas can one be without its value."""

    has_formulas: bool


def examined(file: IO[bytes], name: str, largest: int) -> Workbook:
    """Read every member once; SourceInvalid for what is no workbook, damaged, protected or a bomb.

    The checksums of the archive are compared here, because a library may stop before the end of a member.
    """
    file.seek(0)
    if file.read(len(OLE)) == OLE:
        raise SourceInvalid(f"{name} is {_old_kind(file)}")
    start_of(file, name, "an .xlsx workbook", own=XLSX)
    try:
        with zipfile.ZipFile(file) as archive:
            return _examined(archive, Bounds(file.seek(0, 2), largest))
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        raise SourceInvalid(f"{name} is damaged or cut: {error}") from None
    except Oversized as error:
        raise SourceInvalid(f"{name}: {error}") from None


def _examined(archive: zipfile.ZipFile, bounds: Bounds) -> Workbook:
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS or len({item.filename for item in members}) < len(members):
        raise Oversized("it has too many parts, or one of them twice")
    bounds.check(sum(item.file_size for item in members))
    has_formulas = False
    for item in members:
        is_sheet = item.filename.lower().startswith("xl/worksheets/")
        tail = b""
        with archive.open(item) as stream:
            while piece := stream.read(PIECE):
                text = tail + piece
                if _ENTITIES.search(text):
                    raise Oversized("its XML declares entities, which no spreadsheet writes")
                has_formulas = has_formulas or bool(is_sheet and _FORMULA.search(text))
                tail = piece[-_OVERLAP:]
    return Workbook(has_formulas)


def _old_kind(file: IO[bytes]) -> str:
    """Protected workbooks and old ones are the same kind of file outside."""
    file.seek(0)
    if _ENCRYPTED in file.read(_LOOKED_AT):
        return "protected by a password; save it without one"
    return "an old .xls workbook; save it as .xlsx"

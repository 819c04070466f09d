"""Knows how values that are no text are written as the text a CSV file would have, exactly or not at all."""

import re
from datetime import date, datetime, time, timedelta

from connectors.csv_file.options import CsvFileOptions

LONGEST_SPREADSHEET_NUMBER = 15
"""Significant digits a spreadsheet keeps; it shows no more either."""
_LIKE_THOUSANDS = 3
_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)


class Unwritable(Exception):  # noqa: N818 - a reason
    """No text stands for this value here; the message says why."""


class Writer:
    """Writes the values of one file, numbers with the decimal mark that the options declare."""

    def __init__(self, options: CsvFileOptions) -> None:
        self._mark = options.decimal_mark

    def number(self, text: str) -> str:
        """A number written with a point, in the declared form; others are left for the row to reject.

        Three decimals get a zero more: in a number, other than in a text, they can be no thousands.
        """
        if len(text.partition(".")[2]) == _LIKE_THOUSANDS:
            text += "0"
        return text if self._mark == "." or "." not in text else text.replace(".", self._mark)

    def sku_number(self, text: str) -> str:
        """A SKU that is kept as a number: only whole ones that no spreadsheet can have cut.

        Raises Unwritable: 1.5 may have been 1.50, and the sixteenth digit is a guess.
        """
        whole, _, rest = text.partition(".")
        if not _PLAIN.fullmatch(text) or rest.strip("0"):
            raise Unwritable(f"the SKU is the number {text[:40]}; {_AS_TEXT}")
        if len(whole.lstrip("-")) > LONGEST_SPREADSHEET_NUMBER:
            raise Unwritable(f"the SKU is a number of more than 15 digits; {_AS_TEXT}")
        return whole

    def cell(self, key: str, value: object) -> str:
        """What a cell of a spreadsheet says; Unwritable for truths, and for dates that are no count."""
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            raise Unwritable(f"the {key} is a truth value")
        if isinstance(value, int | float):
            text = str(value) if isinstance(value, int) else f"{value:.15g}"
            return self.sku_number(text) if key == "sku" else self.number(text)
        if isinstance(value, datetime | date) and key == "counted_at":
            return value.isoformat()
        if isinstance(value, datetime | date | time | timedelta):
            raise Unwritable(f"the {key} was turned into a date or time; {_AS_TEXT}")
        raise Unwritable(f"the {key} is a {type(value).__name__}")


_AS_TEXT = "the spreadsheet may have lost something: format the column as text and export again"

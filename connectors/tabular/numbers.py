"""Numbers as files write them: one strict grammar, ASCII only, no guessing."""

import re
from dataclasses import dataclass
from decimal import Decimal

from syncd.domain.stock import LARGEST_QUANTITY

_SCIENTIFIC = re.compile(r"[+-]?[0-9]+([.,][0-9]*)?[eE][+-]?[0-9]+", re.ASCII)
_TWO_WAYS = re.compile(r"-?[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*", re.ASCII)
"""1.000 is one unit or a thousand, and 1,000 too. 0.000 is nothing in both."""
LONGEST = 40


class NotANumber(Exception):  # noqa: N818 - a reason
    """The text is no number of this file; the message says why."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The marks of a file's numbers: as declared, or the usual ones where nothing is."""

    decimal: str = "."
    thousands: str | None = None
    declared: bool = True

    def pattern(self) -> re.Pattern[str]:
        """Sign, digits (grouped only where a thousands mark is declared), and decimals."""
        whole = "[0-9]+"
        if self.thousands is not None:
            mark = "[ \u00a0\u202f]" if self.thousands == " " else re.escape(self.thousands)
            whole = f"(?:[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+|[0-9]+)"
        return re.compile(f"(-?)({whole})(?:{re.escape(self.decimal)}([0-9]+))?", re.ASCII)


class Numbers:
    """Reads the numbers of one file."""

    def __init__(self, form: NumberFormat) -> None:
        self._form = form
        self._pattern = form.pattern()

    def exact(self, text: str) -> Decimal:
        """The number written; NotANumber for anything else."""
        body = text.strip(" \u00a0\t")
        found = self._pattern.fullmatch(body) if len(body) <= LONGEST else None
        if found is None:
            raise NotANumber(self._why(body))
        digits = re.sub(r"[^0-9]", "", found[2])
        return Decimal(f"{found[1]}{digits}.{found[3] or '0'}")

    def units(self, text: str, fractions: str) -> int:
        """A whole number of units; `12.5` is none unless fractions go down.

        `12.000` is 12 where somebody declared the marks, else it may as well be 12 thousand.
        """
        self._refuse_two_ways(text.strip(" \u00a0\t"))
        number = self.exact(text)
        if abs(number) > LARGEST_QUANTITY:
            raise NotANumber(f"{_shown(text)} is larger than {LARGEST_QUANTITY}")
        whole = number.to_integral_value(rounding="ROUND_FLOOR")
        if whole != number and fractions != "down":
            raise NotANumber(
                f"{_shown(text)} is no whole number of units; `fractions: down` would round it down"
            )
        return int(whole)

    def _refuse_two_ways(self, body: str) -> None:
        if self._form.declared or len(body) > LONGEST:
            return
        found = _TWO_WAYS.fullmatch(body)
        if found is not None:
            mark = found[1]
            thousand = "".join(body.split(mark))
            raise NotANumber(
                f'{_shown(body)} can be read in two ways: write `thousands: "{mark}"` if it is '
                f'{thousand}, or `decimal: "{mark}"` if those are decimals'
            )

    def _why(self, body: str) -> str:
        if _SCIENTIFIC.fullmatch(body):
            return f"{_shown(body)} is in scientific notation: the spreadsheet lost the number"
        if body.lower().lstrip("+-") in {"nan", "inf", "infinity", "n/a", "#n/a", "null", "none"}:
            return f"{_shown(body)} is no number"
        marks = f"decimal mark {self._form.decimal!r}"
        if self._form.thousands is not None:
            marks += f", thousands mark {self._form.thousands!r}"
        return f"{_shown(body)} is no number ({marks}; see `decimal` and `thousands`)"


def _shown(text: str) -> str:
    """The text in quotes, cut and without control characters."""
    return ascii(text[:LONGEST])

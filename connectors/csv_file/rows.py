"""What one row says, or why it cannot be believed."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from connectors.csv_file.numbers import NotANumber, NumberFormat, Numbers
from connectors.csv_file.options import CsvFileOptions
from syncd.domain.identity import DEFAULT_LOCATION, LocationName, Sku
from syncd.domain.stock import Reading, Reject, State

LONGEST_SKU = 200
_SCIENTIFIC_SKU = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+[0-9]+", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
UNTRACKED = "untracked"
"""How a preset writes a quantity that the shop does not track."""


class Unbelievable(Exception):  # noqa: N818 - a reason
    """The row must be rejected; the message says why."""


class RowParser:
    """Judges the rows of one file. `keys` names the values of a row."""

    def __init__(self, options: CsvFileOptions, keys: Sequence[str]) -> None:
        self._options = options
        self._where = {key: index for index, key in enumerate(keys)}
        self._numbers = Numbers(NumberFormat(options.decimal, options.thousands))

    def parse(self, at: str, values: tuple[str, ...]) -> Reading | Reject:
        """The reading of a row, or the reject with its place, SKU and reason."""
        raw = values[self._where["sku"]]
        try:
            sku = self.sku(raw)
        except Unbelievable as reason:
            return Reject(at=at, sku=None, reason=str(reason))
        location: LocationName | None = None
        try:
            location = self._location(values)
            return self._reading(sku, location, values)
        except (Unbelievable, NotANumber) as reason:
            return Reject(at=at, sku=sku, reason=str(reason), location=location)

    def sku(self, raw: str) -> Sku:
        """The SKU as the options want it; Unbelievable for what can be none."""
        form = self._options.sku
        text = raw.strip() if form.trim else raw
        if form.upper:
            text = text.upper()
        if form.pad and text.isascii() and text.isdigit():
            text = text.zfill(form.pad)
        if not text.strip():
            raise Unbelievable("the SKU is blank")
        if "\0" in text or any(ord(char) < 32 for char in text):  # noqa: PLR2004 - control characters
            raise Unbelievable("the SKU has a control character")
        if len(text) > LONGEST_SKU:
            raise Unbelievable(f"the SKU is longer than {LONGEST_SKU} characters")
        if _SCIENTIFIC_SKU.fullmatch(text):
            raise Unbelievable(
                f"the SKU {text} is in scientific notation: the spreadsheet lost its digits; "
                "format the column as text and export again"
            )
        return Sku(text)

    def _text(self, values: Sequence[str], key: str) -> str:
        index = self._where.get(key)
        text = "" if index is None else values[index]
        if "\0" in text:
            raise Unbelievable(f"the {key} has a NUL byte")
        return text

    def _location(self, values: Sequence[str]) -> LocationName:
        if "location" not in self._where:
            return DEFAULT_LOCATION
        text = self._text(values, "location").strip()
        if not text:
            raise Unbelievable("the location is blank")
        return LocationName(text)

    def _reading(self, sku: Sku, location: LocationName, values: Sequence[str]) -> Reading:
        state, quantity, note = self._quantity(values)
        return Reading(
            sku=sku,
            location=location,
            state=state,
            quantity=quantity,
            committed=self._committed(values),
            price=self._money(values, "price"),
            currency=self._currency(values),
            cost=self._money(values, "cost"),
            counted_at=self._counted_at(values),
            note=note,
        )

    def _quantity(self, values: Sequence[str]) -> tuple[State, int | None, str]:
        if "quantity" not in self._where:
            return State.UNKNOWN, None, "the file has no quantity column"
        text = self._text(values, "quantity").strip()
        if not text:
            return State.UNKNOWN, None, "the quantity is empty"
        if text == UNTRACKED and self._options.format is not None:
            return State.UNTRACKED, None, "not tracked"
        try:
            units = self._numbers.units(text, self._options.fractions)
        except NotANumber as reason:
            raise Unbelievable(f"quantity {reason}") from None
        return State.KNOWN, units, f"source reports −{-units}" if units < 0 else ""

    def _committed(self, values: Sequence[str]) -> int | None:
        text = self._text(values, "committed").strip()
        if self._options.committed == "none" or "committed" not in self._where:
            return None
        if not text:
            return 0
        units = self._numbers.units(text, self._options.fractions)
        if units < 0:
            raise Unbelievable(f"committed {units} is negative")
        return units

    def _money(self, values: Sequence[str], key: str) -> Decimal | None:
        text = self._text(values, key).strip()
        if not text:
            return None
        try:
            amount = self._numbers.exact(text)
        except NotANumber as reason:
            raise Unbelievable(f"{key} {reason}") from None
        if amount < 0:
            raise Unbelievable(f"{key} {amount} is negative")
        return amount

    def _currency(self, values: Sequence[str]) -> str | None:
        text = self._text(values, "currency").strip()
        if text and not _CURRENCY.fullmatch(text):
            raise Unbelievable(f"currency {text[:10]!a} is no three-letter code")
        return text or None

    def _counted_at(self, values: Sequence[str]) -> datetime | None:
        text = self._text(values, "counted_at").strip()
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Unbelievable(f"counted_at {text[:40]!a} is no ISO 8601 time") from None
        if moment.tzinfo is None:
            zone = self._options.counted_at_timezone
            if zone is None:
                raise Unbelievable("counted_at gives no time zone; set `counted_at_timezone`")
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)

"""What one row says, or why it cannot be believed."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from connectors.tabular.form import UNTRACKED, RowForm
from connectors.tabular.numbers import NotANumber, NumberFormat, Numbers
from syncd.domain.identity import DEFAULT_LOCATION, LocationName, Sku
from syncd.domain.stock import Reading, Reject, State

T = TypeVar("T")
Quantity = tuple[State, int | None, str]

LONGEST_SKU = 200
REMEMBERED = 16_384
"""Texts per column whose meaning is remembered."""
NO_QUANTITY: Quantity = (State.UNKNOWN, None, "there is no quantity column")
_PLAIN_SKU = re.compile(r"[0-9A-Za-z._/-]{1,200}", re.ASCII)
"""What needs no second look: too short, too long, blank, scientific or odd it cannot be."""
_SCIENTIFIC_SKU = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+[0-9]+", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class Unbelievable(Exception):  # noqa: N818 - a reason
    """The row must be rejected; the message says why. SKU and location are given where they could be read."""

    def __init__(
        self, reason: str, sku: Sku | None = None, location: LocationName | None = None
    ) -> None:
        super().__init__(reason)
        self.sku = sku
        self.location = location


class RowParser:
    """Judges the rows of one table. `keys` names the values of a row.

    The columns of a table of stock repeat themselves, so what a text means is remembered for a while.
    """

    def __init__(self, form: RowForm, keys: Sequence[str]) -> None:
        where = {key: index for index, key in enumerate(keys)}
        columns = _Columns(form)
        self._as_written = form.sku.as_written
        self._columns = columns
        self._sku_at = where["sku"]
        self._location = _column(where, "location", columns.location, DEFAULT_LOCATION)
        self._quantity = _column(where, "quantity", columns.quantity, NO_QUANTITY)
        counted = "committed" if form.counts_committed else ""
        self._committed = _column(where, counted, columns.committed, None)
        self._price = _column(where, "price", columns.price, None)
        self._currency = _column(where, "currency", columns.currency, None)
        self._cost = _column(where, "cost", columns.cost, None)
        self._counted_at = _column(where, "counted_at", columns.counted_at, None)

    def reading(self, values: tuple[str, ...]) -> Reading:
        """What a row says; Unbelievable for a row that must be rejected."""
        sku = self.sku(values[self._sku_at])
        location: LocationName | None = None
        try:
            location = self._location(values)
            state, quantity, note = self._quantity(values)
            return Reading(
                sku=sku,
                location=location,
                state=state,
                quantity=quantity,
                committed=self._committed(values),
                price=self._price(values),
                currency=self._currency(values),
                cost=self._cost(values),
                counted_at=self._counted_at(values),
                note=note,
            )
        except (Unbelievable, NotANumber) as reason:
            raise Unbelievable(str(reason), sku, location) from None

    def judged(
        self, position: int, values: tuple[str, ...], locate: Callable[[int], str]
    ) -> Reading | Reject:
        """What a row says, or why it is rejected; `locate` is asked for its place only then."""
        try:
            return self.reading(values)
        except Unbelievable as found:
            return Reject(
                at=locate(position), sku=found.sku, location=found.location, reason=str(found)
            )

    def sku(self, raw: str) -> Sku:
        """The SKU as the options want it; Unbelievable for what can be none."""
        if self._as_written and _PLAIN_SKU.fullmatch(raw):
            return Sku(raw)
        return self._columns.sku(raw)


def _column(
    where: Mapping[str, int], key: str, meaning: Callable[[str], T], absent: T
) -> Callable[[tuple[str, ...]], T]:
    """Reads one column of a row; `absent` where the file has no such column."""
    index = where.get(key)
    if index is None:
        return lambda _: absent
    known = lru_cache(REMEMBERED)(meaning)
    return lambda values: known(values[index])


class _Columns:
    """What the text of each column means; Unbelievable or NotANumber for what means nothing."""

    def __init__(self, form: RowForm) -> None:
        self._form = form
        self._numbers = Numbers(NumberFormat(form.decimal, form.thousands, form.marks_declared))

    def sku(self, raw: str) -> Sku:
        form = self._form.sku
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

    def location(self, raw: str) -> LocationName:
        text = _text(raw, "location")
        if not text:
            raise Unbelievable("the location is blank")
        return LocationName(text)

    def quantity(self, raw: str) -> Quantity:
        text = _text(raw, "quantity")
        if not text:
            return State.UNKNOWN, None, "the quantity is empty"
        if text == UNTRACKED and self._form.untracked:
            return State.UNTRACKED, None, "not tracked"
        try:
            units = self._numbers.units(text, self._form.fractions)
        except NotANumber as reason:
            raise Unbelievable(f"quantity {reason}") from None
        return State.KNOWN, units, f"source reports −{-units}" if units < 0 else ""

    def committed(self, raw: str) -> int | None:
        text = _text(raw, "committed")
        if not text:
            return 0
        units = self._numbers.units(text, self._form.fractions)
        if units < 0:
            raise Unbelievable(f"committed {units} is negative")
        return units

    def price(self, raw: str) -> Decimal | None:
        return self._money(raw, "price")

    def cost(self, raw: str) -> Decimal | None:
        return self._money(raw, "cost")

    def _money(self, raw: str, key: str) -> Decimal | None:
        text = _text(raw, key)
        if not text:
            return None
        try:
            amount = self._numbers.exact(text)
        except NotANumber as reason:
            raise Unbelievable(f"{key} {reason}") from None
        if amount < 0:
            raise Unbelievable(f"{key} {amount} is negative")
        return amount

    def currency(self, raw: str) -> str | None:
        text = _text(raw, "currency")
        if text and not _CURRENCY.fullmatch(text):
            raise Unbelievable(f"currency {text[:10]!a} is no three-letter code")
        return text or None

    def counted_at(self, raw: str) -> datetime | None:
        text = _text(raw, "counted_at")
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Unbelievable(f"counted_at {text[:40]!a} is no ISO 8601 time") from None
        if moment.tzinfo is None:
            zone = self._form.zone
            if zone is None:
                raise Unbelievable(f"counted_at gives no time zone; set `{self._form.zone_key}`")
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)


def _text(raw: str, key: str) -> str:
    if "\0" in raw:
        raise Unbelievable(f"the {key} has a NUL byte")
    return raw.strip()

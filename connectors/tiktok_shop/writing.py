"""Writes stock and prices of one product and turns every answer into one outcome per change."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.tiktok_shop.bodies import PriceWrite, StockWrite
from connectors.tiktok_shop.client import TikTokClient
from connectors.tiktok_shop.codes import Entry, ErrorClass, classify
from connectors.tiktok_shop.errors import ApiRefused, ApiUnknown
from connectors.tiktok_shop.wire import EntryError
from connectors.transport.pacing import Lane as Pace
from syncd.domain.change import Change, Field, Lane
from syncd.domain.identity import ListingRef, WarehouseId
from syncd.domain.listing import Listing
from syncd.domain.money import Money
from syncd.domain.outcome import Accepted, Outcome, Rejected, Retry, Unknown
from syncd.ports.clock import Clock

WHOLE_PRODUCT = frozenset({
    ErrorClass.PRICE_LOCKED, ErrorClass.STATUS_FORBIDS, ErrorClass.OPERATOR, ErrorClass.BUG,
    ErrorClass.NOT_EDITABLE,
})  # fmt: skip
"""Refusals of a whole product: splitting the call would only repeat them."""
_RETRY = {
    ErrorClass.MAPPING: Retry.NEVER,
    ErrorClass.WAREHOUSES: Retry.LATER,
    ErrorClass.QUANTITY_REFUSED: Retry.NEVER,
    ErrorClass.PRICE_LOCKED: Retry.LATER,
    ErrorClass.STOCK_LOCKED: Retry.LATER,
    ErrorClass.NOT_EDITABLE: Retry.NEVER,
    ErrorClass.STATUS_FORBIDS: Retry.LATER,
    ErrorClass.OPERATOR: Retry.LATER,
    ErrorClass.RETRY: Retry.NEXT_CYCLE,
    ErrorClass.THROTTLED: Retry.NEXT_CYCLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why the shop refused one SKU."""

    code: int
    message: str
    entry: Entry

    def outcome(self, change: Change) -> Rejected:
        """The refusal as the engine sees it."""
        words = f"{self.entry.meaning}; {self.entry.action}"
        shop = f" (the shop says: {self.message})" if self.message else ""
        return Rejected(
            change=change,
            code=str(self.code),
            message=words + shop,
            retry=_RETRY.get(self.entry.kind, Retry.NEVER),
            skip=self.entry.kind is ErrorClass.NOT_EDITABLE,
        )


Refusals = dict[ListingRef, Refusal]


class ProductWriter:
    """Writes the SKUs of one product; splits a refused call until the guilty SKU stands alone."""

    def __init__(self, client: TikTokClient, clock: Clock, price_field: str) -> None:
        self._client = client
        self._clock = clock
        self._price_field = price_field
        self.largest = 0
        """The most SKUs that one call was seen to take."""

    def write_stock(
        self, changes: Sequence[Change], live: Mapping[ListingRef, Listing]
    ) -> tuple[Sequence[Outcome], Refusals]:
        """Set quantities; all warehouses of each SKU go in, those without a change as just read."""
        writes = {
            ref: stock_write(ref, rows, live.get(ref)) for ref, rows in _by_listing(changes).items()
        }
        lane = Pace.URGENT if min(row.lane for row in changes) <= Lane.DECREASE else Pace.NORMAL
        return self._outcomes(
            changes,
            lambda refs: (
                self._client.update_inventory(
                    refs[0].product_id, [writes[ref] for ref in refs], lane=lane
                ).errors
            ),
        )

    def write_prices(self, changes: Sequence[Change]) -> tuple[Sequence[Outcome], Refusals]:
        """Set prices."""
        writes = {row.ref: self._price_write(row) for row in changes}
        return self._outcomes(
            changes,
            lambda refs: (
                self._client.update_prices(refs[0].product_id, [writes[ref] for ref in refs]).errors
            ),
        )

    def _price_write(self, change: Change) -> PriceWrite:
        currency = change.currency or ""
        text = Money(change.after, currency).text()
        if self._price_field == "sale_price":
            return PriceWrite(sku_id=change.ref.listing_id, currency=currency, sale_price=text)
        return PriceWrite(sku_id=change.ref.listing_id, currency=currency, amount=text)

    def _outcomes(
        self,
        changes: Sequence[Change],
        call: Callable[[Sequence[ListingRef]], Iterable[EntryError]],
    ) -> tuple[Sequence[Outcome], Refusals]:
        refs = list(dict.fromkeys(row.ref for row in changes))
        refused: Refusals = {}
        unknown: dict[ListingRef, str] = {}
        self._call_split(refs, call, refused, unknown)
        return [self._outcome(row, refused, unknown) for row in changes], refused

    def _call_split(
        self, refs: Sequence[ListingRef],
        call: Callable[[Sequence[ListingRef]], Iterable[EntryError]],
        refused: Refusals, unknown: dict[ListingRef, str],
    ) -> None:  # fmt: skip
        try:
            refused.update(_entries(refs, call(refs)))
            self.largest = max(self.largest, len(refs))
        except ApiUnknown as error:
            unknown.update(dict.fromkeys(refs, str(error)))
        except ApiRefused as error:
            if len(refs) > 1 and error.entry.kind not in WHOLE_PRODUCT:
                middle = len(refs) // 2
                self._call_split(refs[:middle], call, refused, unknown)
                self._call_split(refs[middle:], call, refused, unknown)
                return
            refusal = Refusal(code=error.code, message=error.message, entry=error.entry)
            refused.update(dict.fromkeys(refs, refusal))

    def _outcome(
        self, change: Change, refused: Refusals, unknown: Mapping[ListingRef, str]
    ) -> Outcome:
        if change.ref in refused:
            return refused[change.ref].outcome(change)
        if change.ref in unknown:
            return Unknown(change=change, reason=unknown[change.ref])
        return Accepted(change=change, at=self._clock.now())


def stock_write(ref: ListingRef, rows: Sequence[Change], live: Listing | None) -> StockWrite:
    """One SKU's quantities in every warehouse it has (fact sheet 3.2: leaving one out is refused)."""
    quantities = {} if live is None else {row.warehouse_id: row.available for row in live.stock}
    quantities.update({row.warehouse_id or WarehouseId(""): row.after for row in rows})
    return StockWrite(
        sku_id=ref.listing_id, quantities={str(name): units for name, units in quantities.items()}
    )


def at_least_one(changes: Iterable[Change]) -> list[Change]:
    """The same rows with 1 where they say 0."""
    return [replace(row, after=max(1, row.after)) for row in changes]


def _by_listing(changes: Iterable[Change]) -> dict[ListingRef, list[Change]]:
    rows: dict[ListingRef, list[Change]] = {}
    for change in changes:
        rows.setdefault(change.ref, []).append(change)
    return rows


def _entries(refs: Sequence[ListingRef], errors: Iterable[EntryError]) -> Refusals:
    """Refused SKUs of a call that as a whole answered code 0.

    An entry that names no SKU is taken to concern all of them: success must be certain.
    """
    found: Refusals = {}
    known = {ref.listing_id: ref for ref in refs}
    for error in errors:
        guilty = known.get(error.detail.sku_id)  # type: ignore[call-overload]  # a NewType of str
        refusal = _refusal(error)
        found.update(dict.fromkeys(refs if guilty is None else [guilty], refusal))
    return found


def _refusal(error: EntryError) -> Refusal:
    """The cause inside a container entry outranks the container."""
    for extra in error.detail.extra_errors:
        entry = classify(extra.code, 200, extra.message)
        return Refusal(code=extra.code, message=extra.message, entry=entry)
    entry = classify(error.code, 200, error.message)
    return Refusal(code=error.code, message=error.message, entry=entry)


def is_quantity(changes: Sequence[Change]) -> bool:
    """Whether a batch sets quantities; a batch never mixes fields."""
    return changes[0].field is Field.QUANTITY

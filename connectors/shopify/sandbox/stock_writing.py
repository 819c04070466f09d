"""The stock mutations of the simulated API with all their rules (fact sheet 2.6): all rows or none."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from connectors.shopify.sandbox.calls import Call, World
from connectors.shopify.sandbox.changes import set_units
from connectors.shopify.sandbox.faults import FAILED, WRITING
from connectors.shopify.sandbox.refusals import bad_request
from connectors.shopify.sandbox.state import Item, Level, Location, gid, stamp

MANDATORY_FROM = "2026-04"
"""The version from which the key and `changeFromQuantity` are required."""
UNSTOCKED_REFUSED_UNTIL = "2026-04"
MOST_ROWS = 250
MOST_SET = 1_000_000_000
MOST_ADJUSTED = 2_000_000_000
REASONS = frozenset(
    {
        "correction", "cycle_count_available", "damaged", "movement_canceled", "movement_created",
        "movement_received", "movement_updated", "other", "promotion", "quality_control",
        "received", "reservation_created", "reservation_deleted", "reservation_updated",
        "restock", "safety_stock", "shrinkage",
    }
)  # fmt: skip
ADJUSTABLE = ("available", "reserved", "damaged", "safety_stock", "quality_control", "incoming")
SETTABLE = ("available", "on_hand")

Row = Mapping[str, object]
Payload = dict[str, object]


class RowRefused(Exception):  # noqa: N818 - a refusal is an ordinary answer of a shop
    """A user error of the mutation."""

    def __init__(self, code: str, message: str, field: Sequence[str]) -> None:
        super().__init__(message)
        self.code = code
        self.field = list(field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What one row will change."""

    item: Item
    location: Location
    state: str
    before: int
    after: int
    document: str | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was answered to a key."""

    said: str
    payload: Payload
    until: float


class StockWriting:
    """Answers `inventoryAdjustQuantities` and `inventorySetQuantities`."""

    def __init__(self) -> None:
        self._remembered: dict[str, Remembered] = {}
        self._numbers = count(9_000_001)

    def adjust(self, arguments: Row, call: Call, key: str | None) -> Payload:
        """Book the deltas."""
        return self._once("inventoryAdjustQuantities", arguments, call, key, _adjusted)

    def set(self, arguments: Row, call: Call, key: str | None) -> Payload:
        """Set the quantities."""
        return self._once("inventorySetQuantities", arguments, call, key, _set)

    def _once(
        self, name: str, arguments: Row, call: Call, key: str | None,
        moves: Callable[[Row, Call], list[Move]],
    ) -> Payload:  # fmt: skip
        """Do it, or say again what was said to this key."""
        given = arguments["input"]
        if not isinstance(given, Mapping):
            raise bad_request("input is missing")
        if key is None and call.version >= MANDATORY_FROM:
            raise bad_request("The @idempotent directive is required for this mutation")
        world = call.world
        said = json.dumps([name, given], sort_keys=True, default=str)
        known = self._remembered.get(key or "")
        if known is not None and known.until > world.now():
            if known.said != said:
                text = "The idempotency key was used with other parameters"
                return _refused(RowRefused("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", text, ()))
            return _refused(_struck(FAILED)) if known.payload["userErrors"] else known.payload
        fault = world.faults.pick(WRITING, name)
        if fault is not None:
            return _refused(_struck(fault.kind))
        try:
            payload = self._carry_out(given, call, moves(given, call))
        except RowRefused as refusal:
            payload = _refused(refusal)
        if key is not None:
            until = world.now() + world.behaviour.idempotency_life
            self._remembered[key] = Remembered(said, payload, until)
        return payload

    def _carry_out(self, given: Row, call: Call, moves: list[Move]) -> Payload:
        world = call.world
        changes: list[dict[str, object]] = []
        for move in moves:
            level = move.item.level_at(move.location) or _stocked(world, move)
            on_hand = level.units("on_hand")
            set_units(world, level, {move.state: move.after})
            call.applied.append(_applied(move, given.get("referenceDocumentUri")))
            deltas = {move.state: move.after - move.before}
            if level.units("on_hand") != on_hand and move.state != "on_hand":
                deltas["on_hand"] = level.units("on_hand") - on_hand
            for state, delta in deltas.items():
                changes.append(
                    {
                        "name": state,
                        "delta": delta,
                        "quantityAfterChange": None,
                        "ledgerDocumentUri": move.document,
                        "item": move.item,
                        "location": move.location,
                    }
                )
        group = {
            "id": gid("InventoryAdjustmentGroup", next(self._numbers)),
            "createdAt": stamp(world.now()),
            "reason": given["reason"],
            "referenceDocumentUri": given.get("referenceDocumentUri"),
            "changes": changes,
        }
        return {"inventoryAdjustmentGroup": group if changes else None, "userErrors": []}


def _struck(kind: str) -> RowRefused:
    """Trouble with the key itself; one whose attempt was refused is spent."""
    if kind == "idempotency_concurrent":
        text = "Another request with this idempotency key is being processed"
        return RowRefused("IDEMPOTENCY_CONCURRENT_REQUEST", text, ())
    text = "The previous attempt with this idempotency key failed: use a new key"
    return RowRefused("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", text, ())


def _refused(refusal: RowRefused) -> Payload:
    error = {"field": refusal.field, "message": str(refusal), "code": refusal.code}
    return {"inventoryAdjustmentGroup": None, "userErrors": [error]}


def _applied(move: Move, reference: object) -> dict[str, object]:
    return {
        "sku": move.item.variant.sku,
        "item": move.item.number,
        "location": move.location.name,
        "state": move.state,
        "before": move.before,
        "after": move.after,
        "reference": reference,
    }


def _stocked(world: World, move: Move) -> Level:
    """Writing to a pair that is not stocked makes an inactive level: success does not mean sellable."""
    level = world.shop.add_level(move.item, move.location, 0, world.second())
    level.active = False
    return level


def _adjusted(given: Row, call: Call) -> list[Move]:
    name = str(given["name"])
    if name not in ADJUSTABLE:
        text = f"The quantity name must be one of {', '.join(ADJUSTABLE)}"
        raise RowRefused("INVALID_QUANTITY_NAME", text, ("input", "name"))
    rows = _rows(given, "changes", call)
    moves: list[Move] = []
    running: dict[tuple[int, int], int] = {}
    for row, where in rows:
        document = row.get("ledgerDocumentUri")
        _check_document(name, document, where)
        item, location, present = _find(row, name, call, where)
        before = running.get((item.number, location.number), present)
        _check_stale(row, before, where)
        after = before + _whole(row["delta"])
        _check_range(after, MOST_ADJUSTED, where)
        running[item.number, location.number] = after
        moves.append(
            Move(
                item=item, location=location, state=name, before=before, after=after,
                document=None if document is None else str(document),
            )
        )  # fmt: skip
    return moves


def _set(given: Row, call: Call) -> list[Move]:
    name = str(given["name"])
    if name not in SETTABLE:
        text = f"The quantity name must be one of {', '.join(SETTABLE)}"
        raise RowRefused("INVALID_NAME", text, ("input", "name"))
    moves: dict[tuple[int, int], Move] = {}
    for row, where in _rows(given, "quantities", call):
        item, location, before = _find(row, name, call, where)
        if (item.number, location.number) in moves:
            text = "The combination of inventory item and location is given twice"
            raise RowRefused("NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", text, where)
        _check_stale(row, before, where)
        after = _whole(row["quantity"])
        _check_range(after, MOST_SET, where)
        moves[item.number, location.number] = Move(
            item=item, location=location, state=name, before=before, after=after, document=None
        )
    return list(moves.values())


def _rows(given: Row, key: str, call: Call) -> Iterator[tuple[Row, Sequence[str]]]:
    """The rows with their places; what holds for all of them is checked first."""
    rows = given[key]
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise bad_request(
            f"The input array size is greater than the maximum allowed of {MOST_ROWS}"
        )
    if given["reason"] not in REASONS:
        raise RowRefused("INVALID_REASON", "The specified reason is invalid", ("input", "reason"))
    reference = given.get("referenceDocumentUri")
    if reference is not None and "://" not in str(reference):
        where = ("input", "referenceDocumentUri")
        raise RowRefused("INVALID_REFERENCE_DOCUMENT", "The reference document is invalid", where)
    for n, row in enumerate(rows):
        if "changeFromQuantity" not in row and call.version >= MANDATORY_FROM:
            raise bad_request(f"changeFromQuantity is required (input.{key}.{n}); null skips it")
        yield row, ("input", key, str(n))


def _find(row: Row, state: str, call: Call, where: Sequence[str]) -> tuple[Item, Location, int]:
    shop = call.world.shop
    text = str(row["inventoryItemId"])
    item = next((each for each in _numbered(shop.items, text) if each.gid == text), None)
    if item is None:
        message = "The specified inventory item could not be found"
        raise RowRefused("INVALID_INVENTORY_ITEM", message, (*where, "inventoryItemId"))
    location = next((each for each in shop.locations if each.gid == row["locationId"]), None)
    if location is None:
        message = "The specified location could not be found"
        raise RowRefused("INVALID_LOCATION", message, (*where, "locationId"))
    if item.variant.components:
        message = "The specified inventory item is not allowed to be adjusted via API"
        raise RowRefused("NON_MUTABLE_INVENTORY_ITEM", message, (*where, "inventoryItemId"))
    level = item.level_at(location)
    if level is None and call.version < UNSTOCKED_REFUSED_UNTIL:
        message = "The specified inventory item is not stocked at the location"
        raise RowRefused("ITEM_NOT_STOCKED_AT_LOCATION", message, (*where, "locationId"))
    return item, location, 0 if level is None else level.units(state)


def _numbered(items: Mapping[int, Item], text: str) -> list[Item]:
    tail = text.rpartition("/")[2]
    item = items.get(int(tail)) if tail.isdecimal() else None
    return [] if item is None else [item]


def _check_stale(row: Row, before: int, where: Sequence[str]) -> None:
    expected = row.get("changeFromQuantity")
    if expected is not None and expected != before:
        text = "The changeFromQuantity argument no longer matches the persisted quantity"
        raise RowRefused("CHANGE_FROM_QUANTITY_STALE", text, (*where, "changeFromQuantity"))


def _check_range(after: int, most: int, where: Sequence[str]) -> None:
    if after > most:
        raise RowRefused("INVALID_QUANTITY_TOO_HIGH", f"The quantity can't exceed {most}", where)
    if after < -most:
        raise RowRefused("INVALID_QUANTITY_TOO_LOW", f"The quantity can't be below -{most}", where)


def _check_document(name: str, document: object, where: Sequence[str]) -> None:
    """A ledger document belongs to every state but `available`, and is never a global id."""
    place = (*where, "ledgerDocumentUri")
    if name == "available" and document is not None:
        text = "A ledger document URI is not allowed when adjusting available"
        raise RowRefused("INVALID_AVAILABLE_DOCUMENT", text, place)
    if name != "available" and document is None:
        text = "A ledger document URI is required except when adjusting available"
        raise RowRefused("INVALID_QUANTITY_DOCUMENT", text, place)
    if str(document).startswith("gid://shopify/"):
        text = "Internal (gid://shopify/) ledger documents are not allowed"
        raise RowRefused("INTERNAL_LEDGER_DOCUMENT", text, place)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0

"""What orders do to the simulated shop's stock: committed when placed, gone when shipped, or given back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectors.tiktok_shop.sandbox.calls import World
from connectors.tiktok_shop.sandbox.state import Delayed, Level, Order, OrderLine, Sku

ORDER_STATUSES = (
    "UNPAID",
    "ON_HOLD",
    "AWAITING_SHIPMENT",
    "PARTIALLY_SHIPPING",
    "AWAITING_COLLECTION",
    "IN_TRANSIT",
    "DELIVERED",
    "COMPLETED",
    "CANCELLED",
)
OPEN = frozenset(ORDER_STATUSES[:5])
PACKED = frozenset(ORDER_STATUSES[4:8])
CANCELLED = "CANCELLED"
OUT_OF_STOCK = "out_of_stock"


class Conflict(Exception):  # noqa: N818 - answered as HTTP 409, nothing is broken
    """The order cannot be placed or moved as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An order to be placed; `taking` false books only committed units (the stock given already lacks them)."""

    lines: Sequence[tuple[Sku, int]]
    status: str = "AWAITING_SHIPMENT"
    warehouse_id: str | None = None
    create_time: int | None = None
    update_time: int | None = None
    oversell: bool = False
    taking: bool = True
    id: str | None = None


def place(world: World, wish: Wish) -> Order:
    """Place an order as a buyer does; Conflict when there is not enough to sell."""
    warehouse_id = wish.warehouse_id or _best_warehouse(wish)
    lines = _take(world, wish, warehouse_id)
    created = int(world.now()) if wish.create_time is None else wish.create_time
    updated = int(world.now()) if wish.update_time is None else wish.update_time
    fbt = any(world.shop.product_of(sku).fbt for sku, _ in wish.lines)
    order = Order(
        id=wish.id or _next_order_id(world),
        status="UNPAID",
        warehouse_id=warehouse_id,
        lines=lines,
        first_item=world.shop.next_item,
        fulfillment_type="FULFILLMENT_BY_TIKTOK" if fbt else "FULFILLMENT_BY_SELLER",
        create_time=created,
        update_time=created,
    )
    world.shop.next_item += sum(line.units for line in lines)
    order = _stamped(order, wish.status, max(created, updated))
    hidden_until = world.now() + world.behaviour.order_delay
    world.shop.orders[order.id] = Delayed(order, hidden_until=hidden_until)
    world.shop.note_update(order)
    _note(world, order, "created")
    return order


def move(world: World, order_id: str, status: str, *, reason: str | None, at: int | None) -> Order:
    """Move an order to a later status, with what that does to the stock."""
    holder = world.shop.orders[order_id]
    order = holder.live
    if status != order.status:
        _check_move(order, status)
        for line in order.lines:
            _settle_line(world, order, line, status)
        if reason == OUT_OF_STOCK:
            _zero_stock(world, order)
        moment = int(world.now()) if at is None else at
        order = _together(_stamped(order, status, moment, reason))
        _become(world, holder, order)
    return order


def move_line(world: World, order_id: str, number: int, status: str, *, at: int | None) -> Order:
    """Move one line, counted from 0, as `move` moves an order: parts of it are shipped or cancelled."""
    holder = world.shop.orders[order_id]
    order = holder.live
    line = order.lines[number]
    _check_move(replace(order, status=order.status_of(line)), status)
    _settle_line(world, order, line, status)
    moment = int(world.now()) if at is None else at
    lines = [
        replace(each, status=order.status_of(each), rts_time=order.packed_at(each))
        for each in order.lines
    ]
    packed_at = order.packed_at(line) or (moment if status in PACKED else None)
    lines[number] = replace(line, status=status, rts_time=packed_at)
    order = _stamped(replace(order, lines=tuple(lines)), _in_all(lines), moment)
    _become(world, holder, order)
    return order


def _become(world: World, holder: Delayed[Order], order: Order) -> None:
    """What has moved, for whoever asks from now on."""
    holder.set(order, world.now(), world.behaviour.order_delay)
    world.shop.note_update(order)
    _note(world, order, "moved")


def _together(order: Order) -> Order:
    """Its lines go the way of the order again; what was cancelled of it stays so."""
    lines = [
        each if each.status == CANCELLED and order.status != CANCELLED
        else replace(each, status=None, rts_time=None)
        for each in order.lines
    ]  # fmt: skip
    return replace(order, lines=tuple(lines))


def _in_all(lines: Sequence[OrderLine]) -> str:
    """What an order is called whose lines went different ways."""
    going = sorted({str(each.status) for each in lines} - {CANCELLED}, key=ORDER_STATUSES.index)
    if not going:
        return CANCELLED
    return "PARTIALLY_SHIPPING" if going[0] in OPEN and going[-1] not in OPEN else going[0]


def _best_warehouse(wish: Wish) -> str:
    """The warehouse that has enough of the first line, else the fullest one."""
    sku, units = wish.lines[0]
    stock = sku.state.live.stock
    enough = [each for each, level in stock.items() if level.available >= units]
    return enough[0] if enough else max(stock, key=lambda each: stock[each].available)


def _take(world: World, wish: Wish, warehouse_id: str) -> tuple[OrderLine, ...]:
    """Commit the units; all lines are checked before the first one is booked."""
    wanted: dict[str, int] = {}
    for sku, units in wish.lines:
        wanted[sku.id] = wanted.get(sku.id, 0) + units
        level = sku.state.live.stock.get(warehouse_id)
        if level is None:
            raise Conflict(f"{sku.seller_sku!r} is not kept in warehouse {warehouse_id}")
        if wish.taking and not wish.oversell and level.available < wanted[sku.id]:
            raise Conflict(
                f"only {level.available} of {sku.seller_sku!r} are available in {warehouse_id}, "
                f"{wanted[sku.id]} were asked for (oversell: true forces it)"
            )
    lines: list[OrderLine] = []
    for sku, units in wish.lines:
        level = sku.state.live.stock[warehouse_id]
        taken = min(max(level.available, 0), units) if wish.taking else units
        if wish.status in OPEN:
            _book(world, sku, warehouse_id, -taken if wish.taking else 0, units)
        elif wish.taking and wish.status != CANCELLED:
            _book(world, sku, warehouse_id, -taken, 0)
        lines.append(OrderLine(sku.id, units, taken, sku.state.live.price))
    return tuple(lines)


def _book(world: World, sku: Sku, warehouse_id: str, available: int, committed: int) -> None:
    state = sku.state.live
    level = state.stock[warehouse_id]
    changed = Level(level.available + available, max(0, level.committed + committed))
    world.change(sku, state.with_levels({warehouse_id: changed}))


def _check_move(order: Order, status: str) -> None:
    if order.status == CANCELLED or (
        status != CANCELLED and ORDER_STATUSES.index(status) < ORDER_STATUSES.index(order.status)
    ):
        raise Conflict(f"order {order.id} is {order.status}, it cannot become {status}")


def _settle_line(world: World, order: Order, line: OrderLine, status: str) -> None:
    if order.status_of(line) not in OPEN or status in OPEN:
        return
    back = line.taken if status == CANCELLED else 0
    _book(world, world.shop.skus[line.sku_id], order.warehouse_id, back, -line.units)


def _zero_stock(world: World, order: Order) -> None:
    """The platform empties a SKU whose order the seller cancelled as out of stock."""
    for line in order.lines:
        sku = world.shop.skus[line.sku_id]
        stock = sku.state.live.stock
        emptied = {each: Level(0, level.committed) for each, level in stock.items()}
        world.change(sku, sku.state.live.with_levels(emptied))


def _stamped(order: Order, status: str, at: int, reason: str | None = None) -> Order:
    """The order in a status, with the times that go with it; a time once set stays."""
    if status == CANCELLED:
        by_seller = reason == OUT_OF_STOCK
        return replace(
            order,
            status=status,
            update_time=at,
            cancel_time=at,
            cancellation_initiator="SELLER" if by_seller else "BUYER",
            cancel_reason="Out of stock" if by_seller else reason or "Need to change order",
        )
    rank = ORDER_STATUSES.index(status)
    stamps: dict[str, int] = {
        name: getattr(order, name) or at
        for name, since in (
            ("paid_time", "ON_HOLD"),
            ("rts_time", "AWAITING_COLLECTION"),
            ("collection_time", "IN_TRANSIT"),
            ("delivery_time", "DELIVERED"),
        )
        if rank >= ORDER_STATUSES.index(since)
    }
    return replace(
        order,
        status=status,
        update_time=at,
        paid_time=stamps.get("paid_time"),
        rts_time=stamps.get("rts_time"),
        collection_time=stamps.get("collection_time"),
        delivery_time=stamps.get("delivery_time"),
    )


def _next_order_id(world: World) -> str:
    while str(world.shop.next_order) in world.shop.orders:
        world.shop.next_order += 1
    return str(world.shop.next_order)


def _note(world: World, order: Order, event: str) -> None:
    world.journal.add(
        "order",
        world.now(),
        event=event,
        order_id=order.id,
        status=order.status,
        warehouse_id=order.warehouse_id,
        lines=[
            {
                "sku_id": line.sku_id,
                "seller_sku": world.shop.skus[line.sku_id].seller_sku,
                "units": line.units,
                "oversold": line.units - line.taken,
            }
            for line in order.lines
        ],
    )

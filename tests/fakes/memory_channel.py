"""A shop that is a dictionary, for tests of the engine; it obeys the rules of the Channel port."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from syncd.domain.change import Change, Field
from syncd.domain.errors import ChannelError, DeliveryRefused
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, WarehouseId
from syncd.domain.listing import Listing, ListingStatus, WarehouseStock
from syncd.domain.money import Money
from syncd.domain.orders import ENTERED, LEFT, PACKED, OrderLine, OrderState
from syncd.domain.outcome import Accepted, Outcome, Rejected, Unknown
from syncd.domain.promotion import Promotion
from syncd.domain.report import Requests
from syncd.domain.rules import Zero
from syncd.ports.channel import Exchange, Fact, OrderPage, ShopFacts
from syncd.ports.clock import Clock
from syncd.ports.deliveries import About, Delivery, Hint

MAIN = WarehouseId("W1")
EAST = WarehouseId("W2")


@dataclass
class MemoryFeed:
    asked_at: datetime
    lines: Sequence[OrderLine]

    @property
    def shop_asked_at(self) -> datetime:
        return self.asked_at

    def pages(self) -> Iterator[OrderPage]:
        for start in range(0, len(self.lines), 2):
            yield OrderPage(lines=self.lines[start : start + 2])


@dataclass
class MemoryChannel:
    """State of the shop; `journal` is what it applied, in order."""

    name: ChannelName
    clock: Clock
    shop: dict[ListingRef, Listing] = field(default_factory=dict)
    lines: dict[str, OrderLine] = field(default_factory=dict)
    journal: list[tuple[str, str, int]] = field(default_factory=list)
    refuse: dict[str, Rejected] = field(default_factory=dict)
    lose_answers: bool = False
    drop_writes: bool = False
    fail: ChannelError | None = None
    feed_fails: ChannelError | None = None
    before_submit: Callable[[], None] | None = None
    zero_refused: Fact | None = None
    calls: int = 0
    campaigns: list[Promotion] = field(default_factory=list)
    promotions_refused: ChannelError | None = None
    left_out: set[ListingRef] = field(default_factory=set)
    """What its list lacks although the shop has it."""

    def list_sku(
        self, sku: str, price: str | None = None, currency: str = "USD", **stock: int
    ) -> ListingRef:
        """Put a listing into the shop; keyword arguments are units per warehouse."""
        ref = ListingRef(ProductId(f"P-{sku}"), ListingId(f"L-{sku}"))
        self.shop[ref] = Listing(
            ref=ref,
            seller_sku=sku,
            status=ListingStatus.LIVE,
            stock=tuple(
                WarehouseStock(warehouse_id=WarehouseId(name), available=units)
                for name, units in (stock or {"W1": 0}).items()
            ),
            price=None if price is None else Money.of(Decimal(price), currency),
            observed_at=self.clock.now(),
        )
        return ref

    def shown(self, sku: str) -> int | tuple[int, ...]:
        """Units available per warehouse; a plain number when there is one warehouse."""
        listing = self.shop[ListingRef(ProductId(f"P-{sku}"), ListingId(f"L-{sku}"))]
        units = tuple(stock.available for stock in listing.stock)
        return units[0] if len(units) == 1 else units

    def set_stock(self, sku: str, warehouse: WarehouseId, units: int) -> None:
        """A person edits the shop."""
        self._set(ListingRef(ProductId(f"P-{sku}"), ListingId(f"L-{sku}")), warehouse, units)

    def order(
        self, sku: str, units: int, warehouse: WarehouseId = MAIN, *,
        state: OrderState = OrderState.AWAITING_SHIPMENT, at: datetime | None = None,
    ) -> str:  # fmt: skip
        """A buyer orders: available falls at once, as on TikTok Shop."""
        moment = at or self.clock.now()
        ref = ListingRef(ProductId(f"P-{sku}"), ListingId(f"L-{sku}"))
        listing = self.shop[ref]
        here = next(item for item in listing.stock if item.warehouse_id == warehouse)
        self._set(ref, warehouse, here.available - units)
        number = f"O{len(self.lines) + 1}"
        line = OrderLine(
            channel=self.name, order_id=number, line_id=f"{number}-1", ref=ref, seller_sku=sku,
            units=units, state=OrderState.UNPAID, created_at=moment, updated_at=moment,
            warehouse_id=warehouse,
        )  # fmt: skip
        self.lines[number] = line
        self.advance(number, state, moment)
        return number

    def advance(self, number: str, state: OrderState, at: datetime | None = None) -> None:
        """Move an order to another state."""
        moment = at or self.clock.now()
        line = self.lines[number]
        if state is OrderState.CANCELLED and line.state not in LEFT | {OrderState.CANCELLED}:
            listing = self.shop[line.ref]
            warehouse = line.warehouse_id or MAIN
            here = next(item for item in listing.stock if item.warehouse_id == warehouse)
            self._set(line.ref, warehouse, here.available + line.units)
        self.lines[number] = replace(
            line,
            state=state,
            updated_at=moment,
            entered_at=line.entered_at or (moment if state in ENTERED else None),
            packed_at=line.packed_at or (moment if state in PACKED else None),
            left_at=line.left_at or (moment if state in LEFT else None),
        )

    def fulfil(self, number: str) -> None:
        """The platform ships this order from its own warehouse."""
        self.lines[number] = replace(self.lines[number], platform_fulfilled=True)

    def parse_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        if headers.get("x-signature") != "good":
            raise DeliveryRefused("the signature is not good")
        text = body.decode()
        return Delivery(topic="told", notification=text, event="", sent_at=None,
                        hints=(Hint(about=About.ORDER, reference=text),))  # fmt: skip

    def connect(self, auth_code: str) -> str:
        return f"connected with {auth_code}"

    def facts(self) -> ShopFacts:
        return ShopFacts(
            shop_id="1", name="memory", region="US", currency="USD",
            warehouses={MAIN: "Main", EAST: "East"},
        )  # fmt: skip

    def listings(self) -> Iterator[Sequence[Listing]]:
        self._call()
        rows = [row for ref, row in self.shop.items() if ref not in self.left_out]
        for start in range(0, len(rows), 2):
            yield [replace(row, observed_at=self.clock.now()) for row in rows[start : start + 2]]

    def look(self, refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        if not refs:
            return {}
        self._call()
        return {
            ref: replace(self.shop[ref], observed_at=self.clock.now(), price=None)
            for ref in refs
            if ref in self.shop
        }

    def still_listed(self, refs: Sequence[ListingRef]) -> Collection[ListingRef]:
        self._call()
        return {ref for ref in refs if ref in self.shop}

    def look_at_prices(self, refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        self._call()
        return {
            ref: replace(self.shop[ref], observed_at=self.clock.now())
            for ref in refs
            if ref in self.shop
        }

    def promotions(self) -> Sequence[Promotion]:
        self._call()
        if self.promotions_refused is not None:
            raise self.promotions_refused
        return list(self.campaigns)

    def batches(self, changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
        groups: dict[tuple[str, Field], list[Change]] = {}
        for change in changes:
            groups.setdefault((change.ref.product_id, change.field), []).append(change)
        yield from groups.values()

    def submit(self, exchange: Exchange, zero: Zero) -> Sequence[Outcome]:
        del zero
        self._call()
        if self.before_submit is not None:
            self.before_submit()
        return [self._write(change) for change in exchange.changes]

    def _write(self, change: Change) -> Outcome:
        refused = self.refuse.get(change.sku)
        if refused is not None:
            return replace(refused, change=change)
        if not self.drop_writes:
            self._apply(change)
        if self.lose_answers:
            return Unknown(change=change, reason="the line was cut")
        return Accepted(change=change, at=self.clock.now())

    def _apply(self, change: Change) -> None:
        self.journal.append((change.sku, change.field.value, change.after))
        if change.field is Field.PRICE:
            money = Money(change.after, change.currency or "USD")
            self.shop[change.ref] = replace(self.shop[change.ref], price=money)
            return
        self._set(change.ref, change.warehouse_id or MAIN, change.after)

    def _set(self, ref: ListingRef, warehouse: WarehouseId, units: int) -> None:
        listing = self.shop[ref]
        stock = tuple(
            replace(item, available=units) if item.warehouse_id == warehouse else item
            for item in listing.stock
        )
        self.shop[ref] = replace(listing, stock=stock)

    @contextmanager
    def orders(self, since: datetime | None) -> Iterator[MemoryFeed]:
        self._call()
        if self.feed_fails is not None:
            raise self.feed_fails
        closed = LEFT | {OrderState.CANCELLED}
        lines = [
            line
            for line in self.lines.values()
            if (line.state not in closed if since is None else line.updated_at >= since)
        ]
        yield MemoryFeed(self.clock.now(), lines)

    def refuses_zero(self) -> Fact | None:
        return self.zero_refused

    def requests(self) -> Requests:
        return Requests(sent=self.calls)

    def _call(self) -> None:
        self.calls += 1
        if self.fail is not None:
            raise self.fail

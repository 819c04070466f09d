"""What the simulated shop holds: products, SKUs with stock, orders, and what a lagging index shows of them."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Generic, TypeVar

T = TypeVar("T")

SALES = "SALES_WAREHOUSE"
RETURN = "RETURN_WAREHOUSE"
PRODUCT_STATUSES = (
    "DRAFT",
    "PENDING",
    "FAILED",
    "ACTIVATE",
    "SELLER_DEACTIVATED",
    "PLATFORM_DEACTIVATED",
    "FREEZE",
    "DELETED",
)


class Delayed(Generic[T]):
    """A value and what an index that lags behind shows of it."""

    __slots__ = ("_pending", "_shown", "live")

    def __init__(self, live: T, *, hidden_until: float | None = None) -> None:
        self.live = live
        self._shown: T | None = live
        self._pending: list[tuple[float, T]] = []
        if hidden_until is not None:
            self._shown = None
            self._pending.append((hidden_until, live))

    def set(self, value: T, now: float, delay: float) -> None:
        """Change the value; readers of the index see it after the delay."""
        self.seen(now)
        self.live = value
        self._pending.append((now + delay, value))

    def seen(self, now: float) -> T | None:
        """What the index shows now; None while it has never heard of it."""
        if self._pending:
            ripe = [n for n, (at, _) in enumerate(self._pending) if at <= now]
            if ripe:
                self._shown = self._pending[ripe[-1]][1]
                del self._pending[: ripe[-1] + 1]
        return self._shown


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the shop and its app are."""

    app_key: str = "29a39d"
    app_secret: str = "e59af819cc"  # noqa: S105 - the made-up secret of the fact sheet's vectors
    auth_code: str = "GCP_sandbox_auth_code"
    shop_id: str = "7495540735365777507"
    name: str = "Sandbox Shop"
    region: str = "US"
    code: str = "USLCSANDBOX"
    cipher: str = "GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3"
    currency: str = "USD"

    def description(self) -> Mapping[str, str]:
        """What a user needs to be let in."""
        return {
            "app_key": self.app_key,
            "app_secret": self.app_secret,
            "auth_code": self.auth_code,
            "shop_id": self.shop_id,
        }


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A place that holds stock, or takes returns."""

    id: str
    name: str
    type: str = SALES


@dataclass(frozen=True, slots=True)
class Level:
    """Units of one SKU in one warehouse."""

    available: int
    committed: int = 0


@dataclass(frozen=True, slots=True)
class SkuState:
    """All of a SKU that changes."""

    price: str
    stock: Mapping[str, Level]

    @property
    def available(self) -> int:
        """Sellable units over all warehouses."""
        return sum(level.available for level in self.stock.values())

    @property
    def committed(self) -> int:
        """Units of open orders over all warehouses."""
        return sum(level.committed for level in self.stock.values())

    def with_levels(self, levels: Mapping[str, Level]) -> "SkuState":
        """The same with other stock in the given warehouses."""
        return SkuState(self.price, {**self.stock, **levels})


class Sku:
    """A sellable unit of a product; `locked` units belong to a campaign."""

    __slots__ = ("id", "locked", "product_id", "seller_sku", "state")

    def __init__(
        self, id_: str, product_id: str, seller_sku: str, state: SkuState, locked: int = 0
    ) -> None:
        self.id = id_
        self.product_id = product_id
        self.seller_sku = seller_sku
        self.locked = locked
        self.state = Delayed(state)

    def seen(self, now: float) -> SkuState:
        """What the readings of the API show."""
        return self.state.seen(now) or self.state.live


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion of one product; unix seconds."""

    title: str
    activity_type: str
    begin_time: int
    end_time: int


@dataclass(slots=True)
class Product:
    """A listing page with its SKUs."""

    id: str
    title: str
    number: int
    create_time: int
    update_time: int
    status: str = "ACTIVATE"
    price_locked: bool = False
    promotion: Promotion | None = None
    fbt: bool = False
    combo: bool = False
    audited_at: float | None = None
    skus: list[Sku] = field(default_factory=list)

    def settle(self, now: float) -> str:
        """Finish an audit whose time has come; the status that holds now."""
        if self.status == "PENDING" and self.audited_at is not None and now >= self.audited_at:
            self.status, self.audited_at = "ACTIVATE", None
        return self.status


@dataclass(frozen=True, slots=True)
class OrderLine:
    """So many units of one SKU; `taken` of them came off the available stock.

    `status` and `rts_time` are its own once it went another way than the rest of its order.
    """

    sku_id: str
    units: int
    taken: int
    price: str
    status: str | None = None
    rts_time: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as it stands at one moment."""

    id: str
    status: str
    warehouse_id: str
    lines: tuple[OrderLine, ...]
    first_item: int
    fulfillment_type: str
    create_time: int
    update_time: int
    paid_time: int | None = None
    rts_time: int | None = None
    collection_time: int | None = None
    delivery_time: int | None = None
    cancel_time: int | None = None
    cancel_reason: str | None = None
    cancellation_initiator: str | None = None

    def status_of(self, line: OrderLine) -> str:
        """The status of one of its lines."""
        return line.status or self.status

    def packed_at(self, line: OrderLine) -> int | None:
        """When one of its lines was handed over for shipping; None while it was not."""
        return line.rts_time if line.status else self.rts_time


class Shop:
    """Everything one shop holds; take `lock` around whatever must be seen or changed as one."""

    def __init__(self, identity: Identity, warehouses: Iterable[Warehouse]) -> None:
        self.identity = identity
        self.warehouses = {warehouse.id: warehouse for warehouse in warehouses}
        self.products: dict[str, Product] = {}
        self.skus: dict[str, Sku] = {}
        self.orders: dict[str, Delayed[Order]] = {}
        self._updates: list[tuple[int, str]] = []
        self.by_seller_sku: dict[str, list[Sku]] = {}
        self.next_order = 576461413038785752
        self.next_item = 577086512123755123
        self.lock = RLock()

    def add_product(self, product: Product) -> None:
        """Take in a product and its SKUs."""
        self.products[product.id] = product
        for sku in product.skus:
            self.skus[sku.id] = sku
            self.by_seller_sku.setdefault(sku.seller_sku, []).append(sku)

    def note_update(self, order: Order) -> None:
        """Remember when an order got its present state, so that searches need not look at every order."""
        insort(self._updates, (order.update_time, order.id))

    def orders_updated(self, since: int) -> list[Delayed[Order]]:
        """Every order that had a state of that time or later, some perhaps hidden from the index yet."""
        first = bisect_left(self._updates, (since, ""))
        return [
            self.orders[each] for each in dict.fromkeys(id_ for _, id_ in self._updates[first:])
        ]

    def sales_warehouses(self) -> list[Warehouse]:
        """Those that hold stock."""
        return [each for each in self.warehouses.values() if each.type == SALES]

    def find_sku(self, name: str) -> Sku | None:
        """The SKU with this id, else the first one with this seller SKU."""
        return self.skus.get(name) or next(iter(self.by_seller_sku.get(name, ())), None)

    def product_of(self, sku: Sku) -> Product:
        """The product a SKU belongs to."""
        return self.products[sku.product_id]

"""The designs that are compared: how fast each side hears of the other, and who takes what off the shelf."""

from dataclasses import dataclass
from datetime import timedelta

from syncd.domain.orders import OrdersMode, OrdersPolicy

MINUTE = 60.0
QUARTER = 900.0
HOUR = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """One way to keep two shops apart; times in seconds.

    `syncd` False is an app that copies orders and stock both ways every `source_every`, without syncd.
    `prices`: syncd publishes them too.
    `imports_every`: the merchant's own system books TikTok's orders by itself so often; None: never.
    """

    name: str
    title: str
    source_every: float
    orders_every: float
    orders: OrdersPolicy
    syncd: bool = True
    hooks: bool = False
    imports_every: float | None = None
    safety: int = 0
    adaptive: bool = False
    escrow: bool = False
    prices: bool = False


def _within(seconds: float) -> OrdersPolicy:
    return OrdersPolicy(mode=OrdersMode.WITHIN, delay=timedelta(seconds=seconds))


_WRITTEN = OrdersPolicy(mode=OrdersMode.WRITE_BACK)

_ALL = (
    Design(
        name="B", syncd=False, source_every=QUARTER, orders_every=QUARTER, orders=_within(0),
        title="a typical app: orders and stock are copied both ways every 15 minutes",
    ),
    Design(
        name="H", source_every=QUARTER, orders_every=MINUTE, orders=_within(HOUR),
        imports_every=HOUR,
        title="a file every 15 minutes; the back office books TikTok's orders hourly, nothing is written back",
    ),
    Design(
        name="H60", source_every=MINUTE, orders_every=MINUTE, orders=_within(HOUR), hooks=True,
        imports_every=HOUR,
        title="webhooks and a poll a minute; orders are booked hourly, nothing is written back",
    ),
    Design(
        name="H5", source_every=MINUTE, orders_every=MINUTE, orders=_within(5 * MINUTE),
        imports_every=5 * MINUTE,
        title="SQL every minute; orders are booked every 5 minutes, nothing is written back",
    ),
    Design(
        name="E60", source_every=MINUTE, orders_every=MINUTE, orders=_WRITTEN,
        title="SQL every minute, TikTok's orders are written back; no webhooks",
    ),
    Design(
        name="G", source_every=MINUTE, orders_every=MINUTE, orders=_WRITTEN, hooks=True,
        title="webhooks from both sides, orders are written back, a poll a minute repairs what is lost",
    ),
    Design(
        name="GA", source_every=MINUTE, orders_every=MINUTE, orders=_WRITTEN, hooks=True,
        adaptive=True, title="as G, with a safety stock that follows the sales (safety: adaptive)",
    ),
    Design(
        name="X", source_every=MINUTE, orders_every=MINUTE, orders=_WRITTEN, hooks=True,
        escrow=True, title="escrow: TikTok shows only units that were taken off the merchant's stock before",
    ),
)  # fmt: skip

DESIGNS: dict[str, Design] = {design.name: design for design in _ALL}

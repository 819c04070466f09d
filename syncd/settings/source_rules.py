"""What must fit together inside one source."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from syncd.domain.duration import written
from syncd.domain.orders import OrdersMode
from syncd.domain.stock import Basis
from syncd.settings.findings import Finding, Rule, warning
from syncd.settings.grammar import ORDERS_HINT
from syncd.settings.models import SourceTree

_BASIS_OF = {
    OrdersMode.WITHIN: Basis.AVAILABLE,
    OrdersMode.ON_SHIPMENT: Basis.ON_HAND,
    OrdersMode.NEVER: Basis.ON_HAND,
    OrdersMode.WRITE_BACK: Basis.AVAILABLE,
}
_STOCK_KEYS = ("basis", "orders", "left_when", "committed", "sold_only_here")
_STALE_READINGS = 3
_CRON_GRACE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SeenSource:
    """A source as the rules look at it; `unwritable` says why it cannot be written back, if it cannot."""

    name: str
    tree: SourceTree
    unwritable: str | None

    def writes(self, key: str) -> bool:
        """Whether the file gives this key."""
        return key in self.tree.model_fields_set


def stale_after(tree: SourceTree) -> timedelta:
    """The age that makes a source stale: as written, else three intervals."""
    if tree.stale_after is not None:
        return tree.stale_after
    if tree.cron is not None:
        return tree.cron.longest_gap + _CRON_GRACE
    return _STALE_READINGS * tree.every


def _orders_required(seen: SeenSource) -> Iterator[Finding]:
    if seen.tree.feeds_stock and seen.tree.orders is None:
        message = "this key is required for a source that feeds stock"
        yield Finding(("orders",), message, ORDERS_HINT)


def _basis_required(seen: SeenSource) -> Iterator[Finding]:
    if seen.tree.feeds_stock and seen.tree.basis is None:
        message = "this key is required for a source that feeds stock"
        hint = "available: what can still be sold; on_hand: what lies there, sold units included"
        yield Finding(("basis",), message, hint)


def _pairs(seen: SeenSource) -> Iterator[Finding]:
    basis, orders = seen.tree.basis, seen.tree.orders
    if basis is None or orders is None or not seen.tree.feeds_stock:
        return
    wanted = _BASIS_OF[orders.mode]
    if basis is not wanted:
        message = f"orders: {orders.mode} does not go with basis: {basis}"
        hint = f"{orders.mode} needs basis: {wanted}; with basis: {basis} write " + (
            "within D or write_back" if basis is Basis.AVAILABLE else "on_shipment or never"
        )
        yield Finding(("orders",), message, hint)


def _writable(seen: SeenSource) -> Iterator[Finding]:
    orders = seen.tree.orders
    if orders is None or orders.mode is not OrdersMode.WRITE_BACK or seen.unwritable is None:
        return
    message = f"write_back is not possible here: {seen.unwritable}"
    hint = "write `within D` if something else imports the channel's orders into it within D"
    yield Finding(("orders",), message, hint)


def _committed(seen: SeenSource) -> Iterator[Finding]:
    if seen.tree.committed is not None and seen.tree.basis is Basis.AVAILABLE:
        message = "committed goes with basis: on_hand only"
        yield Finding(("committed",), message, "an available quantity has it subtracted already")


def _left_when(seen: SeenSource) -> Iterator[Finding]:
    orders = seen.tree.orders
    if seen.tree.left_when is None or orders is None:
        return
    if _BASIS_OF[orders.mode] is Basis.AVAILABLE:
        message = "left_when goes with orders: on_shipment or never only"
        yield Finding(("left_when",), message, "remove the key")


def _every_or_cron(seen: SeenSource) -> Iterator[Finding]:
    if seen.writes("every") and seen.writes("cron"):
        yield Finding(("cron",), "every and cron exclude each other", "keep one of them")


def _dead_after_stale(seen: SeenSource) -> Iterator[Finding]:
    stale, dead = stale_after(seen.tree), seen.tree.dead_after
    if dead <= stale:
        only_stale = seen.writes("stale_after") and not seen.writes("dead_after")
        at = "stale_after" if only_stale else "dead_after"
        message = f"dead_after ({written(dead)}) must be longer than stale_after ({written(stale)})"
        yield Finding((at,), message, "write a longer dead_after")


def _stale_between_readings(seen: SeenSource) -> Iterator[Finding]:
    tree = seen.tree
    gap = tree.every if tree.cron is None else tree.cron.longest_gap
    if tree.stale_after is not None and tree.stale_after <= gap:
        message = f"readings are up to {written(gap)} apart, so the source is stale before the next"
        yield warning(("stale_after",), message, "until then nothing rises")


def _idle_keys(seen: SeenSource) -> Iterator[Finding]:
    if seen.tree.feeds_stock:
        return
    for key in _STOCK_KEYS:
        if seen.writes(key):
            yield warning((key,), f"{key} has no effect with stock: none", "remove the key")


SOURCE_RULES: tuple[Rule[SeenSource], ...] = (
    Rule(("stock", "orders"), _orders_required),
    Rule(("stock", "basis"), _basis_required),
    Rule(("stock", "basis", "orders"), _pairs),
    Rule(("stock", "orders", "options"), _writable),
    Rule(("basis", "committed"), _committed),
    Rule(("orders", "left_when"), _left_when),
    Rule(("every", "cron"), _every_or_cron),
    Rule(("every", "cron", "stale_after", "dead_after"), _dead_after_stale),
    Rule(("every", "cron", "stale_after"), _stale_between_readings),
    Rule(("stock",), _idle_keys),
)

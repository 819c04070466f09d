"""A shop of the simulated platform that is nothing but counters, for tests of the world around it."""

from collections.abc import Mapping, Sequence

from syncd.ports.sandbox import Letter
from syncd.ports.wire import Wire


class Shelf:
    """Sells while it has something; nobody can call its API."""

    def __init__(self, counters: dict[str, int]) -> None:
        self.counters = counters
        self.orders = 0
        self.shipped: list[str] = []

    @property
    def wire(self) -> Wire:
        raise NotImplementedError

    def description(self) -> Mapping[str, str]:
        return {}

    def available(self, seller_sku: str) -> int:
        return self.counters[seller_sku]

    def buy(self, seller_sku: str, units: int) -> str | None:
        if self.counters[seller_sku] < units:
            return None
        self.counters[seller_sku] -= units
        self.orders += 1
        return f"order-{self.orders}"

    def put(self, seller_sku: str, units: int) -> None:
        self.counters[seller_sku] = units

    def ship(self, order_id: str) -> None:
        self.shipped.append(order_id)

    def letters(self) -> Sequence[Letter]:
        return ()

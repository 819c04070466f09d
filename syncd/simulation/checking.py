"""Holds a run of syncd against the laws: at each write, at rest, and at the end."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from syncd.domain.change import Field
from syncd.domain.identity import Sku
from syncd.domain.money import Money
from syncd.domain.orders import OrdersMode
from syncd.domain.outcome import Verdict
from syncd.simulation.books import Books
from syncd.simulation.designs import Design
from syncd.simulation.keeper import Keeper
from syncd.simulation.laws import Broken, Law, Rest, too_much, wrong_at_rest
from syncd.simulation.process import SHOP
from syncd.simulation.trace import Trace
from syncd.simulation.world import World

MOST_NAMED = 3
PRICES = "/prices/update"
BOTH = 20
"""Attempts of a SKU among which the newest of either field is."""


class Checks:
    """What the laws ask of the ledger and of the world."""

    def __init__(
        self, design: Design, world: World, books: Books, keeper: Keeper,
        skus: Mapping[str, str], trace: Trace,
    ) -> None:  # fmt: skip
        self._design = design
        self._world = world
        self._books = books
        self._keeper = keeper
        self._skus = skus
        self._trace = trace

    def arrived(self, path: str, body: bytes) -> None:
        """A write reached the shop: its intent lies in the ledger already, and nothing is known of it yet."""
        price = path.endswith(PRICES)
        for row in json.loads(body)["skus"]:
            sku = self._skus[row["id"]]
            sent, told = _price(row) if price else _quantity(row)
            self._trace.note(f"TikTok shows {told} of {sku}")
            wanted = Field.PRICE if price else Field.QUANTITY
            found = [
                each for each in self._keeper.process.ledger.attempts(SHOP, Sku(sku), BOTH)
                if each.change.field is wanted
            ][:1]  # fmt: skip
            if not any(each.verdict is Verdict.UNKNOWN and each.sent == sent for each in found):
                self._break(Law.INTENT_FIRST, f"{sku} was set to {told} without one")

    def at_rest(self) -> Broken | None:
        """What is wrong at rest; None when nothing is."""
        rest = Rest(
            left={sku: self._books.sellable_there(sku, n) for sku, n in self._world.left.items()},
            shown={sku: self._world.shop.available(sku) for sku in self._world.left},
            withheld=self._withheld(),
        )
        more = too_much(rest)
        if more:
            return Broken(Law.NEVER_MORE, more, self._world.timeline.time)
        if self._design.orders.mode is not OrdersMode.WRITE_BACK:
            return None  # what is not booked for certain is held back
        exact = "" if self._design.escrow else wrong_at_rest(rest)
        how = exact or self._undecided()
        return Broken(Law.AT_REST, how, self._world.timeline.time) if how else None

    def at_the_end(self) -> None:
        """Raise what the ledger itself says."""
        problem = self._keeper.process.ledger.integrity_problem()
        if problem is not None:
            self._break(Law.SOUND, problem)

    def _withheld(self) -> dict[str, int]:
        least = dict.fromkeys(self._world.left, self._design.safety)
        if self._design.adaptive:
            for bound in self._keeper.process.ledger.listings(SHOP):
                if bound.published.safety:
                    least[bound.listing.seller_sku] = bound.published.safety
        return least

    def _undecided(self) -> str:
        ledger = self._keeper.process.ledger
        dirty = ledger.dirty(SHOP, MOST_NAMED).skus
        if dirty:
            return f"{', '.join(dirty)} still wait to be planned"
        open_ = ledger.unresolved(SHOP)
        if open_:
            return f"a write of {open_[0].change.sku} is undecided"
        unbooked = self._books.unbooked()
        return f"{unbooked} ordered units are not written back" if unbooked else ""

    def _break(self, law: Law, how: str) -> None:
        raise Broken(law, how, self._world.timeline.time)


def _quantity(row: Mapping[str, Any]) -> tuple[int, str]:
    (stock,) = row["inventory"]
    return stock["quantity"], str(stock["quantity"])


def _price(row: Mapping[str, Any]) -> tuple[int, str]:
    """In minor units, and as the shop is told it."""
    told = row["price"]["amount"]
    return Money.of(Decimal(told), row["price"]["currency"]).minor, f"{told} as the price"

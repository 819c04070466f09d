"""A small world in escrow: a source with an own shop, a shop that sells only what it owns, and their ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from syncd.domain.change import Cause, Change, Field
from syncd.domain.escrow import Account
from syncd.domain.identity import ListingId, ListingRef, ProductId, Sku
from syncd.domain.report import ChannelReport
from syncd.domain.rules import Allocation, ChannelRules, Draw, StockRule
from syncd.domain.views import Line
from syncd.engine.drafting import channel_bounds
from syncd.engine.explaining import explain
from syncd.engine.planning import Bounds
from syncd.ports.write_back import Adjustment, Answer, Booked
from tests.fakes.late_shop import LateShop
from tests.fakes.shopfloor import SHOP, STOCK
from tests.fakes.written_source import WrittenSource
from tests.unit.write_back.counter import Counter


@dataclass
class QuietSource(WrittenSource):
    """It may keep what it has to itself, and something may happen right before it is written to."""

    silent: bool = False
    before_adjusting: Callable[[], None] | None = None

    def adjust(self, adjustment: Adjustment) -> Answer:
        if self.before_adjusting is not None:
            self.before_adjusting()
            self.before_adjusting = None
        answer = super().adjust(adjustment)
        return Booked() if self.silent and isinstance(answer, Booked) else answer


class Vault(Counter):
    """The channel owns half of what there is, unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.stock_of = self.source = self.quiet = QuietSource(STOCK, self.clock.now())
        self.shop = self.late = LateShop(SHOP, self.clock)
        self.allocation = Allocation.ESCROW
        self.stock = StockRule(draws=(Draw(source=STOCK),), share=Decimal("0.5"))

    def rules(self) -> ChannelRules:
        """As on the floor, with this allocation."""
        rules = super().rules()
        fingerprint = f"{rules.fingerprint} {self.allocation}"
        return replace(rules, allocation=self.allocation, fingerprint=fingerprint)

    def step(self, seconds: float = 10.0) -> ChannelReport:
        """Some time goes by, then a cycle reads, moves and publishes."""
        self.clock.advance(seconds)
        self.source.as_of = self.clock.now()
        return self.cycle().channels[0]

    def opened(self, sku: str, units: int) -> None:
        """The source has so many units, the shop lists the SKU at 0, and escrow has begun."""
        self.stock_of.set(**{sku: units})
        self.shop.list_sku(sku, W1=0)
        for _ in range(3):
            self.step(62)

    def sell_in_own_shop(self, sku: str, units: int = 1) -> None:
        """The merchant's own shop sells."""
        for number, row in enumerate(self.stock_of.rows):
            if row.sku == sku:
                left = int(row.quantity) - units
                self.stock_of.rows[number] = replace(row, quantity=str(left))

    def buy(self, sku: str, units: int) -> None:
        """A buyer orders on the shop."""
        self.shop.order(sku, units)

    def step_without_sending(self) -> None:
        """A cycle that only plans."""
        self.clock.advance(10)
        self.source.as_of = self.clock.now()
        self.cycle(send=False)

    def cycle_reading_nothing_new(self, before_booking: Callable[[], None]) -> None:
        """A cycle in which something happens after the source was read and before it is written."""
        self.quiet.before_adjusting = before_booking
        self.step(62)
        self.quiet.before_adjusting = None

    def change_of(self, ref: ListingRef) -> Change:
        """Some change of a listing."""
        return Change(
            sku=Sku("A"), seller_sku="A", ref=ref, field=Field.QUANTITY, before=0, after=1,
            cause=Cause.SOURCE, reason="",
        )  # fmt: skip

    def explained(self, sku: str) -> Sequence[Line]:
        """What `explain` says of escrow."""
        engine = self.engine()
        bounds: dict[str, Bounds] = {SHOP: channel_bounds(engine, engine.channels[SHOP])}
        (listing,) = explain(engine, Sku(sku), bounds).listings
        (lines,) = [part.lines for part in listing.sections if part.title == "Escrow"]
        return lines

    def account(self, sku: str) -> Account:
        """What the listing owns."""
        ref = ListingRef(ProductId(f"P-{sku}"), ListingId(f"L-{sku}"))
        (held,) = [item for item in self.ledger.escrowed(SHOP) if item.ref == ref]
        return held.account

    def has_account(self) -> bool:
        """Whether any listing owns something."""
        return bool(self.ledger.escrowed(SHOP))

    def sent(self, sku: str) -> list[int]:
        """The numbers that were sent for a SKU."""
        return [
            number
            for name, field, number in self.shop.journal
            if (name, field) == (sku, "quantity")
        ]

    def moves(self, sku: str) -> list[tuple[str, int, int | None]]:
        """Moves of a SKU, oldest first: which way, listing units, and what came of it."""
        found = reversed(self.ledger.escrow_moves(Sku(sku), 100))
        return [(item.effect.value, item.units, item.granted) for item in found]

"""What rules and readings mean for a listing in escrow: what it should own, who runs dry, its next step."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from syncd.domain.allocation import Derivation, Net, Undecidable, derive
from syncd.domain.booking import place_of_sale
from syncd.domain.change import Field
from syncd.domain.escrow import (
    LANDS_WITHIN,
    Account,
    Claimant,
    Sight,
    Wish,
    decide,
    part_of,
    who_is_dry,
)
from syncd.domain.identity import ChannelName, LocationName, Place, Sku, SourceName
from syncd.domain.listing import BoundListing
from syncd.domain.orders import OrdersMode
from syncd.domain.rules import Allocation, ListingRule
from syncd.domain.shortage import stays_at_zero
from syncd.engine.escrow_scene import Escrowed, Scene
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.ports.escrow import Held

OWN_SHOP = "the merchant's own shop"
OWNED = Place(SourceName("owned"), LocationName("by listings"))
ATTEMPTS = 20


def concerns(setup: ChannelSetup, scene: Scene | None, bound: BoundListing) -> bool:
    """Whether a listing shows only what it owns: its channel does, or it still owns units."""
    if scene is None:
        return False
    escrow = setup.rules.allocation is Allocation.ESCROW
    return escrow or (setup.name, bound.listing.ref) in scene.accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One listing in escrow, and the readings it draws on."""

    engine: EngineSetup
    setup: ChannelSetup
    scene: Scene
    rule: ListingRule
    bound: BoundListing
    nets: tuple[Net, ...]
    sold_out: bool

    def decided(self) -> tuple[Derivation, Escrowed]:
        """Every number from the readings to what is shown, and the step; Undecidable where there is none."""
        self._require_one_counter()
        place = self._place() if self._booked else None
        nets = self._nets(place)
        held, is_new = self._held()
        claims = [item for item in self.scene.of(self._sku) if item.account.opened_at is not None]
        derived = derive(self._shared_rule(claims), nets)
        step = decide(held.account, self._sight(), self._wish(derived, held, claims))
        shown = self.bound.listing.available if step.show is None else step.show
        (warehouse,) = (stock.warehouse_id for stock in self.bound.listing.stock)
        escrowed = Escrowed(
            step=step, held=held, place=place, is_new=is_new,
            granted_before=self.engine.ledger.granted_base(self._sku) if step.allot else 0,
        )  # fmt: skip
        return replace(derived, offer={warehouse: shown}), escrowed

    def _require_one_counter(self) -> None:
        if self.rule.is_kit:
            raise Undecidable("escrow takes plain SKUs and packs; write publish: none for this kit")
        warehouses = len(self.bound.listing.stock)
        if warehouses != 1:
            raise Undecidable(
                f"escrow needs listings with one warehouse, and this has {warehouses}"
            )
        observed, began = self.bound.listing.observed_at, self.scene.began
        if began is not None and observed < began:
            raise Undecidable("the shop did not say what it shows now")

    @property
    def _sku(self) -> Sku:
        return self.rule.components[0].sku

    @property
    def _booked(self) -> bool:
        """Whether its sources are written back; else they are sold on channels only."""
        sources = {draw.source for draw in self.rule.stock.draws}
        policies = [self.engine.sources[name].orders for name in sources]
        return any(item is not None and item.mode is OrdersMode.WRITE_BACK for item in policies)

    def _place(self) -> Place:
        (stock,) = self.bound.listing.stock
        places = [net.place for net in self.nets]
        place = place_of_sale(self.rule, self.setup.rules, stock.warehouse_id, places)
        if place is None:
            raise Undecidable(f"no source in stock.from names {self._sku}")
        return place

    def _nets(self, place: Place | None) -> tuple[Net, ...]:
        """The readings; where units are booked, only that of the place that gives them up.

        What listings own is added there, because it has left the reading and is shared out all the same.
        """
        if place is None:
            return self.nets
        here = tuple(net for net in self.nets if net.place == place)
        owned = sum(
            (item.account.owned + item.account.coming) * item.account.need
            for item in self.scene.of(self._sku)
        )
        warehouse = here[0].warehouse_id
        return (
            *here,
            Net(sku=self._sku, place=OWNED, warehouse_id=warehouse, reading=owned, committed=0,
                unseen=0, may_raise=True),
        )  # fmt: skip

    def _shared_rule(self, claims: Sequence[Held]) -> ListingRule:
        """Several listings of a channel that draw on the same SKU divide the channel's share."""
        share = part_of(self.rule.stock.share, self._listings(self.setup.name, claims))
        return replace(self.rule, stock=replace(self.rule.stock, share=share))

    def _listings(self, channel: ChannelName, claims: Sequence[Held]) -> int:
        refs = {item.ref for item in claims if item.channel == channel}
        if channel == self.setup.name:
            refs.add(self.bound.listing.ref)
        return max(1, len(refs))

    def _held(self) -> tuple[Held, bool]:
        """The listing's account, and whether it is only thought of yet."""
        ref = self.bound.listing.ref
        known = self.scene.accounts.get((self.setup.name, ref))
        if known is not None:
            return known, False
        account = Account(sku=self._sku, need=self.rule.units, lands_until=self._lands_until())
        return Held(channel=self.setup.name, ref=ref, account=account, booked=self._booked), True

    def _lands_until(self) -> datetime:
        """Until when something that was sent before escrow may still land."""
        ref = self.bound.listing.ref
        attempts = self.engine.ledger.attempts(self.setup.name, self.rule.sku, ATTEMPTS)
        sent = [
            item.intent_at
            for item in attempts
            if item.change.ref == ref and item.change.field is Field.QUANTITY
        ]
        return max(sent) + LANDS_WITHIN if sent else self.bound.listing.observed_at - LANDS_WITHIN

    def _sight(self) -> Sight:
        listing = self.bound.listing
        observed = listing.observed_at
        return Sight(
            shown=listing.available,
            began=self.scene.began or observed,
            ended=observed,
            orders_until=self.scene.orders_until or observed - LANDS_WITHIN,
            locked=listing.locked_units,
        )

    def _wish(self, derived: Derivation, held: Held, claims: Sequence[Held]) -> Wish:
        account, stock = held.account, self.rule.stock
        owned = sum(item.account.owned * item.account.need for item in claims)
        pot = sum(derived.combined.values())
        left = sum(net.units for net in derived.nets if net.place != OWNED)
        if not self._booked:
            left = pot - owned
        believed = all(net.may_raise for net in derived.nets) and not self.sold_out
        free = max(0, left - stock.safety) // account.need if believed else 0
        return Wish(
            target=derived.total, free=free, cap=stock.cap, zero_below=stock.zero_below,
            dry=self._dry(left, pot, claims) if believed else "",
            short=not self._booked and left < 0,
            steady=self._sku not in self.scene.moving,
            ending=self._ending(account),
            halted=self._halted(),
        )  # fmt: skip

    def _dry(self, left: int, pot: int, claims: Sequence[Held]) -> str:
        others = [
            Claimant(
                name=f"listing {item.ref.listing_id} of {item.channel}",
                share=part_of(self._share_of(item.channel), self._listings(item.channel, claims)),
                owned=item.account.owned * item.account.need, need=item.account.need,
            )
            for item in claims
            if (item.channel, item.ref) != (self.setup.name, self.bound.listing.ref)
        ]  # fmt: skip
        channels = {item.channel for item in claims} | {self.setup.name}
        rest = max(Decimal(0), 1 - sum(map(self._share_of, channels), Decimal(0)))
        return who_is_dry(left, pot, OWN_SHOP if self._booked else "", rest, others)

    def _share_of(self, channel: ChannelName) -> Decimal:
        if channel == self.setup.name:
            return self.rule.stock.share
        rules = self.engine.rules.get(channel)
        return Decimal(0) if rules is None else rules.stock.share

    def _ending(self, account: Account) -> str:
        if self.setup.rules.allocation is Allocation.POOL:
            return "allocation is pool again: what it owns goes back"
        if (account.sku, account.need) != (self._sku, self.rule.units):
            return f"it owns {account.sku} × {account.need}, and its rule says another SKU or pack"
        return ""

    def _halted(self) -> str:
        if self.sold_out:
            return stays_at_zero(self.rule.sku)
        if self.nets and all(net.withdrawn for net in self.nets):
            return "; ".join(dict.fromkeys(net.note for net in self.nets))
        return ""

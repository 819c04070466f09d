"""From readings to the quantity one listing should show: the arithmetic of DESIGN section 5, step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from syncd.domain.adaptive import Withholding
from syncd.domain.identity import Place, Sku, WarehouseId
from syncd.domain.rules import Combine, Component, Draw, ListingRule, StockRule, Untracked


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """One component at one place, in base units: reading − committed − unseen, possibly negative.

    `reading` is None while it was never known; `unseen` is what orders took that it cannot contain, and what
    was moved to listings that own their units. `withdrawn`: the reading is 0 by policy.
    """

    sku: Sku
    place: Place
    warehouse_id: WarehouseId
    reading: int | None
    committed: int
    unseen: int
    may_raise: bool
    untracked: bool = False
    note: str = ""
    origin: str = ""
    withdrawn: bool = False

    @property
    def units(self) -> int:
        """What can be sold here by this reading alone."""
        return (self.reading or 0) - self.committed - self.unseen

    def without_orders(self) -> "Net":
        """The same reading as if no order were open."""
        return Net(
            sku=self.sku, place=self.place, warehouse_id=self.warehouse_id, reading=self.reading,
            committed=self.committed, unseen=0, may_raise=self.may_raise,
            untracked=self.untracked, note=self.note, origin=self.origin,
        )  # fmt: skip


Stock = Mapping[WarehouseId, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """Every step from readings to the offer, so that each number can be explained.

    `combined`, `settled`, `safety` and `kept` are base units (kits for a kit); `shared`, `capped` and
    `offer` are listing units. `fixed` names warehouses that may not rise.
    """

    nets: tuple[Net, ...]
    combined: Stock
    settled: Stock
    kept: Stock
    shared: Stock
    capped: Stock
    offer: Stock
    fixed: frozenset[WarehouseId]
    safety: int = 0

    @property
    def total(self) -> int:
        """Units offered over all warehouses."""
        return sum(self.offer.values())

    @property
    def unseen(self) -> int:
        """Base units subtracted for orders, over all components and places."""
        return sum(net.unseen for net in self.nets)


class Undecidable(Exception):  # noqa: N818 - a reason, caught by the planner
    """The listing must not be touched; the message says why."""


class Unsourced(Undecidable):
    """No source the rule draws on ever named the SKU: the listing is unmapped, not held."""


def derive(
    rule: ListingRule, nets: Sequence[Net], adaptive: Withholding | None = None
) -> Derivation:
    """The offer of one listing; Undecidable when a reading is missing or untracked stock is held.

    `adaptive` is withheld instead of the rule's own safety stock once the SKU can be sold out soon.
    """
    usable = [_tracked(net, rule) for net in nets]
    _require_readings(rule, usable)
    combined = _kits(rule, usable) if rule.is_kit else _combined(rule.stock, usable)
    settled = without_debts(combined)
    safety = rule.stock.safety
    if adaptive is not None and sum(settled.values()) <= adaptive.near:
        safety = max(safety, adaptive.units)
    kept = minus_safety(settled, safety)
    shared = {
        warehouse: int(rule.stock.share * units / rule.units) for warehouse, units in kept.items()
    }
    capped = cut_to(shared, rule.stock.cap)
    offer = dict.fromkeys(capped, 0) if sum(capped.values()) < rule.stock.zero_below else capped
    return Derivation(
        nets=tuple(usable),
        combined=combined,
        settled=settled,
        kept=kept,
        shared=shared,
        capped=capped,
        offer=offer,
        fixed=frozenset(net.warehouse_id for net in usable if not net.may_raise),
        safety=safety,
    )


def source_offer(rule: ListingRule, derived: Derivation) -> int:
    """What the sources alone would offer: as if no order were open, and nothing had sold lately."""
    if not derived.unseen and derived.safety == rule.stock.safety:
        return derived.total
    return derive(rule, [net.without_orders() for net in derived.nets]).total


def offer_at(rule: ListingRule, derived: Derivation, safety: int) -> Stock:
    """The offer as it would be now with so many units withheld."""
    fixed = replace(rule, stock=replace(rule.stock, safety=safety, adaptive=None))
    return derive(fixed, derived.nets).offer


def _tracked(net: Net, rule: ListingRule) -> Net:
    """An untracked reading is as much as the cap, where the mapping says so."""
    if not net.untracked:
        return net
    if rule.stock.untracked is Untracked.HOLD:
        raise Undecidable(f"{net.sku} is untracked at {net.place}; stock.untracked: hold")
    need = max(part.need for part in rule.components) * rule.units
    share = rule.stock.share or Decimal(1)
    withheld = max(rule.stock.safety, rule.stock.adaptive.at_most if rule.stock.adaptive else 0)
    plenty = int(rule.stock.cap * need / share) + withheld + need
    return Net(
        sku=net.sku, place=net.place, warehouse_id=net.warehouse_id, reading=plenty, committed=0,
        unseen=0, may_raise=True, note="untracked: offered up to the cap", origin=net.origin,
    )  # fmt: skip


def _require_readings(rule: ListingRule, nets: Sequence[Net]) -> None:
    for component in rule.components:
        own = [net for net in nets if net.sku == component.sku]
        if not own:
            raise Unsourced(f"no source in stock.from names {component.sku}")
        for net in own:
            if net.reading is None:
                raise Undecidable(f"{net.sku} at {net.place}: {net.note or 'quantity unknown'}")


def _combined(rule: StockRule, nets: Sequence[Net]) -> dict[WarehouseId, int]:
    """Per warehouse, the sources' numbers combined; each source's locations are added first."""
    by_source: dict[WarehouseId, dict[str, int]] = {}
    for net in nets:
        sums = by_source.setdefault(net.warehouse_id, {})
        sums[net.place.source] = sums.get(net.place.source, 0) + net.units
    return {warehouse: combine(rule, sums) for warehouse, sums in by_source.items()}


def combine(rule: StockRule, by_source: Mapping[str, int]) -> int:
    """Several sources' numbers for one warehouse as one; `first` follows the order of `from`."""
    if rule.combine is Combine.SUM:
        return sum(by_source.values())
    if rule.combine is Combine.MIN:
        return min(by_source.values())
    ordered: list[Draw] = [draw for draw in rule.draws if draw.source in by_source]
    return by_source[ordered[0].source] if ordered else next(iter(by_source.values()))


def _kits(rule: ListingRule, nets: Sequence[Net]) -> dict[WarehouseId, int]:
    """Kits each warehouse can build: whole kits at one location, then added per warehouse."""
    spots: dict[tuple[WarehouseId, str], dict[Sku, dict[str, int]]] = {}
    for net in nets:
        spot = net.place.location if rule.stock.combine is Combine.SUM else ""
        sums = spots.setdefault((net.warehouse_id, spot), {}).setdefault(net.sku, {})
        sums[net.place.source] = sums.get(net.place.source, 0) + net.units
    kits: dict[WarehouseId, int] = {}
    for (warehouse, _), parts in spots.items():
        stock = {sku: combine(rule.stock, sums) for sku, sums in parts.items()}
        kits[warehouse] = kits.get(warehouse, 0) + whole_kits(rule.components, stock)
    return kits


def whole_kits(components: Sequence[Component], stock: Mapping[Sku, int]) -> int:
    """How many complete kits one location can build; a component it lacks makes none."""
    return max(0, min(stock.get(part.sku, 0) // part.need for part in components))


def without_debts(stock: Stock) -> dict[WarehouseId, int]:
    """A negative warehouse is taken from the fullest one; nothing below 0 remains."""
    settled = dict(stock)
    debt = -sum(units for units in settled.values() if units < 0)
    settled = {warehouse: max(0, units) for warehouse, units in settled.items()}
    return minus_safety(settled, debt)


def minus_safety(stock: Stock, withheld: int) -> dict[WarehouseId, int]:
    """Withhold units from the fullest warehouse, then from the next, never below 0."""
    kept = dict(stock)
    for warehouse in sorted(kept, key=lambda name: (-kept[name], name)):
        taken = min(withheld, kept[warehouse])
        kept[warehouse] -= taken
        withheld -= taken
    return kept


def cut_to(stock: Stock, most: int) -> dict[WarehouseId, int]:
    """Lower the total to `most`, always taking from what is the fullest warehouse then."""
    cut = dict(stock)
    excess = sum(cut.values()) - most
    while excess > 0:
        ranked = sorted(cut, key=lambda name: (-cut[name], name))
        fullest = cut[ranked[0]]
        level = [name for name in ranked if cut[name] == fullest]
        below = max((cut[name] for name in ranked if cut[name] < fullest), default=0)
        step = max(1, min(excess // len(level), fullest - below))
        for name in level[: excess if step == 1 else len(level)]:
            taken = min(step, excess)
            cut[name] -= taken
            excess -= taken
    return cut


def raised_to_lock(offer: Stock, locked: int) -> dict[WarehouseId, int]:
    """An offer below what campaigns and creators hold is set to that, at its fullest warehouse."""
    lacking = locked - sum(offer.values())
    if lacking <= 0 or not offer:
        return dict(offer)
    fullest = min(offer, key=lambda name: (-offer[name], name))
    return {**offer, fullest: offer[fullest] + lacking}

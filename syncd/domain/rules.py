"""The mapping as pure values: which rule decides each listing, and which line of YAML said so."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase

from syncd.domain.identity import ChannelName, LocationName, Place, Sku, SourceName, WarehouseId


class Combine(StrEnum):
    """How several sources for one warehouse become one number."""

    SUM = "sum"
    FIRST = "first"
    MIN = "min"


class Untracked(StrEnum):
    """What an untracked position means for a listing."""

    HOLD = "hold"
    CAP = "cap"


class Publish(StrEnum):
    """What is published of a listing."""

    ALL = "all"
    STOCK = "stock"
    PRICE = "price"
    NONE = "none"


class Zero(StrEnum):
    """What happens where the shop refuses a quantity of 0."""

    SEND = "send"
    DEACTIVATE = "deactivate"
    LEAVE_ONE_AND_ALERT = "leave_one_and_alert"
    KEEP = "keep"
    """Nothing is sent in its place, because any other number would be one too many (escrow)."""


class Allocation(StrEnum):
    """Whose the units are that a channel shows."""

    POOL = "pool"
    """Every channel shows the whole stock."""
    ESCROW = "escrow"
    """A channel shows only units that it owns: taken from a source before, and given back afterwards."""


class Direction(StrEnum):
    """Where a price is rounded to."""

    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A source that feeds a listing, and which of its locations; no locations means all of them."""

    source: SourceName
    locations: tuple[LocationName, ...] = ()

    def takes(self, place: Place) -> bool:
        """Whether units at this place feed the listing."""
        if place.source != self.source:
            return False
        return not self.locations or place.location in self.locations


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptive:
    """A safety stock that follows the sales: enough for `quantile` of all moments at the present rate.

    Never above `at_most`; the least it may be is the rule's `safety`.
    """

    quantile: Decimal = Decimal("0.999")
    at_most: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRule:
    """How an offer is computed. `safety` in base units; `cap` and `zero_below` in listing units."""

    draws: tuple[Draw, ...] = ()
    combine: Combine = Combine.SUM
    safety: int = 0
    adaptive: Adaptive | None = None
    share: Decimal = Decimal(1)
    cap: int = 99_999
    zero_below: int = 0
    untracked: Untracked = Untracked.HOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """One step of `adjust`: multiply by `factor`, then add `amount` (major units)."""

    factor: Decimal = Decimal(1)
    amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """Round to prices that end in `ending` (`.99`), or to multiples of `step` when it is set."""

    direction: Direction = Direction.NEAREST
    ending: Decimal | None = None
    step: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRule:
    """How a price is computed; pushed only with a floor. `floor_of_cost` is a factor of unit cost."""

    source: SourceName
    currency: str | None = None
    adjust: tuple[Adjustment, ...] = ()
    rounding: Rounding | None = None
    floor: Decimal | None = None
    floor_of_cost: Decimal | None = None
    ceiling: Decimal | None = None
    max_move: Decimal = Decimal("0.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """How many base units of a SKU one kit or pack needs."""

    sku: Sku
    need: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRule:
    """Everything that decides one listing. `origins` maps a key (`stock.safety`) to `file:line`."""

    sku: Sku
    components: tuple[Component, ...]
    units: int
    publish: Publish
    stock: StockRule
    price: PriceRule | None
    origins: Mapping[str, str]

    @property
    def is_kit(self) -> bool:
        """Whether units must come together from one location."""
        return len(self.components) > 1 or self.components[0].need > 1

    def needs(self) -> tuple[tuple[Sku, int], ...]:
        """Base units of each component that one listing unit takes."""
        return tuple((part.sku, part.need * self.units) for part in self.components)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOverride:
    """One entry of `rules:`; keys that are None leave the earlier value. `origin` is `file:line`."""

    match: str
    origin: str
    origins: Mapping[str, str] = field(default_factory=dict)
    publish: Publish | None = None
    kit: tuple[Component, ...] | None = None
    of: Sku | None = None
    units: int | None = None
    stock: Mapping[str, object] = field(default_factory=dict)
    price: Mapping[str, object] = field(default_factory=dict)

    def matches(self, sku: str) -> bool:
        """Shell-style pattern, case-sensitive; a plain SKU matches itself."""
        return self.match == sku or fnmatchcase(sku, self.match)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a channel may change before a person looks. Shares are of all bound listings."""

    changed: Decimal = Decimal("0.3")
    to_zero: Decimal = Decimal("0.1")
    price_moved: Decimal = Decimal("0.3")
    at_least: int = 10
    window: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRules:
    """The mapping of one channel. `warehouses` maps our location (or `source/location`) to theirs.

    An empty `warehouses` means the channel's only warehouse. `fingerprint` changes with any rule.
    """

    channel: ChannelName
    stock: StockRule
    price: PriceRule | None
    warehouses: Mapping[str, WarehouseId]
    orders_go_to: Place | None
    aliases: Mapping[str, Sku]
    overrides: tuple[RuleOverride, ...]
    limits: Limits
    zero: Zero
    origins: Mapping[str, str]
    fingerprint: str
    allocation: Allocation = Allocation.POOL

    def bound_sku(self, seller_sku: str) -> Sku:
        """The SKU of ours that a seller SKU of the channel stands for."""
        return self.aliases.get(seller_sku, Sku(seller_sku))

    def rule_for(self, sku: Sku) -> ListingRule:
        """The rule of a SKU: the channel's own, then every matching override, later ones winning."""
        rule = ListingRule(
            sku=sku,
            components=(Component(sku=sku, need=1),),
            units=1,
            publish=Publish.ALL,
            stock=self.stock,
            price=self.price,
            origins=self.origins,
        )
        for override in self.overrides:
            if override.matches(sku):
                rule = _overridden(rule, override)
        return rule

    def warehouse_of(self, place: Place) -> WarehouseId | None:
        """The channel's warehouse for a place of ours; `source/location` outranks `location`."""
        named = self.warehouses.get(str(place))
        return named if named is not None else self.warehouses.get(place.location)

    @property
    def warehouse_names(self) -> Mapping[WarehouseId, str]:
        """Our name for each warehouse of the channel; where several locations share one, all of them."""
        names: dict[WarehouseId, str] = {}
        for ours, theirs in self.warehouses.items():
            names[theirs] = f"{names[theirs]} + {ours}" if theirs in names else ours
        return names


def _units(rule: ListingRule, override: RuleOverride) -> int:
    """A new composition begins with one unit per listing unless the override says otherwise."""
    if override.units is not None:
        return override.units
    recomposed = override.kit is not None or override.of is not None
    return 1 if recomposed else rule.units


def _overridden(rule: ListingRule, override: RuleOverride) -> ListingRule:
    """`rule` with what the override says; origins follow the deciding line."""
    components = rule.components
    if override.kit is not None:
        components = override.kit
    elif override.of is not None:
        components = (Component(sku=override.of, need=1),)
    price = rule.price
    if price is not None and override.price:
        price = replace(price, **override.price)  # type: ignore[arg-type]  # keys checked by settings
    return replace(
        rule,
        components=components,
        units=_units(rule, override),
        publish=rule.publish if override.publish is None else override.publish,
        stock=replace(rule.stock, **override.stock) if override.stock else rule.stock,  # type: ignore[arg-type]  # as above
        price=price,
        origins={**rule.origins, **override.origins},
    )

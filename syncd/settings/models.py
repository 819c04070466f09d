"""The keys of the YAML as models: names, types, ranges and defaults, and nothing across keys."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, Field, SkipValidation
from pydantic_settings import BaseSettings, SettingsConfigDict

from syncd.domain.rules import (
    Adaptive,
    Adjustment,
    Allocation,
    Combine,
    Direction,
    Publish,
    Untracked,
    Zero,
)
from syncd.domain.stock import LARGEST_QUANTITY, After, Basis
from syncd.settings.cron import Cron
from syncd.settings.grammar import (
    ADJUST,
    CRON,
    ORDERS,
    QUANTILE,
    ROUND_TO,
    FloorMarker,
    LocationsMarker,
    Orders,
    RoundTo,
    SafetyMarker,
)
from syncd.settings.kinds import NoOptions, read_options
from syncd.settings.part import Part
from syncd.settings.scalars import (
    AMOUNT,
    CURRENCY,
    LEDGER,
    NAME,
    PLACE,
    TEXT,
    TRUTH,
    ZONE,
    choice,
    duration,
    only,
    percent,
    whole,
)
from syncd.settings.surroundings import Alerts, Retention, Web

LARGEST_OFFER = 99_999

Name = Annotated[str, NAME]
Text = Annotated[str, TEXT]
Units = Annotated[int, whole(1, 10_000)]
Options = Annotated[SkipValidation[BaseModel], BeforeValidator(read_options)]


class Mode(StrEnum):
    """Whether anything is written to a channel."""

    OBSERVE = "observe"
    APPLY = "apply"


class Missing(Part):
    """What happens to a row that vanished from a full snapshot."""

    hold: Annotated[timedelta, duration("0s", "365d")] = Field(
        default=timedelta(hours=24),
        description="How long the last value is held, lowered but never raised",
    )
    then: Annotated[After, choice(After)] = Field(
        default=After.ZERO,
        description="What the quantity is afterwards: keep the last value, or zero",
    )


class Expect(Part):
    """What a believable reading looks like; anything else is refused whole."""

    min_rows: Annotated[int, whole(1, LARGEST_QUANTITY)] = Field(
        default=1, description="Fewest usable rows of a full reading"
    )
    max_shrink: Annotated[Decimal, percent(0, 100)] = Field(
        default=Decimal("0.2"),
        description="Largest share of rows that may vanish from one reading to the next",
    )
    sentinels: tuple[Text, ...] = Field(
        default=(), description="SKUs without which a full reading is refused"
    )


class SourceTree(Part):
    """The keys every source has; the kind's own are in `options`."""

    kind: Text = Field(description="Which connector reads it")
    basis: Annotated[Basis | None, choice(Basis)] = Field(
        default=None,
        description="What its quantity counts: available, or on_hand (with sold but not shipped)",
    )
    orders: Annotated[Orders | None, ORDERS] = Field(
        default=None,
        description="When its quantity already contains a channel's order: within D | "
        "on_shipment [within D] | never | write_back (syncd takes the order off the source)",
    )
    left_when: Annotated[str | None, only("packed")] = Field(
        default=None, description="packed: goods count as gone when they wait for collection"
    )
    every: Annotated[timedelta, duration("1s", "7d")] = Field(
        default=timedelta(minutes=15), description="Time between two readings"
    )
    cron: Annotated[Cron | None, CRON] = Field(
        default=None, description="Readings by the clock instead: minute hour day month weekday"
    )
    full_every: Annotated[timedelta, duration("1m", "30d")] = Field(
        default=timedelta(hours=24),
        description="Time between two readings of everything, for a source that can tell what changed",
    )
    stale_after: Annotated[timedelta | None, duration("1s", "365d")] = Field(
        default=None, description="Age from which it may only lower listings (default 3 x every)"
    )
    dead_after: Annotated[timedelta, duration("1s", "365d")] = Field(
        default=timedelta(hours=48), description="Age from which `then` applies"
    )
    then: Annotated[After, choice(After)] = Field(
        default=After.KEEP,
        description="What a dead source's quantities are: keep the last ones, or zero",
    )
    missing: Missing = Field(default=Missing(), description="What a row that vanished means")
    expect: Expect = Field(default=Expect(), description="What a believable reading looks like")
    stock: Annotated[str | None, only("none")] = Field(
        default=None, description="none: the source gives prices only"
    )
    committed: Annotated[str | None, only("none")] = Field(
        default=None, description="none: nothing in on_hand is sold elsewhere"
    )
    sold_only_here: Annotated[bool, TRUTH] = Field(
        default=False,
        description="States that nobody but these channels sells this stock (allocation: escrow needs "
        "it where orders are not written back)",
    )
    options: Options = Field(default=NoOptions(), description="The keys of the kind")

    @property
    def feeds_stock(self) -> bool:
        """Whether its quantities count."""
        return self.stock is None


class AdaptiveSafety(Part):
    """A safety stock that follows how fast the SKU sells just now."""

    adaptive: Annotated[Decimal, QUANTILE] = Field(
        default=Adaptive().quantile,
        description="Share of all moments for which it must be enough, as in 99.9%",
    )
    at_least: Annotated[int, whole(0, LARGEST_QUANTITY)] = Field(
        default=0, description="Base units never offered, however slowly it sells"
    )
    at_most: Annotated[int, whole(1, LARGEST_QUANTITY)] = Field(
        default=Adaptive().at_most, description="Most base units that it may withhold"
    )


class StockTree(Part):
    """How an offer is computed."""

    draws_from: dict[Name, Annotated[tuple[str, ...], LocationsMarker()]] = Field(
        default_factory=dict,
        alias="from",
        description="Sources and their locations: {warehouse: all}",
    )
    combine: Annotated[Combine, choice(Combine)] = Field(
        default=Combine.SUM, description="How several sources for one warehouse become one number"
    )
    safety: Annotated[int | AdaptiveSafety, SafetyMarker(AdaptiveSafety, LARGEST_QUANTITY)] = Field(
        default=0,
        description="Base units never offered: a number, or adaptive for as many as the present sales need",
    )
    share: Annotated[Decimal, percent(0, 100)] = Field(
        default=Decimal(1),
        description="Share of the rest that is offered; in escrow owned, by default an equal part for "
        "each that sells",
    )
    cap: Annotated[int, whole(0, LARGEST_OFFER)] = Field(
        default=LARGEST_OFFER, description="Largest offer, in listing units"
    )
    zero_below: Annotated[int, whole(0, LARGEST_OFFER)] = Field(
        default=0, description="Offers below this become 0, in listing units"
    )
    untracked: Annotated[Untracked, choice(Untracked)] = Field(
        default=Untracked.HOLD,
        description="What a SKU without stock keeping means: hold, or offer the cap",
    )


class FloorOfCost(Part):
    """A floor as a share of the unit cost the source reports."""

    cost: Annotated[Decimal, percent(1, 1000)] = Field(description="As in 115%")


class Round(Part):
    """How a price is rounded."""

    to: Annotated[RoundTo, ROUND_TO] = Field(description='An ending (".99") or a step ("0.05")')
    direction: Annotated[Direction, choice(Direction)] = Field(
        default=Direction.NEAREST, description="Where to"
    )


class PriceTree(Part):
    """How a price is computed."""

    source: Annotated[str | None, NAME] = Field(
        default=None,
        alias="from",
        description="The source of the price; needed if there are several",
    )
    currency: Annotated[str | None, CURRENCY] = Field(
        default=None,
        description="Currency of source prices without a currency column; no conversion",
    )
    adjust: Annotated[tuple[Adjustment, ...], ADJUST] = Field(
        default=(), description='Steps in order, as in "+12% +1.00"'
    )
    round: Round | None = Field(default=None, description="How the result is rounded")
    floor: Annotated[Decimal | FloorOfCost | None, FloorMarker(FloorOfCost)] = Field(
        default=None, description="Lowest price ever pushed; without it no price is pushed"
    )
    ceiling: Annotated[Decimal | None, AMOUNT] = Field(
        default=None, description="Highest price ever pushed"
    )
    max_move: Annotated[Decimal, percent(0, 1000)] = Field(
        default=Decimal("0.2"), description="Largest step away from what the shop shows"
    )


class LimitsTree(Part):
    """How much may change within the window before a person looks; shares are of all listings."""

    changed: Annotated[Decimal, percent(0, 100)] = Field(
        default=Decimal("0.3"), description="Share of listings that may change"
    )
    to_zero: Annotated[Decimal, percent(0, 100)] = Field(
        default=Decimal("0.1"), description="Share of listings that may become 0"
    )
    price_moved: Annotated[Decimal, percent(0, 100)] = Field(
        default=Decimal("0.3"), description="Share of listings whose price may move"
    )
    at_least: Annotated[int, whole(0, LARGEST_QUANTITY)] = Field(
        default=10, description="So many listings may always change"
    )
    window: Annotated[timedelta, duration("1m", "7d")] = Field(
        default=timedelta(hours=1), description="The time over which changes add up"
    )


class RuleTree(Part):
    """One entry of `rules`; later entries win key by key."""

    match: Text = Field(description='A SKU or a pattern, as in "SALE-*"')
    stock: StockTree | None = Field(default=None, description="Keys of `stock` for these listings")
    price: PriceTree | None = Field(default=None, description="Keys of `price` for these listings")
    publish: Annotated[Publish | None, choice(Publish)] = Field(
        default=None, description="What is published of these listings"
    )
    kit: dict[Text, Units] | None = Field(
        default=None, description="Components of one unit, as in {A-1: 1, B-2: 2}"
    )
    of: Annotated[str | None, TEXT] = Field(default=None, description="The SKU a pack is made of")
    units: Annotated[int | None, whole(1, 10_000)] = Field(
        default=None, description="Units of `of` in one pack"
    )


class ChannelTree(Part):
    """The keys every channel has; the kind's own are in `options`."""

    kind: Text = Field(description="Which connector writes it")
    warehouses: dict[Text, Text] = Field(
        default_factory=dict,
        description="Our location (or source/location) -> the channel's warehouse id",
    )
    orders_go_to: Annotated[str | None, PLACE] = Field(
        default=None,
        description="Where an order is booked when its warehouse does not tell: source/location",
    )
    bind: Annotated[str, only("seller_sku")] = Field(
        default="seller_sku", description="What of a listing equals our SKU"
    )
    aliases: Annotated[str | None, TEXT] = Field(
        default=None, description="CSV file with the columns seller_sku,sku, relative to this file"
    )
    stock: StockTree = Field(default=StockTree(), description="How offers are computed")
    price: PriceTree | None = Field(
        default=None, description="How prices are computed; absent: none"
    )
    zero: Annotated[Zero, choice(Zero, but=(Zero.KEEP,))] = Field(
        default=Zero.SEND, description="What happens where the shop refuses a quantity of 0"
    )
    limits: LimitsTree = Field(default=LimitsTree(), description="When a plan is held for a person")
    rules: tuple[RuleTree, ...] = Field(default=(), description="Exceptions by SKU; later ones win")
    reconcile_every: Annotated[timedelta, duration("1m", "7d")] = Field(
        default=timedelta(hours=1), description="Time between two full comparisons with the shop"
    )
    orders_every: Annotated[timedelta, duration("10s", "1d")] = Field(
        default=timedelta(minutes=5), description="Time between two polls of the shop's orders"
    )
    allocation: Annotated[Allocation, choice(Allocation)] = Field(
        default=Allocation.POOL,
        description="pool: every channel shows the whole stock; "
        "escrow: this one shows only units that it took from its sources before",
    )
    options: Options = Field(default=NoOptions(), description="The keys of the kind")


class Tree(BaseSettings):
    """The whole file."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, validate_default=False, case_sensitive=True
    )

    mode: Annotated[Mode, choice(Mode)] = Field(
        default=Mode.OBSERVE, description="observe: plan and report only; apply: write to channels"
    )
    ledger: Annotated[str | None, LEDGER] = Field(
        default=None, description="Where syncd remembers; the environment's SYNCD_LEDGER_URL wins"
    )
    timezone: Annotated[ZoneInfo, ZONE] = Field(
        default=ZoneInfo("UTC"), description="For cron and reports, as in Europe/Berlin"
    )
    retention: Retention = Field(default=Retention(), description="How long the ledger remembers")
    sources: Mapping[Name, SourceTree] = Field(
        default_factory=dict, description="Where stock and prices are read, by name"
    )
    channels: Mapping[Name, ChannelTree] = Field(
        default_factory=dict, description="Where they are published, by name"
    )
    alerts: Alerts | None = Field(
        default=None, description="Who is told when something needs attention"
    )
    web: Web | None = Field(
        default=None, description="Health, metrics and webhooks over HTTP; absent: no web server"
    )

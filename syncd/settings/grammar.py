"""The small languages inside single values: `orders`, `adjust`, `round`, `floor`, `safety` and `from`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from syncd.domain.duration import parse_duration
from syncd.domain.money import exact_decimal
from syncd.domain.orders import OrdersMode
from syncd.domain.rules import Adjustment
from syncd.settings.cron import read_cron
from syncd.settings.scalars import (
    AMOUNT_SCHEMA,
    TEXT,
    Written,
    percent,
    read_amount,
    read_duration,
    refusal,
    whole,
)

ORDERS_HINT = (
    "write when this source's numbers already contain a channel's order: "
    "`within 15m` if orders are imported into it (basis available); "
    "`on_shipment` or `on_shipment within 12h` if it books goods when they leave (basis on_hand); "
    "`never` if it is counted by hand (basis on_hand, needs counted_at); "
    "`write_back` if syncd is to take orders off it (basis available)"
)
_ORDERS = re.compile(
    r"(?:(on_shipment)(?: +within +(\S+))?|within +(\S+)|(never|write_back))", re.ASCII
)
_LONGEST_DELAY = parse_duration("30d")
_STEP = re.compile(r"([+-])([0-9]{1,7}(?:\.[0-9]{1,4})?)(%?)", re.ASCII)
_ENDING = re.compile(r"\.[0-9]{1,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Orders:
    """What `orders:` says."""

    mode: OrdersMode
    delay: timedelta = timedelta(0)


def read_orders(text: str) -> Orders:
    """`within D`, `on_shipment [within D]`, `never` or `write_back`."""
    found = _ORDERS.fullmatch(text.strip())
    if found is None:
        raise refusal(f"{text!r} is not understood", ORDERS_HINT)
    if found[4]:
        return Orders(OrdersMode(found[4]))
    mode = OrdersMode.ON_SHIPMENT if found[1] else OrdersMode.WITHIN
    delay = found[2] or found[3]
    return Orders(mode, _delay(delay) if delay else timedelta(0))


def _delay(text: str) -> timedelta:
    delay = read_duration(text)
    if delay > _LONGEST_DELAY:
        raise refusal(f"{text} is outside 0s to 30d")
    return delay


ORDERS = Written(
    read_orders,
    {
        "type": "string",
        "pattern": r"^(within [0-9]+[smhd]|on_shipment( within [0-9]+[smhd])?|never|write_back)$",
    },
)
CRON = Written(read_cron, {"type": "string", "pattern": r"^\S+( +\S+){4}$"})


def read_adjust(text: str) -> tuple[Adjustment, ...]:
    """`+12% +1.00`: steps in order, percentages and amounts with a sign."""
    steps = tuple(_adjustment(part) for part in text.split())
    if not steps:
        raise refusal("this is empty", 'as in "+12% +1.00"')
    return steps


def _adjustment(part: str) -> Adjustment:
    found = _STEP.fullmatch(part)
    if found is None:
        raise refusal(f"{part!r} is no adjustment", 'a sign and a number, as in "+12% +1.00"')
    number = Decimal(found[1] + found[2])
    if not found[3]:
        return Adjustment(amount=number)
    if not -100 < number <= 1000:  # noqa: PLR2004 - percent
        raise refusal(f"{part} is outside -100% (exclusive) to +1000%")
    return Adjustment(factor=1 + number / 100)


ADJUST = Written(read_adjust, {"type": "string", "pattern": r"^ *[+-][0-9.]+%?( +[+-][0-9.]+%?)*$"})


@dataclass(frozen=True, slots=True)
class RoundTo:
    """What `round.to` says: a price ending (`.99`) or a step (`0.05`)."""

    ending: Decimal | None = None
    step: Decimal | None = None


def read_round_to(text: str) -> RoundTo:
    """`.99` is an ending, `0.05` a step."""
    if _ENDING.fullmatch(text):
        return RoundTo(ending=Decimal(text))
    try:
        step = exact_decimal(text)
    except ValueError:
        raise refusal(f"{text!r} is no rounding", _ROUND_HINT) from None
    if not 0 < step <= 10_000:  # noqa: PLR2004 - larger than any price step
        raise refusal(f"{text} is outside 0 (exclusive) to 10000", _ROUND_HINT)
    return RoundTo(step=step)


_ROUND_HINT = 'an ending begins with a point (".99"), a step with a digit ("0.05")'
ROUND_TO = Written(read_round_to, {"type": ["string", "number"], "pattern": r"^[0-9]*\.?[0-9]+$"})


@dataclass(frozen=True, slots=True)
class FloorMarker:
    """Marks `floor`: an amount, or a mapping that `of_cost` reads."""

    of_cost: type[BaseModel]

    def __get_pydantic_core_schema__(
        self, _source: object, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validated)

    def __get_pydantic_json_schema__(self, _core: object, _handler: object) -> dict[str, object]:
        nested = self.of_cost.model_json_schema()
        return {"anyOf": [dict(AMOUNT_SCHEMA), nested]}

    def validated(self, value: object) -> object:
        """An amount for text, the model for a mapping."""
        if isinstance(value, str):
            return read_amount(value)
        if isinstance(value, Mapping):
            return self.of_cost.model_validate(value)
        raise refusal("this must be an amount or {cost: 115%}, not a list")


ADAPTIVE = "adaptive"
_SURE = percent(50, 100)


def read_quantile(text: str) -> Decimal:
    """The share of all moments that a safety stock must be enough for: `99.9%`."""
    share = Decimal(str(_SURE.read(text)))
    if share == 1:
        raise refusal(f"{text} would need all the stock there is", "as in 99.9%")
    return share


QUANTILE = Written(read_quantile, _SURE.schema)


@dataclass(frozen=True, slots=True)
class SafetyMarker:
    """Marks `safety`: units, the word `adaptive`, or a mapping that `adaptive` reads."""

    adaptive: type[BaseModel]
    most: int

    def __get_pydantic_core_schema__(
        self, _source: object, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validated)

    def __get_pydantic_json_schema__(self, _core: object, _handler: object) -> dict[str, object]:
        nested = self.adaptive.model_json_schema()
        word = {"type": "string", "const": ADAPTIVE}
        return {"anyOf": [dict(whole(0, self.most).schema), word, nested]}

    def validated(self, value: object) -> object:
        """A number for digits, the model for the word or a mapping."""
        if value == ADAPTIVE:
            return self.adaptive()
        if isinstance(value, str):
            return self._number(value)
        if isinstance(value, Mapping):
            return self.adaptive.model_validate(value)
        raise refusal("this must be a number, adaptive or {adaptive: 99.9%}, not a list")

    def _number(self, text: str) -> object:
        if not text.lstrip("-").isdigit():
            raise refusal(f"{text!r} is neither a whole number nor `{ADAPTIVE}`")
        return whole(0, self.most).read(text)


@dataclass(frozen=True, slots=True)
class LocationsMarker:
    """Marks the locations of one source: `all`, or a list of names."""

    def __get_pydantic_core_schema__(
        self, _source: object, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        names = core_schema.list_schema(
            core_schema.no_info_plain_validator_function(TEXT.validated)
        )
        return core_schema.no_info_wrap_validator_function(self.validated, names)

    def __get_pydantic_json_schema__(self, _core: object, _handler: object) -> dict[str, object]:
        names = {"type": "array", "minItems": 1, "items": dict(TEXT.schema)}
        return {"anyOf": [{"type": "string", "const": "all"}, names]}

    def validated(
        self, value: object, names: core_schema.ValidatorFunctionWrapHandler
    ) -> tuple[str, ...]:
        """No names for `all`."""
        if value == "all":
            return ()
        if not isinstance(value, list) or not value:
            raise refusal("this names no locations", "write `all` or a list, as in [Main, East]")
        found = tuple(names(value))
        if len(set(found)) < len(found):
            raise refusal("a location is named twice")
        return found

"""From a source's price to the price one listing should show, and every reason not to push it (rule 7)."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from syncd.domain.money import LARGEST, Money, exponent
from syncd.domain.rules import Adjustment, Direction, PriceRule, Rounding


class PriceWithheld(Exception):  # noqa: N818 - a reason, caught by the planner
    """The price must not be pushed; the message says why."""


class Unpriced(PriceWithheld):
    """The source gives no price for the SKU, or no floor is configured: nothing was meant to be pushed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceDerivation:
    """Every step from the source's price to the price to show, in major units of `currency`."""

    source_price: Decimal
    currency: str
    adjusted: Decimal
    rounded: Decimal
    floor: Decimal
    price: Money


def derive_price(
    rule: PriceRule, price: Decimal | None, currency: str | None, cost: Decimal | None,
    shop_currency: str,
) -> PriceDerivation:  # fmt: skip
    """The price to show; PriceWithheld when rule 7 forbids one.

    A source price whose currency nobody states, or that is in another one, is never pushed.
    """
    if price is None:
        raise Unpriced("the source gives no price")
    stated = currency or rule.currency
    if stated is None:
        raise PriceWithheld("no currency: give the source a currency column or set price.currency")
    if stated != shop_currency:
        raise PriceWithheld(f"the price is in {stated}, the shop sells in {shop_currency}")
    if not price.is_finite() or price <= 0:
        raise PriceWithheld(f"{price} is no positive price")
    floor = price_floor(rule, cost)
    adjusted = adjust(_sane(price), rule.adjust)
    _sane(adjusted)
    rounded = round_price(adjusted, rule.rounding, shop_currency)
    _within(rounded, floor, rule.ceiling)
    return PriceDerivation(
        source_price=price,
        currency=shop_currency,
        adjusted=adjusted,
        rounded=rounded,
        floor=floor,
        price=_money(rounded, shop_currency),
    )


def _sane(price: Decimal) -> Decimal:
    """The amount, unless it is so large that exact arithmetic would not bear it."""
    if abs(price) > LARGEST:
        raise PriceWithheld(f"{price} is larger than any price")
    return price


def _money(price: Decimal, currency: str) -> Money:
    try:
        return Money.of(price, currency)
    except ValueError:
        raise PriceWithheld(
            f"{price} is no exact amount of {currency}; price.round asks for it"
        ) from None


def price_floor(rule: PriceRule, cost: Decimal | None) -> Decimal:
    """The lowest price allowed; without one, no price is pushed."""
    if rule.floor is not None:
        return rule.floor
    if rule.floor_of_cost is None:
        raise Unpriced("no price.floor is configured")
    if cost is None or cost <= 0:
        raise PriceWithheld("price.floor is a share of cost, and the source gives no cost")
    return cost * rule.floor_of_cost


def adjust(price: Decimal, steps: tuple[Adjustment, ...]) -> Decimal:
    """Apply `adjust` from left to right."""
    for step in steps:
        price = price * step.factor + step.amount
    return price


def round_price(price: Decimal, rounding: Rounding | None, currency: str) -> Decimal:
    """Round as configured, else half up to the currency's decimals."""
    unit = Decimal(1).scaleb(-exponent(currency))
    if rounding is None:
        return price.quantize(unit, ROUND_HALF_UP)
    if rounding.ending is not None:
        return _to_ending(price, rounding.ending, rounding.direction)
    step = rounding.step or unit
    mode = {
        Direction.UP: ROUND_CEILING,
        Direction.DOWN: ROUND_FLOOR,
        Direction.NEAREST: ROUND_HALF_UP,
    }[rounding.direction]
    return (price / step).quantize(Decimal(1), mode) * step


def _to_ending(price: Decimal, ending: Decimal, direction: Direction) -> Decimal:
    """The nearest price with these decimals; exactly between two, the higher."""
    below = (price - ending).to_integral_value(ROUND_FLOOR) + ending
    if below == price or direction is Direction.DOWN:
        return below
    above = below + 1
    if direction is Direction.UP:
        return above
    return below if price - below < above - price else above


def _within(price: Decimal, floor: Decimal, ceiling: Decimal | None) -> None:
    if price <= 0:
        raise PriceWithheld(f"{price} is no positive price after adjusting and rounding")
    if price < floor:
        raise PriceWithheld(f"{price} is below the floor {floor}")
    if ceiling is not None and price > ceiling:
        raise PriceWithheld(f"{price} is above the ceiling {ceiling}")


def moves_too_far(rule: PriceRule, shown: Money, wanted: Money) -> bool:
    """Whether the step from what the shop shows is larger than `max_move` allows."""
    return abs(wanted.minor - shown.minor) > shown.minor * rule.max_move

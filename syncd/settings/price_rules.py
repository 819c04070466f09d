"""What must fit together in a channel's prices."""

from collections.abc import Iterator
from decimal import Decimal

from syncd.domain.money import Money
from syncd.settings.findings import Finding, Rule, warning
from syncd.settings.models import PriceTree
from syncd.settings.scalars import nearest
from syncd.settings.seen_channel import SeenChannel


def _known_sources(seen: SeenChannel) -> Iterator[Finding]:
    for trail, price in seen.prices():
        if price.source is not None and price.source not in seen.names:
            hint = nearest(price.source, seen.names, f"sources: {', '.join(seen.names)}")
            yield Finding((*trail, "from"), f"there is no source {price.source!r}", hint)


def _from_required(seen: SeenChannel) -> Iterator[Finding]:
    price = seen.tree.price
    if price is not None and price.source is None and len(seen.names) > 1:
        message = f"this key is required, because there are {len(seen.names)} sources"
        yield Finding(("price", "from"), message, f"sources: {', '.join(seen.names)}")


def _base_required(seen: SeenChannel) -> Iterator[Finding]:
    if seen.tree.price is not None:
        return
    for trail, _ in seen.prices():
        message = "this changes the channel's price section, and there is none"
        yield Finding(trail, message, "add price: with a floor to the channel, or remove this")


def _floor(seen: SeenChannel) -> Iterator[Finding]:
    if seen.tree.price is None or any(price.floor is not None for _, price in seen.prices()):
        return
    message = "prices are not pushed, because there is no floor"
    yield warning(("price", "floor"), message, "add one, as in floor: 1.00 or floor: {cost: 115%}")


def _ceiling_above_floor(seen: SeenChannel) -> Iterator[Finding]:
    for trail, price, base in _pairs(seen):
        floor, ceiling = _inherited(price, base, "floor"), _inherited(price, base, "ceiling")
        if not (isinstance(floor, Decimal) and isinstance(ceiling, Decimal)):
            continue
        if ceiling <= floor and price.model_fields_set & {"floor", "ceiling"}:
            at = "ceiling" if "ceiling" in price.model_fields_set else "floor"
            message = f"ceiling ({ceiling:f}) must be above floor ({floor:f})"
            yield Finding((*trail, at), message)


def _exact_amounts(seen: SeenChannel) -> Iterator[Finding]:
    for trail, price, base in _pairs(seen):
        currency = _inherited(price, base, "currency")
        if not isinstance(currency, str):
            continue
        for key in ("floor", "ceiling"):
            amount = getattr(price, key)
            if isinstance(amount, Decimal) and not _is_exact(amount, currency):
                message = f"{amount:f} is no exact amount of {currency}"
                yield Finding((*trail, key), message, "remove the extra decimals")


def _pairs(seen: SeenChannel) -> Iterator[tuple[tuple[str | int, ...], PriceTree, PriceTree]]:
    base = seen.tree.price
    if base is not None:
        for trail, price in seen.prices():
            yield trail, price, base


def _inherited(price: PriceTree, base: PriceTree, key: str) -> object:
    return getattr(price if key in price.model_fields_set else base, key)


def _is_exact(amount: Decimal, currency: str) -> bool:
    try:
        Money.of(amount, currency)
    except ValueError:
        return False
    return True


PRICE_RULES: tuple[Rule[SeenChannel], ...] = (
    Rule(("price.from", "rules"), _known_sources),
    Rule(("price.from",), _from_required),
    Rule(("price", "rules"), _base_required),
    Rule(("price.floor", "rules"), _floor),
    Rule(("price.floor", "price.ceiling", "rules"), _ceiling_above_floor),
    Rule(("price.floor", "price.ceiling", "price.currency", "rules"), _exact_amounts),
)

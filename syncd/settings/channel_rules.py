"""What must fit together between a channel's stock, its warehouses and the sources."""

from collections.abc import Iterator

from syncd.settings.escrow_rules import ESCROW_RULES, is_escrow
from syncd.settings.findings import Finding, Rule, warning
from syncd.settings.listing_rules import LISTING_RULES
from syncd.settings.mapping import safety_of
from syncd.settings.price_rules import PRICE_RULES
from syncd.settings.scalars import nearest
from syncd.settings.seen_channel import SeenChannel


def _known_sources(seen: SeenChannel) -> Iterator[Finding]:
    for trail, stock in seen.stocks():
        for name in stock.draws_from:
            at = (*trail, "from", name)
            if name not in seen.names:
                hint = nearest(name, seen.names, f"sources: {', '.join(seen.names)}")
                yield Finding(at, f"there is no source {name!r}", hint)
            elif name in seen.sources and not seen.sources[name].feeds_stock:
                hint = f"remove stock: none from sources.{name}, or do not draw from it"
                yield Finding(at, f"source {name} gives prices only (stock: none)", hint)


def _from_required(seen: SeenChannel) -> Iterator[Finding]:
    if "draws_from" in seen.tree.stock.model_fields_set:
        if not seen.tree.stock.draws_from:
            yield Finding(("stock", "from"), "this names no source", "as in {warehouse: all}")
        return
    if len(seen.feeding) > 1:
        message = f"this key is required, because {' and '.join(seen.feeding)} feed stock"
        yield Finding(("stock", "from"), message, f"as in {{{seen.feeding[0]}: all}}")


def _something_to_publish(seen: SeenChannel) -> Iterator[Finding]:
    if seen.all_readable and not seen.feeding and seen.tree.price is None:
        message = "no source feeds stock and there is no price: nothing can be published"
        yield Finding((), message, "give a source basis and orders, or the channel a price")


def _combine_required(seen: SeenChannel) -> Iterator[Finding]:
    own_says = "combine" in seen.tree.stock.model_fields_set
    for trail, stock in seen.stocks():
        says = own_says or "combine" in stock.model_fields_set
        if len(stock.draws_from) > 1 and not says:
            message = f"this key is required with {len(stock.draws_from)} sources in stock.from"
            hint = (
                "sum: they hold different units; min: they count the same units; "
                "first: the first one that knows the SKU"
            )
            yield Finding((*trail, "combine"), message, hint)


def _warehouses_of_locations(seen: SeenChannel) -> Iterator[Finding]:
    for trail, stock in seen.stocks():
        named = [
            (source, at, location)
            for source, locations in stock.draws_from.items()
            for at, location in enumerate(locations)
        ]
        if not seen.tree.warehouses and len(named) <= 1:
            continue
        for source, at, location in named:
            if seen.warehouse_of(source, location) is None:
                message = f"location {location} has no warehouse"
                hint = f"add it to warehouses, as in {{{location}: WAREHOUSE_ID}}"
                yield Finding((*trail, "from", source, at), message, hint)


def _clear_locations(seen: SeenChannel) -> Iterator[Finding]:
    for location in seen.tree.warehouses:
        owners = {owner: 0 for _, stock in seen.stocks() for owner in seen.owners(location, stock)}
        names = tuple(owners)
        source, slash, _ = location.partition("/")
        at = ("warehouses", location)
        if slash and source not in seen.names and not names:
            hint = nearest(source, seen.names, f"sources: {', '.join(seen.names)}")
            yield Finding(at, f"there is no source {source!r}", hint)
        elif len(names) > 1:
            message = f"location {location} can be of {' and of '.join(names)}"
            wanted = " and ".join(f"{name}/{location}" for name in names)
            yield Finding(at, message, f"write {wanted}")
        elif not names and seen.all_readable:
            message = f"no source in stock.from has location {location}"
            yield warning(at, message, "its warehouse is left as it is")


def _lacks_warehouses(seen: SeenChannel) -> bool:
    """Whether several locations are named and no warehouse: told by another rule."""
    named = [
        place for _, stock in seen.stocks() for own in stock.draws_from.values() for place in own
    ]
    return not seen.tree.warehouses and len(named) > 1


def _booking(seen: SeenChannel) -> Iterator[Finding]:
    if seen.tree.orders_go_to is not None or _lacks_warehouses(seen):
        return
    for _, stock in seen.stocks():
        feeders = seen.feeders(stock)
        for warehouse, places in feeders.items():
            if len(places) > 1:
                which = f"warehouse {warehouse}" if warehouse else "the shop's warehouse"
                message = f"this key is required, because {which} is fed by {' and '.join(places)}"
                example = places[0] if "/" in places[0] else f"{places[0]}/default"
                hint = f"name the one place where its orders are booked, as in {example}"
                yield Finding(("orders_go_to",), message, hint)
                return
        if sum(len(places) for places in feeders.values()) > 1:
            message = "an order that names no warehouse cannot be booked"
            yield warning(("orders_go_to",), message, "name the place that takes such orders")
            return


def _booking_place(seen: SeenChannel) -> Iterator[Finding]:
    place = seen.tree.orders_go_to
    if place is None:
        return
    source, _, location = place.partition("/")
    drawn = [seen.drawn(stock) for _, stock in seen.stocks()]
    if any(source in each and (not each[source] or location in each[source]) for each in drawn):
        return
    known = tuple(f"{name}/{one}" for each in drawn for name, own in each.items() for one in own)
    names = tuple(f"{name}/default" for each in drawn for name in each)
    hint = nearest(place, known, f"as in {(known or names or ('source/location',))[0]}")
    yield Finding(("orders_go_to",), f"{place} is no place in stock.from", hint)


def _sensible_numbers(seen: SeenChannel) -> Iterator[Finding]:
    own = seen.tree.stock
    for trail, stock in seen.stocks():
        written = stock.model_fields_set | ({"safety"} if stock is own else set())
        cap = stock.cap if "cap" in written else own.cap
        zero_below = stock.zero_below if "zero_below" in written else own.zero_below
        safety, adaptive = safety_of(stock if "safety" in written else own)
        if zero_below > cap:
            at = "zero_below" if "zero_below" in written else "cap"
            message = f"zero_below ({zero_below}) is above cap ({cap}): every offer would be 0"
            yield Finding((*trail, at), message, "lower zero_below or raise cap")
        elif safety >= cap and written & {"safety", "cap"}:
            message = f"safety ({safety}) is not below cap ({cap})"
            hint = "safety is in base units and cut from stock, cap in listing units"
            yield warning((*trail, "safety"), message, hint)
        unsafe = safety == 0 and adaptive is None and not is_escrow(seen.tree)
        if unsafe and "safety" in written and seen.drawn(stock if stock is own else own):
            message = "there is no safety stock"
            yield warning(
                (*trail, "safety"),
                message,
                "2 keeps the last units from being sold twice, adaptive as many as the sales need",
            )


def _adaptive_bounds(seen: SeenChannel) -> Iterator[Finding]:
    for trail, stock in seen.stocks():
        least, adaptive = safety_of(stock)
        if adaptive is not None and adaptive.at_most < least:
            message = f"at_most ({adaptive.at_most}) is below at_least ({least})"
            yield Finding((*trail, "safety", "at_most"), message, "raise it, or lower at_least")


CHANNEL_RULES: tuple[Rule[SeenChannel], ...] = (
    Rule(("stock.from", "rules"), _known_sources),
    Rule(("stock.from",), _from_required),
    Rule(("stock.from", "price"), _something_to_publish),
    Rule(("stock.from", "stock.combine", "rules"), _combine_required),
    Rule(("stock.from", "rules", "warehouses"), _warehouses_of_locations),
    Rule(("stock.from", "rules", "warehouses"), _clear_locations),
    Rule(("stock.from", "rules", "warehouses", "orders_go_to"), _booking),
    Rule(("stock.from", "rules", "orders_go_to"), _booking_place),
    Rule(("stock", "rules"), _sensible_numbers),
    Rule(("stock", "rules"), _adaptive_bounds),
    *PRICE_RULES,
    *LISTING_RULES,
    *ESCROW_RULES,
)

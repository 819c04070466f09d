"""What people do to the simulated shop at the control endpoint: count, sell, ship, price, and edit by hand."""

from connectors.shopify.sandbox import changes
from connectors.shopify.sandbox.calls import World
from connectors.shopify.sandbox.seed import (
    COUNTRY_KEYS,
    VARIANT_KEYS,
    add_order,
    add_variant,
    country_price,
    find_location,
    money,
    money_or_none,
)
from connectors.shopify.sandbox.state import (
    POLICIES,
    PRODUCT_STATUSES,
    STATES,
    Level,
    Product,
    Variant,
)
from connectors.transport.simulation.fields import FieldError, Fields

WHO = ("sku", "variant")
WHERE = (*WHO, "location")
RECORD_KEYS = ("new_sku", "barcode", "policy", "tracked", "cost")


def edit_stock(world: World, body: object) -> object:
    """`POST /control/stock`: somebody counts; states by name, as in `available` and `on_hand`."""
    given = Fields(body, "stock", (*WHERE, *STATES))
    level = _level(world, given)
    units = {state: given.whole(state, least=-(10**9)) for state in STATES if state in given}
    if not units:
        raise FieldError(f"stock: needs one of {', '.join(STATES)}")
    changes.set_units(world, level, units)
    return _noted(world, level, "stock")


def sell(world: World, body: object) -> object:
    """`POST /control/sell`: an order takes units; they move from available to committed."""
    level, units = _units(world, body, "sell")
    moved = {"available": level.available - units, "committed": level.committed + units}
    changes.set_units(world, level, moved)
    return _noted(world, level, "sell")


def fulfil(world: World, body: object) -> object:
    """`POST /control/fulfil`: units of orders leave the house; committed and on hand go down."""
    level, units = _units(world, body, "fulfil")
    if units > level.committed:
        raise FieldError(f"fulfil.units: only {level.committed} units are committed")
    changes.set_units(world, level, {"committed": level.committed - units})
    return _noted(world, level, "fulfil")


def edit_price(world: World, body: object) -> object:
    """`POST /control/price`: the shop's price, or with `country` that of its price list."""
    given = Fields(body, "price", (*WHO, "country", *COUNTRY_KEYS))
    variant = find_variant(world, given)
    if "country" in given:
        listed = {key: given.raw(key) for key in COUNTRY_KEYS if key in given}
        price = country_price(Fields(listed, "price", COUNTRY_KEYS))
        changes.set_country_price(world, variant, given.text("country"), price)
    else:
        compare_at = money_or_none(given, "compare_at_price")
        if not given.has("compare_at_price"):
            compare_at = variant.compare_at
        changes.set_price(world, variant, money(given, "price", variant.price), compare_at)
    return _record(world, variant, "price")


def edit_variant(world: World, body: object) -> object:
    """`POST /control/variant`: SKU, barcode, policy, tracked, cost; null empties SKU, barcode and cost."""
    given = Fields(body, "variant", (*WHO, *RECORD_KEYS))
    variant = find_variant(world, given)
    record: dict[str, object] = {}
    for key, name in (("new_sku", "sku"), ("barcode", "barcode")):
        if given.has(key):
            record[name] = given.text(key) if key in given else None
    if given.has("cost"):
        record["cost"] = money_or_none(given, "cost")
    if "policy" in given:
        record["policy"] = given.choice("policy", POLICIES)
    if "tracked" in given:
        record["tracked"] = given.flag("tracked")
    changes.set_record(world, variant, record)
    return _record(world, variant, "variant")


def add_one(world: World, body: object) -> object:
    """`POST /control/variant/add`: a variant as in a seed, of the product that `product` names."""
    given = Fields(body, "variant", ("product", *VARIANT_KEYS))
    product = find_product(world, given)
    row = {key: given.raw(key) for key in given.given() if key != "product"}
    variant = add_variant(world.shop, product, row, "variant", world.second())
    changes.set_product(world, product, product.status, product.title)
    return _record(world, variant, "variant_added")


def remove_one(world: World, body: object) -> object:
    """`POST /control/variant/remove`: it is deleted, with its levels."""
    variant = find_variant(world, Fields(body, "variant", WHO))
    said = _record(world, variant, "variant_removed")
    changes.remove_variant(world, variant)
    return said


def edit_product(world: World, body: object) -> object:
    """`POST /control/product`: status and title of the product that `product` names."""
    given = Fields(body, "product", ("product", "status", "title"))
    product = find_product(world, given)
    status = given.choice("status", PRODUCT_STATUSES, product.status)
    changes.set_product(world, product, status, given.text("title", product.title))
    world.journal.add("edit", world.now(), field="product", product=product.gid, status=status)
    return {"id": product.gid, "title": product.title, "status": product.status}


def edit_level(world: World, body: object) -> object:
    """`POST /control/level`: stock or unstock at a location; a new level starts at 0."""
    given = Fields(body, "level", (*WHERE, "active"))
    variant = find_variant(world, given)
    location = find_location(world.shop, given.text("location"), "level.location")
    level = variant.item.level_at(location)
    if level is None:
        level = world.shop.add_level(variant.item, location, 0, world.second())
    changes.activate(world, level, active=given.flag("active"))
    return _noted(world, level, "level")


def edit_location(world: World, body: object) -> object:
    """`POST /control/location`: a location is closed or opened."""
    given = Fields(body, "location", ("location", "active"))
    location = find_location(world.shop, given.text("location"), "location.location")
    changes.switch_location(world, location, active=given.flag("active"))
    world.journal.add("edit", world.now(), field="location", location=location.name)
    return {"id": location.gid, "name": location.name, "active": location.active}


def place_order(world: World, body: object) -> object:
    """`POST /control/orders`: an order shows up, as if some app had imported it; it moves no stock."""
    order = add_order(world.shop, body, "order", world.second())
    world.journal.add("edit", world.now(), field="order", order=order.gid)
    return {"id": order.gid, "name": order.name, "source_name": order.source_name}


def remove_app(world: World) -> object:
    """`POST /control/uninstall`: the merchant removes the app."""
    changes.uninstall(world)
    world.journal.add("edit", world.now(), field="uninstall")
    return {"installed": False}


def find_variant(world: World, given: Fields) -> Variant:
    """The first variant with that `sku`, or the one whose number or global id `variant` names."""
    if "variant" in given:
        name = given.text("variant")
        found = [each for each in world.shop.variants if name in {each.gid, str(each.number)}]
    elif given.has("sku"):
        name = given.text("sku")
        found = [each for each in world.shop.variants if each.sku == name]
    else:
        raise FieldError(f"{given.where}: needs sku or variant")
    if not found:
        raise FieldError(f"{given.where}: the shop has no variant {name!r}")
    return found[0]


def find_product(world: World, given: Fields) -> Product:
    """The product that `product` names by number, global id or title."""
    name = given.text("product")
    for product in world.shop.products:
        if name in {product.gid, str(product.number), product.title}:
            return product
    raise FieldError(f"{given.where}.product: the shop has no product {name!r}")


def _level(world: World, given: Fields) -> Level:
    """The level that is meant; without `location` the first one of the item."""
    variant = find_variant(world, given)
    if "location" not in given:
        if not variant.item.levels:
            raise FieldError(f"{given.where}: {variant.sku!r} is stocked nowhere")
        return variant.item.levels[0]
    location = find_location(world.shop, given.text("location"), f"{given.where}.location")
    level = variant.item.level_at(location)
    if level is None:
        raise FieldError(f"{given.where}: {variant.sku!r} is not stocked at {location.name}")
    return level


def _units(world: World, body: object, where: str) -> tuple[Level, int]:
    given = Fields(body, where, (*WHERE, "units"))
    level = _level(world, given)
    if level.item.variant.components:
        raise FieldError(f"{where}: a bundle has no stock of its own: name its components")
    return level, given.whole("units", 1, least=1)


def _noted(world: World, level: Level, field: str) -> object:
    said = {
        "sku": level.item.variant.sku,
        "location": level.location.name,
        "active": level.active,
        **{state: level.units(state) for state in ("available", "committed", "on_hand")},
    }
    world.journal.add("edit", world.now(), field=field, **said)
    return said


def _record(world: World, variant: Variant, field: str) -> object:
    said = {
        "id": variant.gid,
        "item_id": variant.item.gid,
        "sku": variant.sku,
        "price": variant.price,
        "compare_at_price": variant.compare_at,
        "policy": variant.policy,
        "tracked": variant.item.tracked,
    }
    world.journal.add("edit", world.now(), field=field, **said)
    return said

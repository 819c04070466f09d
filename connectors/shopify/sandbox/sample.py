"""The sample shop: a small catalogue, part of it sold on TikTok Shop too, with all that a reader must mind."""

from collections.abc import Iterator

Raw = dict[str, object]

MAIN, STORE = "Shopify Main", "Shopify Store"
CLOSED, SERVICE = "Old Warehouse", "Far Away Fulfillment"
COLOURS = ("RED", "BLUE", "GREEN", "BLACK")
SIZES = ("XS", "S", "M", "L", "XL")
SCENTS = ("CEDAR", "CITRUS", "FIG", "VANILLA")
MUGS = 20
CANDLES = 3
OVERSOLD = "MUG-019"
"""Sold on although it has run out: its policy is CONTINUE, what is available is negative."""
DISCOUNTED = ("MUG-002", "MUG-005", "TEE-RED-M")
"""SKUs with a compare-at price."""
DUPLICATE = "MUG-001"
"""A SKU that two variants bear."""
BUNDLE = "KIT-1"
HEADER = ("SKU", "Qty", "Allocated", "Location", "Price", "Currency")


def sample_seed() -> Raw:
    """The sample shop as a seed file would describe it."""
    tees = [
        _product(f"T-shirt {colour.title()}", [_tee(colour, size) for size in SIZES])
        for colour in COLOURS
    ]
    mugs = [_product(f"Mug No. {n}", [_mug(n)]) for n in range(1, MUGS + 1)]
    candles = [
        _product(f"Candle No. {n}", [_candle(n, scent) for scent in SCENTS])
        for n in range(1, CANDLES + 1)
    ]
    return {
        "shop": {"name": "Sandbox Shop"},
        "locations": [
            {"name": MAIN},
            {"name": STORE, "fulfills_online": False},
            {"name": CLOSED, "active": False},
            {"name": SERVICE, "fulfillment_service": True},
        ],
        "products": [*tees, *mugs, *candles, *_specials()],
        "orders": [
            {"source_name": "web", "age": 7_200},
            {"source_name": "pos", "app": "Point of Sale", "age": 86_400},
        ],
    }


def sample_stock_rows() -> list[tuple[str, ...]]:
    """A stock file, header first, with what the plain goods of the sample shop have at its two locations."""
    rows: list[tuple[str, ...]] = [HEADER]
    for sku, price, levels in _plain():
        rows += [
            (sku, str(level["available"] + level["committed"]), str(level["committed"]),
             location, price, "USD")
            for location, level in levels.items()
        ]  # fmt: skip
    return rows


Levels = dict[str, dict[str, int]]


def _plain() -> Iterator[tuple[str, str, Levels]]:
    """The goods whose stock a file can tell: what has been oversold is none of them."""
    goods = [_tee(colour, size) for colour in COLOURS for size in SIZES]
    goods += [_mug(n) for n in range(1, MUGS + 1)]
    goods += [_candle(n, scent) for n in range(1, CANDLES + 1) for scent in SCENTS]
    for number, good in enumerate(goods):
        if good["sku"] != OVERSOLD:
            yield str(good["sku"]), str(good["price"]), _levels(number)


def _levels(number: int) -> Levels:
    """Units at the two locations; what orders have taken is committed."""
    return {
        MAIN: {"available": 5 + number * 37 % 80, "committed": number % 4},
        STORE: {"available": number * 13 % 25, "committed": number % 2},
    }


def _variant(number: int, sku: str, cents: int) -> Raw:
    variant: Raw = {
        "sku": sku,
        "price": _amount(cents),
        "cost": _amount(cents * 2 // 5),
        "barcode": f"40{number:011d}",
        "levels": _levels(number),
    }
    if sku in DISCOUNTED:
        variant["compare_at_price"] = _amount(cents + 500)
    if sku == OVERSOLD:
        variant |= {"policy": "CONTINUE", "levels": {MAIN: {"available": -3, "committed": 5}}}
    return variant


def _tee(colour: str, size: str) -> Raw:
    place, step = COLOURS.index(colour), SIZES.index(size)
    variant = _variant(place * len(SIZES) + step, f"TEE-{colour}-{size}", 1499 + 100 * (place % 4))
    return {**variant, "title": size}


def _mug(number: int) -> Raw:
    return _variant(
        len(COLOURS) * len(SIZES) + number - 1, f"MUG-{number:03d}", 950 + 25 * (number % 6)
    )


def _candle(number: int, scent: str) -> Raw:
    place = len(COLOURS) * len(SIZES) + MUGS + (number - 1) * len(SCENTS) + SCENTS.index(scent)
    variant = _variant(place, f"CANDLE-{number:02d}-{scent}", 1250 + 75 * (number % 3))
    return {**variant, "title": scent.title()}


def _specials() -> list[Raw]:
    """What a reader must treat with care."""
    here = {MAIN: 7}
    return [
        _product("Socks", [{"sku": "SOCK", "price": "4.99", "levels": {MAIN: 60, STORE: 12}}]),
        _product("Mug, second listing", [{"sku": DUPLICATE, "price": "9.75", "levels": here}]),
        _product("Mug without a SKU", [{"sku": "", "price": "9.75", "levels": here}]),
        _product("Mug whose SKU is null", [{"price": "9.75", "levels": here}]),
        _product(
            "Gift wrap", [{"sku": "WRAP", "price": "2.00", "tracked": False, "levels": {MAIN: 0}}]
        ),
        {**_product("Gift card", [{"sku": "GIFT-1", "price": "25.00", "tracked": False}]),
         "gift_card": True},
        {**_product("Mug, coming soon", [{"sku": "MUG-NEXT", "price": "9.50", "levels": here}]),
         "status": "DRAFT"},
        _product("Lamp, shipped from far away",
                 [{"sku": "LAMP-FAR", "price": "39.00", "levels": {SERVICE: 40}}]),
        _product("Mug, once kept elsewhere",
                 [{"sku": "MUG-OLD", "price": "9.50", "levels": {CLOSED: 3}}]),
        _product("Gift set",
                 [{"sku": BUNDLE, "price": "24.90", "levels": {MAIN: 0},
                   "components": {"MUG-001": 1, "CANDLE-01-CEDAR": 2}}]),
    ]  # fmt: skip


def _product(title: str, variants: list[Raw]) -> Raw:
    return {"title": title, "variants": variants}


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"

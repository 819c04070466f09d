"""What the doctor says of a Shopify shop beside one full reading: permissions, clock, locations, and points."""

from collections.abc import Iterator
from datetime import timedelta

from connectors.shopify.calls import Account, Admin
from connectors.shopify.catalogue import Catalogue
from connectors.shopify.importing import latest_orders
from connectors.shopify.options import ShopifyOptions
from connectors.shopify.queries import PRICES, VARIANTS
from connectors.shopify.shop import ShopFacts, kind_of
from connectors.shopify.wire import number_of
from syncd.domain.duration import written
from syncd.ports.probe import Check, Verdict

_WRITING = "write_"
CHANGING_STOCK = "write_inventory"
"""The scope that only write-back needs; it includes reading."""


def examine(
    admin: Admin, options: ShopifyOptions, facts: ShopFacts, every: timedelta
) -> Iterator[Check]:
    """Every check; raises as a reading does when the shop cannot be used at all."""
    account = admin.account
    yield Check(text=f"shop {facts.name} ({facts.domain}) sells in {facts.currency}")
    if facts.domain != options.domain:
        yield Check(
            text=f"the token belongs to {facts.domain}, not to {options.domain}",
            verdict=Verdict.WARN,
            help="write this name under `shop`, or use the other shop's token",
        )
    yield from _scopes(options, facts)
    yield _clock(account, options)
    yield from _locations(facts)
    yield from _points(admin, options, facts, every)
    if "read_orders" in facts.scopes and not options.writes_back:
        yield _imported(admin, options)


def needed_scopes(options: ShopifyOptions) -> frozenset[str]:
    """What a reading needs; locations are covered by read_inventory (fact sheet 2.7)."""
    stock = {"read_inventory"} if options.stock != "none" else set()
    market = {"read_markets"} if options.country is not None else set()
    return frozenset({"read_products"} | stock | market)


def _scopes(options: ShopifyOptions, facts: ShopFacts) -> Iterator[Check]:
    needed = needed_scopes(options)
    missing = sorted(
        scope for scope in needed if not {scope, scope.replace("read_", _WRITING, 1)} & facts.scopes
    )
    if missing:
        yield Check(
            text=f"the app lacks the scopes {', '.join(missing)}",
            verdict=Verdict.BAD,
            help="add them to the app, then install it again",
        )
    used = {CHANGING_STOCK} if options.writes_back else set()
    writing = sorted(scope for scope in facts.scopes - used if scope.startswith(_WRITING))
    if writing:
        yield Check(
            text=f"the app may write ({', '.join(writing)}), which reading does not need",
            verdict=Verdict.WARN,
            help="take these scopes away unless something else uses them",
        )
    if not missing and not writing:
        yield Check(text=f"the app's scopes suffice: {', '.join(sorted(facts.scopes))}")


def _clock(account: Account, options: ShopifyOptions) -> Check:
    offset = account.offset()
    if offset is None:
        return Check(text="Shopify gives no time", verdict=Verdict.WARN, help="is there a proxy?")
    text = f"this machine's clock and Shopify's differ by {abs(offset.total_seconds()):.0f} s"
    if abs(offset) > options.clock_tolerance:
        return Check(text=text, verdict=Verdict.WARN, help="let the machine keep time by NTP")
    return Check(text=text)


def _locations(facts: ShopFacts) -> Iterator[Check]:
    for location in facts.all_locations:
        name, kind = location["name"], kind_of(location)
        number = number_of(location["id"])
        words = f"location {name} ({number}){': ' if kind else ''}{kind}"
        if location["id"] in facts.locations:
            yield Check(text=f"{words}, is read as {facts.locations[location['id']]}")
        else:
            yield Check(text=f"{words}, is left out")


def _points(
    admin: Admin, options: ShopifyOptions, facts: ShopFacts, every: timedelta
) -> Iterator[Check]:
    """What a full reading by pages would cost, judged by its first page."""
    catalogue = Catalogue(admin, options, len(facts.all_locations))
    count = catalogue.count()
    page = next(catalogue.variants(None), [])
    document = PRICES if options.stock == "none" else VARIANTS
    size = admin.account.page_size(document)
    cost = admin.account.cost(document, size)
    status = admin.account.bucket.status()
    if cost is None or status is None:
        return
    pages = -(-count // max(1, len(page)))
    points = pages * (cost.actual_query_cost or cost.requested_query_cost)
    rate, most = status.restore_rate, status.maximum_available
    yield Check(text=f"{most:.0f} points may be spent at once, {rate:g} come back in a second")
    text = f"{count} variants by pages would take about {points:.0f} points"
    if count >= options.bulk_from:
        yield Check(text=f"{text}; they are read by a bulk operation, which takes almost none")
    elif points > rate * every.total_seconds() / 2:
        yield Check(
            text=f"{text}, more than half of what comes back within {written(every)}",
            verdict=Verdict.WARN,
            help=f"write bulk_from: {max(1, count)} or less, or a longer `every`",
        )
    else:
        yield Check(text=f"{text}, which every {written(every)} can afford")


def _imported(admin: Admin, options: ShopifyOptions) -> Check:
    """Whether somebody brings the channel's orders into the shop: else its stock never falls by them."""
    orders = latest_orders(admin)
    text = orders.text
    if orders.imported:
        return Check(text=f"{text}: they are imported, so `orders: within …` fits this source")
    text = f"{text}: nothing seems to import them"
    if not orders.seen or options.stock == "none":
        return Check(text=text)
    return Check(
        text=text,
        verdict=Verdict.WARN,
        help="let an app import TikTok's orders, or what is sold there is offered again once `orders` "
        "takes it for contained",
    )

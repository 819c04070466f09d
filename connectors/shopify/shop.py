"""Knows what must be known of a shop before its stock means anything: currency, API version, locations."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from connectors.shopify.answers import not_served
from connectors.shopify.calls import FIRST, Admin, Listing, Question
from connectors.shopify.client import API_VERSION
from connectors.shopify.options import ShopifyOptions
from connectors.shopify.queries import LOCATIONS, SHOP
from connectors.shopify.wire import LOCATIONS_DATA, SHOP_DATA, LocationNode, number_of
from syncd.domain.errors import SourceInvalid


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """A shop as one reading finds it. `locations` are those to read: global id → the name of their rows."""

    name: str
    domain: str
    currency: str
    scopes: frozenset[str]
    locations: Mapping[str, str]
    all_locations: Sequence[LocationNode]
    notes: tuple[str, ...]

    def scope(self, options: ShopifyOptions) -> str:
        """Names what a reading of changes would cover; another one needs a full reading first."""
        told = (
            API_VERSION, options.domain, self.currency, sorted(self.locations.items()),
            sorted(options.statuses), options.basis, options.stock, options.committed,
            options.continue_selling, str(options.price),
        )  # fmt: skip
        return f"shopify:{sha256(repr(told).encode()).hexdigest()[:16]}"


def read_shop(admin: Admin, options: ShopifyOptions) -> ShopFacts:
    """Ask for it (about 5 points); SourceInvalid where the configuration and the shop do not fit."""
    data = admin.ask(Question(document=SHOP, answer=SHOP_DATA), FIRST)
    served = {each["handle"] for each in data["publicApiVersions"] if each["supported"]}
    if API_VERSION not in served:
        raise not_served(API_VERSION, ", ".join(sorted(served)))
    there = [] if options.stock == "none" else _read_locations(admin)
    chosen = _wanted(there, options.locations) if options.locations else _usable(there)
    if there and not chosen:
        raise SourceInvalid("the shop has no active location of its own; name some in `locations`")
    shop = data["shop"]
    return ShopFacts(
        name=shop["name"],
        domain=shop["myshopifyDomain"],
        currency=shop["currencyCode"],
        scopes=frozenset(each["handle"] for each in data["currentAppInstallation"]["accessScopes"]),
        locations=_named(chosen),
        all_locations=there,
        notes=(*_left_out(there, chosen), *_alike(chosen)),
    )


def kind_of(location: LocationNode) -> str:
    """What is special about a location, in words; empty for an ordinary one."""
    if not location["isActive"]:
        return "inactive"
    if location["isFulfillmentService"]:
        return "a fulfilment service's"
    return "" if location["fulfillsOnlineOrders"] else "not for online orders"


def _read_locations(admin: Admin) -> list[LocationNode]:
    listing = Listing(
        question=Question(document=LOCATIONS, answer=LOCATIONS_DATA),
        page_info=lambda data: data["locations"]["pageInfo"],
    )
    return [node for data in admin.pages(listing) for node in data["locations"]["nodes"]]


def _usable(there: Sequence[LocationNode]) -> list[LocationNode]:
    """Active ones of the shop's own: the stock of a fulfilment service is somebody else's number."""
    return [each for each in there if each["isActive"] and not each["isFulfillmentService"]]


def _wanted(there: Sequence[LocationNode], wanted: Iterable[str]) -> list[LocationNode]:
    chosen: dict[str, LocationNode] = {}
    for name in wanted:
        found = [each for each in there if name in {each["name"], str(number_of(each["id"]))}]
        if len(found) != 1:
            raise SourceInvalid(_not_one(name, found or there, known=bool(found)))
        chosen[found[0]["id"]] = found[0]
    return list(chosen.values())


def _not_one(name: str, locations: Sequence[LocationNode], *, known: bool) -> str:
    listed = ", ".join(f"{each['name']} ({number_of(each['id'])})" for each in locations)
    if known:
        return f"locations: {name!r} is the name of several locations; write an id: {listed}"
    return f"locations: {name!r} is no location of this shop; it has {listed or 'none'}"


def _named(chosen: Sequence[LocationNode]) -> dict[str, str]:
    """Names of rows; the id makes the difference where two locations share a name."""
    often = Counter(each["name"].strip() for each in chosen)
    return {
        each["id"]: each["name"].strip()
        if often[each["name"].strip()] == 1
        else f"{each['name'].strip()} ({number_of(each['id'])})"
        for each in chosen
    }


def _left_out(there: Sequence[LocationNode], chosen: Sequence[LocationNode]) -> list[str]:
    ids = {each["id"] for each in chosen}
    out = [
        f"{each['name']} ({kind_of(each) or 'not named'})"
        for each in there
        if each["id"] not in ids
    ]
    return [f"locations left out: {', '.join(out)}"] if out else []


def _alike(chosen: Sequence[LocationNode]) -> list[str]:
    often = Counter(each["name"].strip() for each in chosen)
    alike = [name for name, count in often.items() if count > 1]
    return [f"several locations are called {name}; their ids are added" for name in alike]

"""Which paths the simulated API has, in which versions, and who answers them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from connectors.tiktok_shop.sandbox import (
    inventory,
    orders,
    prices,
    products,
    storefront,
    webhooks,
)
from connectors.tiktok_shop.sandbox.calls import Call, World
from connectors.tiktok_shop.sandbox.replies import Refused

UNKNOWN_PATH = 36009009
WRONG_VERB = 36009010

Handler = Callable[[World, Call], dict[str, object]]


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the API."""

    method: str
    template: str
    handler: Handler
    versions: tuple[str, ...] = ("202309",)
    needs_cipher: bool = True

    def match(self, path: str) -> Mapping[str, str] | None:
        """The values in the path, if it is this route's."""
        found = _pattern(self.template, self.versions).fullmatch(path)
        return None if found is None else found.groupdict()


@cache
def _pattern(template: str, versions: tuple[str, ...]) -> re.Pattern[str]:
    text = template.replace("{version}", f"(?P<version>{'|'.join(versions)})")
    text = re.sub(
        r"\{(\w+)\}", r"(?P<\1>[^/]+)", text.replace("{product_id}", "(?P<product_id>[0-9]+)")
    )
    return re.compile(text)


ROUTES = (
    Route("GET", "/authorization/{version}/shops", storefront.shops, needs_cipher=False),
    Route("GET", "/logistics/{version}/warehouses", storefront.warehouses),
    Route(
        "POST",
        "/product/{version}/products/search",
        products.search,
        versions=("202502", "202312", "202309"),
    ),
    Route("POST", "/product/{version}/products/activate", products.activate),
    Route("POST", "/product/{version}/products/deactivate", products.deactivate),
    Route("GET", "/product/{version}/products/{product_id}", products.detail),
    Route("POST", "/product/{version}/inventory/search", inventory.search),
    Route("POST", "/product/{version}/products/{product_id}/inventory/update", inventory.update),
    Route("POST", "/product/{version}/products/{product_id}/prices/update", prices.update),
    Route("POST", "/order/{version}/orders/search", orders.search),
    Route("GET", "/order/{version}/orders", orders.by_ids, versions=("202309", "202507")),
    Route("GET", "/event/{version}/webhooks", webhooks.listed),
    Route("PUT", "/event/{version}/webhooks", webhooks.put),
    Route("DELETE", "/event/{version}/webhooks", webhooks.delete),
    Route("POST", "/promotion/{version}/activities/search", storefront.search_activities),
    Route("GET", "/promotion/{version}/activities/{activity_id}", storefront.activity),
)


def find_route(method: str, path: str) -> tuple[Route, Mapping[str, str]]:
    """The route of a request and the values in its path; refused when there is none."""
    verbs: list[str] = []
    for route in ROUTES:
        ids = route.match(path)
        if ids is not None and route.method == method:
            return route, ids
        if ids is not None:
            verbs.append(route.method)
    if verbs:
        raise Refused(WRONG_VERB, f"Invalid request method, use {', '.join(verbs)}", 405)
    raise Refused(UNKNOWN_PATH, "Invalid path: there is no such API", 404)

"""Knows by which signs an order of the shop was brought in from TikTok, whoever brought it."""

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.shopify.calls import Admin, Question
from connectors.shopify.queries import ORDERS
from connectors.shopify.wire import ORDERS_DATA, OrderNode

LATEST = 100
"""Orders that are looked at, in one request."""
_SIGN = "tiktok"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestOrders:
    """How many of the shop's latest orders were looked at, and those of them that come from TikTok."""

    seen: int
    imported: Sequence[OrderNode]

    @property
    def text(self) -> str:
        """The finding in words."""
        return f"{len(self.imported)} of the latest {self.seen} orders come from TikTok"


def latest_orders(admin: Admin) -> LatestOrders:
    """Look at one page; needs the scope read_orders, which reaches back 60 days (fact sheet 2.7)."""
    variables = {"first": LATEST, "after": None, "query": ""}
    data = admin.ask(Question(document=ORDERS, variables=variables, answer=ORDERS_DATA))
    orders = data["orders"]["nodes"]
    return LatestOrders(seen=len(orders), imported=[each for each in orders if _imported(each)])


def _imported(order: OrderNode) -> bool:
    """Its channel, the app that made it, or a tag says so; importers differ in which they set."""
    app = order["app"]["name"] if order["app"] else ""
    signs = (order["sourceName"] or "", app, *order["tags"])
    return any(_SIGN in sign.lower().replace(" ", "") for sign in signs)

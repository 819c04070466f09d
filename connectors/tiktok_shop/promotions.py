"""Reads which promotions lock prices: found by a search per status, their products one activity at a time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.tiktok_shop.activities import Activity
from connectors.tiktok_shop.client import TikTokClient
from connectors.tiktok_shop.wire import moment_of
from syncd.domain.errors import ChannelUnavailable
from syncd.domain.identity import ProductId
from syncd.domain.promotion import Promotion

LOCKING = frozenset({"FIXED_PRICE", "DIRECT_DISCOUNT", "FLASHSALE"})
"""The types that change a price (fact sheet 3.7); coupons, gifts and shipping discounts lock none."""
STATUSES = ("ONGOING", "NOT_START")
SOON = timedelta(days=1)
"""A promotion that begins later than this is found by a later reading."""


def promotions(client: TikTokClient, now: datetime) -> Iterator[Promotion]:
    """Promotions that run or begin soon, with their products.

    While one runs, the shop refuses a new price of the whole product, whatever SKUs are in it
    (fact sheet, section 8). Raises what the client's calls raise.
    """
    for status in STATUSES:
        for activity in _activities(client, status):
            window = _window(activity)
            if activity.activity_type not in LOCKING or window is None:
                continue
            begins, ends = window
            if begins - now > SOON or ends <= now:
                continue
            products = client.activity(activity.id).products
            yield Promotion(
                title=activity.title or activity.id,
                begins=begins,
                ends=ends,
                products=frozenset(ProductId(product.id) for product in products),
            )


def _activities(client: TikTokClient, status: str) -> Iterator[Activity]:
    token = ""
    while True:
        page = client.search_activities(status, page_token=token)
        yield from page.activities
        if not page.next_page_token:
            return
        if page.next_page_token == token:
            raise ChannelUnavailable("the promotion search repeats a page")
        token = page.next_page_token


def _window(activity: Activity) -> tuple[datetime, datetime] | None:
    """From when to when it runs; None for one without an end, which lists no price."""
    if not activity.end_time:
        return None
    return moment_of(activity.begin_time or 0), moment_of(activity.end_time)

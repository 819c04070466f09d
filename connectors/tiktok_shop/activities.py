"""Knows the shape of TikTok Shop's answers about promotions, which the platform calls activities."""

from connectors.tiktok_shop.wire import Id, Items, Seconds, Text, WireModel


class Activity(WireModel):
    """A promotion; one that never ends has no times, or zeros."""

    id: Id
    title: Text = ""
    activity_type: Text = ""
    status: Text = ""
    begin_time: Seconds = None
    end_time: Seconds = None


class ActivitiesData(WireModel):
    """One page of a promotion search."""

    activities: Items[Activity] = ()
    next_page_token: Text = ""


class ActivityProduct(WireModel):
    """A product in a promotion."""

    id: Id


class ActivityData(WireModel):
    """The products of one promotion."""

    products: Items[ActivityProduct] = ()

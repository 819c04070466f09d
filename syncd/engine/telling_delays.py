"""Says in sentences how long sales stay unknown to either side, and what a safety stock can do about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from syncd.domain.advice import FEW, YOUNG, Advice
from syncd.domain.delay import Delay
from syncd.domain.duration import age, written
from syncd.domain.identity import SourceName
from syncd.domain.orders import OrdersMode
from syncd.engine.setup import ChannelSetup


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """How long a source's own shop does not know of a channel's order.

    `waited`: until the source could be told, by so many orders (`ways`; 0: nothing was measured);
    `promised`: what the mapping says it takes from there.
    """

    source: SourceName
    mode: OrdersMode
    waited: timedelta = timedelta(0)
    promised: timedelta = timedelta(0)
    ways: int = 0

    @property
    def span(self) -> timedelta | None:
        """The whole time; None: until somebody counts."""
        return None if self.mode is OrdersMode.NEVER else self.waited + self.promised


def news(
    setup: ChannelSetup, ways: Mapping[SourceName, Delay], bookings: Mapping[SourceName, Booking],
    orders: Delay | None = None,
) -> Iterator[str]:  # fmt: skip
    """One sentence for each way that news goes; `orders`: of those of other listings, where they matter."""
    for name, delay in ways.items():
        yield f"{name} → {setup.name}: {to_channel(delay)}"
    for name in ways:
        booking = bookings.get(name)
        if booking is not None:
            yield f"{setup.name} → {name}: {_to_source(booking)}"
    if orders is not None:
        yield f"other listings' orders → {setup.name}: {to_channel(orders)}"


def to_channel(delay: Delay) -> str:
    """How long a sale elsewhere stays unknown to the channel."""
    if delay.measured:
        return (
            f"a sale is shown within {_short(delay.usual)} (95% of {delay.ways} measured; "
            f"99%: {_short(delay.rare)})"
        )
    why = "webhooks come" if delay.told else "it is read so often, and no webhook came"
    return f"a sale is shown within {_short(delay.usual)} (promised: {why}; {delay.ways} measured)"


def _to_source(booking: Booking) -> str:
    if booking.span is None:
        return "it learns of an order when it is counted (orders: never)"
    waited = _short(booking.waited)
    measured = f"{waited} for 95% of {booking.ways} orders" if booking.ways else "not measured yet"
    promised = written(booking.promised)
    how = {
        OrdersMode.WITHIN: f"until one is ready: {measured}; imported within {promised}",
        OrdersMode.ON_SHIPMENT: f"until the goods leave: {measured}; booked within {promised}",
        OrdersMode.WRITE_BACK: f"until it is written back: {measured}",
    }[booking.mode]
    return f"it learns of an order within {_short(booking.span)} ({how})"


def remarks(span: timedelta, rows: Sequence[Advice], bookings: Sequence[Booking]) -> Iterator[str]:
    """What to make of the numbers, and what no number here can do."""
    if span < YOUNG:
        yield (
            f"Too little is known: the ledger begins {age(span)} ago. These numbers change from day to "
            f"day, and no line to paste is told, until it holds {written(YOUNG)} of sales; keep safety at "
            "2 till then."
        )
    slow = [row for row in bookings if row.mode is not OrdersMode.WRITE_BACK]
    if slow and any(row.elsewhere_per_day for row in rows):
        names = " and ".join(row.source for row in slow)
        yield (
            f"No safety stock cures what {names} oversells by itself: until it learns of an order, its own "
            "shop goes on selling units that are gone. The units `for own` leave it the last ones, enough at "
            "its usual rate; a burst sells more. `orders: write_back` closes that gap."
        )
    if any(row.few for row in rows):
        yield f"Marked ~: fewer than {FEW} units sold, so the rate is a guess."
    if any(row.adaptive for row in rows):
        yield "With ≥: adaptive, and never below that number."


def _short(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s" if span < timedelta(minutes=2) else age(span)

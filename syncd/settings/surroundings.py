"""The keys of what surrounds the sync: how long things are remembered, who is told, who may ask over HTTP."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from syncd.domain.stock import LARGEST_QUANTITY
from syncd.ports.credentials import Secret
from syncd.settings.part import Part
from syncd.settings.scalars import LISTEN, URL, duration, whole


class Retention(Part):
    """How long the ledger remembers."""

    movements: Annotated[timedelta, duration("1d", "3650d")] = Field(
        default=timedelta(days=400), description="Changes of stock and price"
    )
    runs: Annotated[timedelta, duration("1d", "3650d")] = Field(
        default=timedelta(days=90), description="Reports of runs"
    )


class Alerts(Part):
    """Who is told when something needs attention, and when that is worth a message."""

    urls: tuple[Secret, ...] = Field(default=(), description="Apprise addresses, as credentials")
    heartbeat: Secret | None = Field(
        default=None,
        description="Address called after good cycles, only while nothing is late",
    )
    parked_above: Annotated[int, whole(0, LARGEST_QUANTITY)] = Field(
        default=10, description="So many parked listings of a channel are no alert"
    )
    backlog: Annotated[timedelta, duration("6m", "7d")] = Field(
        default=timedelta(minutes=30),
        description="An alert begins when more and more SKUs wait to be published for so long",
    )
    quiet_for: Annotated[timedelta, duration("0s", "1d")] = Field(
        default=timedelta(minutes=10),
        description="An alert is over once its cause has stayed away for so long",
    )
    digest_every: Annotated[timedelta, duration("0s", "1d")] = Field(
        default=timedelta(minutes=5),
        description="Shortest time between two messages; what comes between is told in one",
    )


class Web(Part):
    """Health, metrics, webhooks, and the way back from an authorize page."""

    listen: Annotated[str, LISTEN] = Field(
        default="127.0.0.1:8085", description="host:port; put a proxy with TLS in front of it"
    )
    public_url: Annotated[str | None, URL] = Field(
        default=None, description="How it is reached outside: for webhooks and the authorize page"
    )
    token: Secret | None = Field(
        default=None,
        description="Bearer token for /metrics and details; without one both are refused",
    )

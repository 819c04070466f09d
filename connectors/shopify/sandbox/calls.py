"""What a resolver of the simulated API is given: the shop with all around it, and one request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from connectors.shopify.sandbox.behaviour import Behaviour
from connectors.shopify.sandbox.faults import Faults
from connectors.shopify.sandbox.refusals import bad_request
from connectors.shopify.sandbox.state import Shop
from connectors.transport.simulation.clock import ShopClock
from connectors.transport.simulation.journal import Journal

SUPPORTED = ("2026-01", "2026-04", "2026-07", "2026-10")
CANDIDATES = ("2027-01", "unstable")
API_VERSION = "2026-07"


class Announce(Protocol):
    """Where events go that somebody may have subscribed to."""

    def __call__(self, topic: str, payload: Mapping[str, object], at: float) -> None:
        """Deliver the payload to the subscribers of the topic, written as in `products/update`."""
        ...


@dataclass(slots=True, kw_only=True)
class World:
    """One simulated shop with all that surrounds it."""

    shop: Shop
    behaviour: Behaviour
    clock: ShopClock
    journal: Journal
    faults: Faults
    announce: Announce

    def now(self) -> float:
        """The shop's present moment."""
        return self.clock.now()

    def second(self) -> int:
        """The present moment as time stamps show it."""
        return int(self.clock.now())


@dataclass(slots=True, kw_only=True)
class Call:
    """One request: version and scopes; resolvers note search warnings and what they changed."""

    world: World
    version: str = API_VERSION
    scopes: frozenset[str]
    searches: list[dict[str, object]] = field(default_factory=list)
    applied: list[dict[str, object]] = field(default_factory=list)


def number_of(value: object, kind: str) -> int:
    """The number in a global id of that kind; BAD_REQUEST for anything else."""
    text = str(value)
    prefix = f"gid://shopify/{kind}/"
    tail = text.removeprefix(prefix)
    if not text.startswith(prefix) or not tail.isdecimal():
        raise bad_request(f"Invalid global id '{text}'")
    return int(tail)

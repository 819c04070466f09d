"""What a handler of the simulated API is given: the shop, the knobs, and one checked request."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.tiktok_shop.sandbox.authorization import Grants
from connectors.tiktok_shop.sandbox.behaviour import Behaviour
from connectors.tiktok_shop.sandbox.post import PostRoom
from connectors.tiktok_shop.sandbox.replies import invalid
from connectors.tiktok_shop.sandbox.state import Shop, Sku, SkuState
from connectors.transport.simulation.clock import ShopClock
from connectors.transport.simulation.journal import Journal


@dataclass(slots=True, kw_only=True)
class World:
    """One simulated shop with all that surrounds it."""

    shop: Shop
    grants: Grants
    behaviour: Behaviour
    clock: ShopClock
    journal: Journal
    post: PostRoom

    def now(self) -> float:
        """The shop's present moment."""
        return self.clock.now()

    def change(self, sku: Sku, state: SkuState) -> None:
        """Give a SKU another state; readings show it after the read delay."""
        sku.state.set(state, self.now(), self.behaviour.read_delay)


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A scripted refusal of one SKU, or of every SKU of a call."""

    code: int
    message: str
    sku_id: str | None = None

    def hits(self, sku_id: str) -> bool:
        """Whether this SKU is to be refused."""
        return self.sku_id is None or self.sku_id == sku_id


@dataclass(slots=True, kw_only=True)
class Call:
    """One request that passed the gateway; handlers note in `applied` what they changed."""

    query: Mapping[str, str]
    body: Mapping[str, object]
    ids: Mapping[str, str] = field(default_factory=dict)
    sabotage: Sabotage | None = None
    applied: list[dict[str, object]] = field(default_factory=list)

    def texts(self, key: str, most: int | None = None) -> list[str]:
        """A list of strings of the body; empty when it is not given."""
        value = self.body.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise invalid(f"Invalid parameter: {key} must be a list of strings")
        if most is not None and len(value) > most:
            raise invalid(f"Invalid parameter: {key} has more than {most} entries")
        return value

    def text(self, key: str) -> str | None:
        """A string of the body."""
        value = self.body.get(key)
        if value is not None and not isinstance(value, str):
            raise invalid(f"Invalid parameter: {key} must be a string")
        return value

    def moment(self, key: str) -> int | None:
        """Unix seconds of the body."""
        value = self.body.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise invalid(f"Invalid parameter: {key} must be an integer")
        return value

    def objects(self, key: str) -> list[Mapping[str, object]]:
        """A non-empty list of objects of the body."""
        return objects(self.body, key)

    def page_size(self, most: int = 100) -> int:
        """The required query parameter of paged calls."""
        text = self.query.get("page_size", "")
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise invalid(f"Invalid parameter: page_size must be between 1 and {most}")
        return int(text)


def objects(holder: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    """A non-empty list of objects inside another object of a request."""
    value = holder.get(key)
    if not isinstance(value, list) or not value:
        raise invalid(f"Invalid parameter: {key} is required")
    if not all(isinstance(each, dict) for each in value):
        raise invalid(f"Invalid parameter: {key} must be a list of objects")
    return value

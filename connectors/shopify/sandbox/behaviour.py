"""The knobs of the simulated platform that a user or a test may turn while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from connectors.transport.simulation.fields import FieldError, Fields
from syncd.ports.sandbox import SandboxOptions

TOKEN_LIFE = 86_399.0
"""Seconds that a client-credentials token lives (fact sheet 1.7)."""
WEEK = 604_800.0
SCOPES = (
    "read_products",
    "write_inventory",
    "read_locations",
    "read_orders",
    "read_markets",
)
CHOICES: Mapping[str, tuple[str, ...]] = {
    "cost_formula": ("measured", "linear"),
    "bulk_parent": ("variant", "item"),
}
NULLABLE = frozenset({"frozen_at"})
MAY_BE_NEGATIVE = frozenset({"clock_offset"})


@dataclass(slots=True, kw_only=True)
class Behaviour:
    """How the platform behaves; times in seconds, costs in points.

    `scopes` is what the token grants, comma-separated. `bulk_polls` is how often a bulk operation answers
    RUNNING; `bulk_parent` says which record the level lines of a bulk file name as their parent, the variant
    whose line holds the item or the item itself (not documented by Shopify). `cost_formula` is explained at
    `cost.py`.
    """

    latency: float = 0.0
    clock_offset: float = 0.0
    frozen_at: float | None = None
    bucket: int = 2000
    restore_rate: float = 100.0
    max_cost: int = 1000
    cost_formula: str = "measured"
    token_life: float = TOKEN_LIFE
    own_shop: bool = True
    scopes: str = ",".join(SCOPES)
    bulk_polls: int = 1
    bulk_most: int = 5
    bulk_parent: str = "variant"
    bulk_url_life: float = WEEK
    idempotency_life: float = 86_400.0
    webhook_tries: int = 3
    webhook_wait: float = 0.2

    @classmethod
    def of(cls, options: SandboxOptions) -> "Behaviour":
        """The behaviour that start options ask for; ValueError for an impossible one."""
        behaviour = cls()
        behaviour.update(
            {
                "latency": options.latency,
                "clock_offset": options.clock_offset,
                "token_life": min(options.token_life, TOKEN_LIFE),
            }
        )
        return behaviour

    def update(self, changes: object) -> None:
        """Turn the named knobs, all or none; FieldError names what is wrong."""
        given = Fields(changes, "settings", [each.name for each in fields(self)])
        values = {name: self._value(given, name) for name in given.given()}
        for name, value in values.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, object]:
        """All knobs by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def granted(self) -> frozenset[str]:
        """The scopes of every token; writing includes reading."""
        scopes = {scope.strip() for scope in self.scopes.split(",") if scope.strip()}
        return frozenset(scopes | {each.replace("write_", "read_", 1) for each in scopes})

    def _value(self, given: Fields, name: str) -> object:
        if given.raw(name) is None:
            if name in NULLABLE:
                return None
            raise FieldError(f"settings.{name}: null is no value")
        if name in CHOICES:
            return given.choice(name, CHOICES[name])
        present = getattr(self, name)
        if isinstance(present, bool):
            return given.flag(name)
        if isinstance(present, str):
            return given.text(name)
        if isinstance(present, int):
            return given.whole(name, least=1 if name != "bulk_polls" else 0)
        return given.number(name, least=None if name in MAY_BE_NEGATIVE else 0.0)

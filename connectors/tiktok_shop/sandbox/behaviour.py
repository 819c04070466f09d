"""The knobs of the simulated platform that a user or a test may turn while it runs."""

from dataclasses import dataclass, fields

from connectors.tiktok_shop.sandbox.options import SandboxOptions
from connectors.transport.simulation.fields import FieldError, Fields

ZERO_POLICIES = ("allow", "refuse")
NULLABLE = frozenset({"retry_after", "frozen_at"})
WHOLE = {"search_cap": 1, "webhook_copies": 0, "webhook_lose": 0, "webhook_shuffle": 0}
MAY_BE_NEGATIVE = frozenset({"clock_offset"})


@dataclass(slots=True, kw_only=True)
class Behaviour:
    """How the platform behaves; times in seconds.

    Webhooks: so many copies beside the first, every so-many-th lost, shuffled in heaps of so many.
    """

    rate: float = 0.0
    latency: float = 0.0
    zero: str = "allow"
    read_delay: float = 0.0
    order_delay: float = 0.0
    clock_offset: float = 0.0
    frozen_at: float | None = None
    retry_after: float | None = None
    search_cap: int = 10_000
    token_life: float = 604_800.0
    refresh_life: float = 31_536_000.0
    refresh_grace: float = 0.0
    audit: float = 0.0
    webhook_delay: float = 0.0
    webhook_copies: int = 0
    webhook_lose: int = 0
    webhook_shuffle: int = 0
    webhook_retry: float = 120.0

    @classmethod
    def of(cls, options: SandboxOptions) -> "Behaviour":
        """The behaviour that start options ask for; ValueError for an impossible one."""
        behaviour = cls()
        names = {each.name for each in fields(options)} & {each.name for each in fields(cls)}
        behaviour.update({name: getattr(options, name) for name in names})
        return behaviour

    def update(self, changes: object) -> None:
        """Turn the named knobs, all or none; FieldError names what is wrong."""
        given = Fields(changes, "settings", [each.name for each in fields(self)])
        values = {
            each.name: _value(given, each.name) for each in fields(self) if given.has(each.name)
        }
        for name, value in values.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, object]:
        """All knobs by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def _value(given: Fields, name: str) -> object:
    if given.raw(name) is None:
        if name in NULLABLE:
            return None
        raise FieldError(f"settings.{name}: null is no value")
    if name == "zero":
        return given.choice(name, ZERO_POLICIES)
    if name in WHOLE:
        return given.whole(name, least=WHOLE[name])
    return given.number(name, least=None if name in MAY_BE_NEGATIVE else 0.0)

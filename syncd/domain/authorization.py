"""What an operator granted: until when, to which shops, with which scopes, and when to warn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WARNING_DAYS = (1, 7, 14, 30)
"""So many days before its end an authorization is worth a warning, each step once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """A grant as it is kept. `granted` is None where the shop did not tell the scopes.

    `needed` maps each scope to what it is for.
    """

    holder: str
    expires_at: datetime
    needed: Mapping[str, str] = field(default_factory=dict)
    granted: tuple[str, ...] | None = None

    def missing(self) -> tuple[str, ...]:
        """Scopes without which something will be refused."""
        granted = self.needed if self.granted is None else self.granted
        return tuple(scope for scope in self.needed if scope not in granted)

    def superfluous(self) -> tuple[str, ...]:
        """Scopes that nothing here uses: a stolen token could do more than it has to."""
        return tuple(scope for scope in self.granted or () if scope not in self.needed)

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; negative once it has ended."""
        return (self.expires_at - now) // timedelta(days=1)

    def warning_step(self, now: datetime) -> int | None:
        """The smallest of 30, 14, 7 and 1 that the days left have fallen to; 0 once it has ended."""
        if now >= self.expires_at:
            return 0
        left = self.expires_at - now
        return next((days for days in WARNING_DAYS if left <= timedelta(days=days)), None)

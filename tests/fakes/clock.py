"""A clock that moves only when told, or when somebody sleeps."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class FakeClock:
    """Wall clock and monotonic clock move together; `sleep` moves both at once."""

    def __init__(self, start: datetime = START) -> None:
        self.wall = start
        self.ticks = 0.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        self.ticks += seconds
        self.wall += timedelta(seconds=seconds)

    def at(self, text: str) -> datetime:
        """Today (or on a written date) at hh:mm, UTC."""
        day, _, hour = text.rpartition(" ")
        date = datetime.fromisoformat(day).date() if day else self.wall.date()
        hours, minutes = hour.split(":")
        return datetime(date.year, date.month, date.day, int(hours), int(minutes), tzinfo=UTC)

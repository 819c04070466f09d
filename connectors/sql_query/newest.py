"""How far the changes of a table were read: the newest updated_at, never taken for later than it may be."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""What `:since` is in a reading of everything."""
_QUARTER = timedelta(days=91)


class NoZone(Exception):  # noqa: N818 - a reason
    """A time without a zone cannot be compared with the clock."""


class Newest:
    """The newest of the times seen; the first of the two moments in an hour that comes twice."""

    def __init__(self, zone: ZoneInfo | None) -> None:
        self._zone = zone
        self.moment: datetime | None = None
        self.absent = 0
        self.unread = 0

    def see(self, texts: Sequence[str]) -> None:
        """Look at a batch; NoZone for times without one where none is configured."""
        try:
            found = max(map(datetime.fromisoformat, texts), default=None)
        except (ValueError, TypeError):  # some are absent, unreadable, or with a zone beside others
            self._see_each(texts)
            return
        if found is not None:
            self._take(found)

    def _see_each(self, texts: Sequence[str]) -> None:
        for text in texts:
            if not text:
                self.absent += 1
                continue
            try:
                found = datetime.fromisoformat(text)
            except ValueError:
                self.unread += 1
            else:
                self._take(found)

    def _take(self, found: datetime) -> None:
        if found.tzinfo is None:
            if self._zone is None:
                raise NoZone
            found = found.replace(tzinfo=self._zone)
        moment = found.astimezone(UTC)
        if self.moment is None or moment > self.moment:
            self.moment = moment

    @property
    def note(self) -> str:
        """What to say of rows whose changes are only seen by a full reading; empty when there are none."""
        parts = []
        if self.absent:
            parts.append(f"rows without updated_at: {self.absent}")
        if self.unread:
            parts.append(f"rows whose updated_at is no ISO 8601 time: {self.unread}")
        return f"{'; '.join(parts)}; only a full reading sees their changes" if parts else ""


def wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment with the smallest offset that the zone has in a year around it.

    As a wall clock it is then never later than the zone's own, so that a column without a zone is never
    asked for too little. The offset changes only with the law, not twice a year.
    """
    around = (moment + number * _QUARTER for number in range(4))
    offsets = [found.astimezone(zone).utcoffset() or timedelta() for found in around]
    return moment.astimezone(timezone(min(offsets)))

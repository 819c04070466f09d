"""What a run is measured by: sales, units sold that were not there, sales refused, delays, calls."""

from dataclasses import dataclass, field

from syncd.simulation.demand import Side

PER = 10_000


@dataclass
class Tally:
    """Counts of one run, in units. A unit is oversold when it is sold although none is left on the shelf."""

    accepted: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    oversold: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    refused: int = 0
    """Of sales that were refused, units that were left."""
    sold_out: int = 0
    """Of sales that were refused, units that were not."""
    delays: list[float] = field(default_factory=list)
    """Seconds from a change at the source until the listing was seen to show it."""
    requests: int = 0
    reads: int = 0
    bookings: int = 0
    crashes: int = 0
    cycles: int = 0

    @property
    def orders(self) -> int:
        """Units accepted on both sides; but for wholesale each order is one."""
        return sum(self.accepted.values())

    def sold(self, side: Side, units: int, *, left: int) -> None:
        """A sale was accepted while so many units were left."""
        self.accepted[side] += units
        self.oversold[side] += max(0, units - max(0, left))

    def turned_away(self, units: int, *, left: int) -> None:
        """A sale was refused while so many units were left."""
        there = min(units, max(0, left))
        self.refused += there
        self.sold_out += units - there

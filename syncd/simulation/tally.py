"""What a run is measured by: sales, units sold that were not there, sales refused, delays, calls."""

from dataclasses import dataclass, field

from syncd.simulation.demand import Side

PER = 10_000


@dataclass
class Tally:
    """Counts of one run. A unit is oversold when it is sold although none is left on the shelf."""

    accepted: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    oversold: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    refused: int = 0
    """Sales refused although a unit was left."""
    sold_out: int = 0
    """Sales refused because nothing was left."""
    delays: list[float] = field(default_factory=list)
    """Seconds from a change at the source until the listing was seen to show it."""
    requests: int = 0
    reads: int = 0
    bookings: int = 0
    crashes: int = 0
    cycles: int = 0

    @property
    def orders(self) -> int:
        """Accepted on both sides."""
        return sum(self.accepted.values())

    def sold(self, side: Side, *, left: int) -> None:
        """A sale was accepted while so many units were left."""
        self.accepted[side] += 1
        if left <= 0:
            self.oversold[side] += 1

    def turned_away(self, *, left: int) -> None:
        """A sale was refused while so many units were left."""
        if left > 0:
            self.refused += 1
        else:
            self.sold_out += 1

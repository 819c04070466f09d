"""What several runs of a design in a scenario come to together: means over seeds with 95 % intervals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syncd.simulation.demand import Side
from syncd.simulation.designs import DESIGNS
from syncd.simulation.proposing import proposed
from syncd.simulation.run import Outcome
from syncd.simulation.tally import PER, Tally

TYPICAL = "B"
"""The design the others are compared with."""
T_95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179,
        2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086)  # fmt: skip
"""Student's t for 1, 2, … degrees of freedom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean over seeds and half of its 95 % interval; None from a single seed."""

    mean: float
    half: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> "Interval":
        """Of one value per seed."""
        count = len(values)
        mean = sum(values) / count
        if count == 1:
            return cls(mean=mean, half=None)
        spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (count - 1))
        quantile = T_95[min(count - 1, len(T_95)) - 1]
        return cls(mean=mean, half=quantile * spread / math.sqrt(count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Seconds from a change at the source to its read-back from the shop."""

    median: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A design in a scenario. `oversold` and `refused` per 10,000 accepted orders of both sides.

    `oversold_own` of the units were sold by the merchant's own shop; `tiktok` is the share of TikTok's orders
    that are oversold; `calls` are requests to both shops per order;
    `digests` name the trace of each seed's run; `fewer` says how many times fewer units are oversold
    than by the typical app in the same scenario. `proposed`: how many SKUs of the first seed need which
    safety stock by the rule of `syncd advise`, where orders are booked late.
    """

    design: str
    scenario: str
    seeds: Sequence[int]
    orders: int
    oversold: Interval
    oversold_units: int
    oversold_own: int
    tiktok: Interval
    refused: Interval
    calls: float
    wait: Wait | None
    crashes: int
    digests: Sequence[str]
    fewer: float | None
    proposed: Mapping[int, int]


def figures(outcomes: Sequence[Outcome], typical: Sequence[Outcome]) -> Figures:
    """Put the runs of one design in one scenario together; `typical` are those of the typical app there."""
    tallies = [outcome.tally for outcome in outcomes]
    first = outcomes[0].trial
    orders = sum(tally.orders for tally in tallies)
    oversold = Interval.of([_oversold(tally) for tally in tallies])
    there = Interval.of([_oversold(outcome.tally) for outcome in typical]) if typical else None
    return Figures(
        design=first.design,
        scenario=first.scenario,
        seeds=[outcome.trial.seed for outcome in outcomes],
        orders=orders,
        oversold=oversold,
        oversold_units=sum(sum(tally.oversold.values()) for tally in tallies),
        oversold_own=sum(tally.oversold[Side.OWN] for tally in tallies),
        tiktok=Interval.of([_share(tally) for tally in tallies]),
        refused=Interval.of([PER * tally.refused / max(1, tally.orders) for tally in tallies]),
        calls=sum(tally.requests + tally.reads + tally.bookings for tally in tallies)
        / max(1, orders),
        wait=_wait([delay for tally in tallies for delay in tally.delays]),
        crashes=sum(tally.crashes for tally in tallies),
        digests=[outcome.digest for outcome in outcomes],
        fewer=None if there is None or not oversold.mean else there.mean / oversold.mean,
        proposed=proposed(DESIGNS[first.design], first.scenario, first.seed, first.skus),
    )


def _oversold(tally: Tally) -> float:
    return PER * sum(tally.oversold.values()) / max(1, tally.orders)


def _share(tally: Tally) -> float:
    return tally.oversold[Side.TIKTOK] / max(1, tally.accepted[Side.TIKTOK])


def _wait(delays: list[float]) -> Wait | None:
    if not delays:
        return None
    delays.sort()
    median, p95, p99 = (delays[int(part * (len(delays) - 1))] for part in (0.5, 0.95, 0.99))
    return Wait(median=median, p95=p95, p99=p99)

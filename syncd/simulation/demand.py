"""Buyers: who wants one unit of what, when and on which side, drawn from a seed and the same for every design.

The model is that of the reliability study, section 5: a non-homogeneous Poisson process with the profile of a
day, lognormal rates, a share of TikTok per SKU, and bursts, a quarter of which spills to the merchant's shop.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, count
from random import Random

DAY = 86_400.0
HOUR = 3_600.0
PROFILE = (2, 1, 1, 1, 1, 2, 3, 5, 7, 8, 9, 9, 10, 10, 9, 9, 9, 10, 12, 14, 16, 14, 9, 5)
"""Relative demand by hour of the day."""
MEDIAN_RATE = 1.5
RATE_SPREAD = 1.2
SHARE = 2.5
SPILLS = 0.25
BURST_MINUTES = (10.0, 60.0)
REST = (3 * HOUR, 3 * HOUR + 50 * 60)
"""Every night nobody buys for so long, so that what must hold at rest can be looked at."""
STOCK_DAYS = 6.0
RESTOCKED_AFTER = 2 * DAY
"""From the moment at which less is left than a buyer takes on average."""


class Side(StrEnum):
    """Where a buyer buys."""

    OWN = "own"
    TIKTOK = "tiktok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """How wild demand is: which part of SKU-days has a burst, of up to so many times the sales of a day.

    A buyer takes `basket` units on average.
    """

    name: str
    bursts: float
    most: float
    basket: int = 1


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(name="steady", bursts=0.0, most=0.0),
        Scenario(name="normal", bursts=0.01, most=6.0),
        Scenario(name="viral", bursts=0.04, most=20.0),
        Scenario(name="wholesale", bursts=0.04, most=20.0, basket=20),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A SKU: buyers a day on both sides together, the part of them on TikTok, and how many units one takes."""

    sku: str
    rate: float
    share: float
    basket: int = 1

    @property
    def lot(self) -> int:
        """Units that the merchant orders at a time."""
        return max(1, round(STOCK_DAYS * self.rate * self.basket))


@dataclass(frozen=True, slots=True, order=True)
class Buyer:
    """One who wants so many units of a SKU at a moment; `number` tells buyers apart."""

    at: float
    number: int
    sku: str
    side: Side
    units: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Everything that buyers will ever want, in its order; and when the last day ends."""

    articles: Sequence[Article]
    buyers: Sequence[Buyer]
    end: float


def articles(seed: int, scenario: str, skus: int) -> Sequence[Article]:
    """The SKUs of a world."""
    return _articles(_dice(seed, scenario), SCENARIOS[scenario], skus)


def _dice(seed: int, scenario: str) -> Random:
    return Random(f"demand/{seed}/{scenario}")  # noqa: S311 - repeatable, no cryptography


def _articles(dice: Random, scenario: Scenario, skus: int) -> Sequence[Article]:
    return [
        Article(
            sku=f"S{number:03}",
            rate=dice.lognormvariate(math.log(MEDIAN_RATE), RATE_SPREAD),
            share=dice.betavariate(SHARE, SHARE),
            basket=scenario.basket,
        )
        for number in range(skus)
    ]


def demand(seed: int, scenario: Scenario, skus: int, buyers: int) -> Demand:
    """At least so many buyers, in whole days."""
    dice = _dice(seed, scenario.name)
    sold = _articles(dice, scenario, skus)
    found: list[Buyer] = []
    numbers = count()
    for day in count():
        start = day * DAY
        wishes = [wish for article in sold for wish in _wishes(dice, article, scenario)]
        found += [
            Buyer(start + at, next(numbers), sku, side, dice.randint(1, 2 * scenario.basket - 1))
            for at, sku, side in sorted((_awake(at), sku, side) for at, sku, side in wishes)
        ]
        if len(found) >= buyers:
            return Demand(articles=sold, buyers=found, end=start + DAY)
    raise AssertionError


Wish = tuple[float, str, Side]


def _wishes(dice: Random, article: Article, scenario: Scenario) -> Iterator[Wish]:
    """What one SKU is wanted in one day."""
    for _ in range(_poisson(dice, article.rate)):
        side = Side.TIKTOK if dice.random() < article.share else Side.OWN
        yield _moment(dice), article.sku, side
    if dice.random() >= scenario.bursts:
        return
    length = dice.uniform(*BURST_MINUTES) * 60
    begin = min(_moment(dice), DAY - length)
    for _ in range(_poisson(dice, article.rate * dice.uniform(1.0, scenario.most))):
        side = Side.OWN if dice.random() < SPILLS else Side.TIKTOK
        yield begin + dice.random() * length, article.sku, side


def _awake(at: float) -> float:
    """Who would buy while everybody rests buys right after that."""
    begin, end = REST
    return end + (at - begin) / 100 if begin <= at < end else at


_UP_TO = tuple(accumulate(PROFILE))
_HOURS = range(len(PROFILE))


def _moment(dice: Random) -> float:
    """Seconds into a day, by its profile."""
    hour = dice.choices(_HOURS, cum_weights=_UP_TO)[0]
    return (hour + dice.random()) * HOUR


def _poisson(dice: Random, mean: float) -> int:
    """A Poisson number: by waiting times, or for a large mean by the normal distribution near it."""
    if mean > 50:  # noqa: PLR2004 - from here on the difference is below what any run could show
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    waited, found = dice.expovariate(1.0), 0
    while waited < mean:
        found += 1
        waited += dice.expovariate(1.0)
    return found

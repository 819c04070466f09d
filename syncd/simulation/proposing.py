"""What safety stock `syncd advise` would propose for a simulated shop whose orders are booked late."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from syncd.domain.advice import Exposure, Sales, advised
from syncd.domain.delay import PUSH
from syncd.domain.rules import Adaptive
from syncd.simulation.demand import Article, articles
from syncd.simulation.designs import Design

SPAN = timedelta(days=1_000)
"""The rates are known here; over so many days they are whole units."""


def proposed(design: Design, scenario: str, seed: int, skus: int) -> Mapping[int, int]:
    """How many SKUs need so many units, by their usual rates; empty where no number is needed or helps.

    That is so for an app without a safety stock, and where orders are written back.
    """
    if not design.syncd or design.imports_every is None:
        return {}
    told = timedelta(0) if design.hooks else timedelta(seconds=design.source_every)
    exposure = Exposure(channel=told + PUSH, own_shop=timedelta(seconds=design.imports_every))
    found = Counter(_units(article, exposure) for article in articles(seed, scenario, skus))
    return dict(sorted(found.items()))


def _units(article: Article, exposure: Exposure) -> int:
    days = SPAN // timedelta(days=1)
    ordered = round(days * article.rate * article.share)
    sales = Sales(
        ordered=ordered,
        own=ordered,  # one listing of each
        elsewhere=round(days * article.rate * (1 - article.share)),
    )
    return max(advised(sales, SPAN, exposure, Adaptive().quantile))

from collections import Counter
from statistics import median

import pytest

from syncd.simulation.demand import DAY, REST, SCENARIOS, Demand, Side, demand


@pytest.fixture(scope="module")
def steady() -> Demand:
    return demand(1, SCENARIOS["steady"], 400, 20_000)


def test_the_same_seed_brings_the_same_buyers(steady: Demand) -> None:
    again = demand(1, SCENARIOS["steady"], 400, 20_000)
    assert steady == again
    assert steady.buyers != demand(2, SCENARIOS["steady"], 400, 20_000).buyers


def test_rates_and_shares_are_those_of_the_model(steady: Demand) -> None:
    rates = [article.rate for article in steady.articles]
    assert 1.5 == pytest.approx(median(rates), rel=0.2)
    assert 0.5 == pytest.approx(median(article.share for article in steady.articles), abs=0.07)
    days = steady.end / DAY
    assert sum(rates) * days == pytest.approx(len(steady.buyers), rel=0.03)


def test_buyers_come_in_order_and_never_while_everybody_rests(steady: Demand) -> None:
    moments = [buyer.at for buyer in steady.buyers]
    assert sorted(moments) == moments
    assert [] == [at for at in moments if REST[0] <= at % DAY < REST[1]]


def test_a_viral_burst_sells_the_stock_of_days_in_an_hour_and_spills_a_quarter() -> None:
    viral = demand(1, SCENARIOS["viral"], 400, 20_000)
    rates = {article.sku: article.rate for article in viral.articles}
    hours = Counter((buyer.sku, int(buyer.at // 3600)) for buyer in viral.buyers)
    (sku, hour), most = max(hours.items(), key=lambda item: item[1] / max(20.0, rates[item[0][0]]))
    assert most > 3 * rates[sku]
    there = [
        buyer.side for buyer in viral.buyers if (buyer.sku, int(buyer.at // 3600)) == (sku, hour)
    ]
    assert 0.25 == pytest.approx(there.count(Side.OWN) / len(there), abs=0.1)


def test_a_lot_lasts_six_days_and_is_never_nothing(steady: Demand) -> None:
    for article in steady.articles:
        assert max(1, round(6 * article.rate)) == article.lot

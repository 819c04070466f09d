"""The laws can be broken: faults planted into source and engine are found, each by a small trace."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.domain.identity import Place, Sku
from syncd.domain.orders import OrdersMode, OrdersPolicy
from syncd.domain.stock import Position, SourceStanding
from syncd.engine.applying import Sender
from syncd.engine.ordering import Unseen
from syncd.simulation.demand import DAY
from syncd.simulation.designs import DESIGNS
from syncd.simulation.laws import Law
from syncd.simulation.misfortune import CALM
from syncd.simulation.run import Trial, run
from syncd.simulation.shrinking import Shrinking
from syncd.simulation.telling import failure
from syncd.simulation.world import World
from tests.process.simulation.world import PARTS

TRIAL = Trial(seed=1, scenario="steady", design="G", skus=8, orders=60, misfortune=CALM)


def test_a_source_that_forgets_keys_books_an_order_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = World.adjust

    def forgetful(self: World, key: str, sku: str, units: int) -> int:
        self.merchant.answered.pop(key, None)
        return honest(self, key, sku, units)

    monkeypatch.setattr(World, "adjust", forgetful)
    failed = run(replace(TRIAL, misfortune=replace(CALM, lost_answer=0.2)), PARTS)
    assert failed.failure is not None
    assert str(Law.BOOKED_ONCE) == failed.failure.law

    smallest = Shrinking(failed, PARTS).smallest()
    assert 1 == len([line for line in smallest.lines if "buyer" in line])
    assert 2 == len([line for line in smallest.lines if "write-back" in line])
    assert "smallest run" in failure(smallest)


def test_an_engine_that_forgets_orders_puts_sold_units_back_on_sale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing(
        self: Unseen, sku: Sku, positions: Mapping[Place, Position],
        standings: Mapping[str, SourceStanding],
    ) -> dict[Place, int]:  # fmt: skip
        del self, sku, positions, standings
        return {}

    monkeypatch.setattr(Unseen, "at", nothing)
    daily = replace(
        DESIGNS["H60"], imports_every=DAY,
        orders=OrdersPolicy(mode=OrdersMode.WITHIN, delay=timedelta(hours=25)),
    )  # fmt: skip
    monkeypatch.setitem(DESIGNS, "H60", daily)
    failed = run(replace(TRIAL, design="H60"), PARTS)
    assert failed.failure is not None
    assert str(Law.NEVER_MORE) == failed.failure.law

    smallest = Shrinking(failed, PARTS).smallest()
    bought = [line for line in smallest.lines if "buyer" in line]
    assert len(bought) <= 2
    assert "tiktok buyer" in "".join(bought)


def test_an_engine_that_sends_first_is_found_at_its_first_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Sender, "_record_intents", lambda *_: None)
    failed = run(TRIAL, PARTS)
    assert failed.failure is not None
    assert str(Law.INTENT_FIRST) == failed.failure.law

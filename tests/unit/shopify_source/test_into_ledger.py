"""A shop through ingest into a real ledger: everything, changes, and what only the next full reading tells."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.shopify.source import ShopifySource
from syncd.domain.identity import Sku
from syncd.domain.orders import OrdersMode, OrdersPolicy
from syncd.domain.report import SourceReport, SourceState
from syncd.domain.stock import Basis, Completeness, Expectations, Position, State, Trust
from syncd.engine.ingest import ingest
from syncd.engine.setup import EngineSetup, Mode, Silent, SourceSetup
from tests.fakes.ledgers import ledger_at
from tests.unit.shopify_source.conftest import Open
from tests.unit.shopify_source.world import EAST, MAIN, World, product, shop_of, variant

HOURS = timedelta(hours=1)


class Floor:
    """A source, a ledger, and runs."""

    def __init__(self, world: World, engine: EngineSetup, source: ShopifySource) -> None:
        self.world = world
        self.engine = engine
        self.source = source

    def ingest(self) -> SourceReport:
        self.world.clock.advance(900)
        run = self.engine.ledger.begin_run("test")
        (report,) = ingest(self.engine, run, [self.source.name])
        return report

    def positions(self, sku: str) -> dict[str, Position]:
        found = self.engine.ledger.positions([Sku(sku)])[Sku(sku)]
        return {position.place.location: position for position in found}


@pytest.fixture
def floor(opened: Open, tmp_path: Path) -> Iterator[Floor]:
    world = opened(
        shop_of(
            product(variant("A", levels={MAIN: 10, EAST: 4})),
            product(variant("B", 3), variant("B2", 5)),
            product(variant("C", 8)),
        )
    )
    source = world.source()
    setup = SourceSetup(
        name=source.name,
        source=source,
        trust=Trust(stale_after=24 * HOURS, dead_after=48 * HOURS),
        expectations=Expectations(max_shrink=Decimal(1)),
        orders=OrdersPolicy(mode=OrdersMode.WITHIN, delay=timedelta(0)),
        basis=Basis.AVAILABLE,
        every=timedelta(minutes=15),
        full_every=24 * HOURS,
    )
    with ledger_at(tmp_path / "ledger.db", world.clock) as ledger:
        engine = EngineSetup(
            ledger=ledger,
            clock=world.clock,
            mode=Mode.OBSERVE,
            sources={source.name: setup},
            channels={},
            progress=Silent(),
            rules={},
        )
        yield Floor(world, engine, source)


def test_after_a_full_reading_only_changes_are_read_until_it_is_too_old(floor: Floor) -> None:
    first = floor.ingest()
    floor.world.control("sell", sku="A", location=MAIN, units=3)
    second = floor.ingest()
    floor.world.clock.advance(24 * 3600)
    third = floor.ingest()

    kinds = [each.completeness for each in (first, second, third)]
    assert [Completeness.FULL, Completeness.PARTIAL, Completeness.FULL] == kinds
    assert 7 == floor.positions("A")[MAIN].quantity
    assert 4 == floor.positions("A")[EAST].quantity
    assert (5, 0) == (third.rows, third.changed)


def test_nothing_changed_is_unchanged_and_keeps_all_rows(floor: Floor) -> None:
    floor.ingest()
    floor.world.control("stock", sku="C", location=MAIN, available=8)
    floor.ingest()
    floor.world.clock.advance(3600)
    floor.world.control("stock", sku="C", location=MAIN, available=9)
    report = floor.ingest()

    assert (5, 1, 1) == (report.rows, report.read, report.changed)
    assert SourceState.OK is report.state


def test_a_deactivated_level_is_unknown_at_once_and_missing_after_a_full_reading(
    floor: Floor,
) -> None:
    floor.ingest()
    floor.world.control("level", sku="A", location=EAST, active=False)
    floor.ingest()
    unknown = floor.positions("A")[EAST]
    floor.world.clock.advance(24 * 3600)
    floor.ingest()

    assert (State.UNKNOWN, 4) == (unknown.state, unknown.quantity)
    assert "deactivated at this location" == unknown.reason
    assert None is unknown.missing_since
    assert None is not floor.positions("A")[EAST].missing_since


def test_a_sku_that_became_ambiguous_is_held_and_free_again_once_it_is_alone(floor: Floor) -> None:
    floor.ingest()
    floor.world.control("variant", sku="C", new_sku="A")
    floor.ingest()
    held = floor.positions("A")
    twin = str(floor.world.shop.variants[3].number)
    floor.world.control("variant", variant=twin, new_sku="C")
    floor.world.control("sell", sku="A", location=MAIN, units=1)
    floor.world.control("sell", sku="A", location=EAST, units=1)
    floor.ingest()

    assert {State.UNKNOWN} == {each.state for each in held.values()}
    assert {MAIN: 9, EAST: 3} == {
        name: each.quantity for name, each in floor.positions("A").items()
    }
    assert {State.KNOWN} == {each.state for each in floor.positions("A").values()}


def test_a_refused_shop_keeps_its_positions_and_says_what_to_do(floor: Floor) -> None:
    floor.ingest()
    floor.world.control("uninstall")
    report = floor.ingest()

    assert SourceState.UNAUTHORIZED is report.state
    assert "install the app" in report.message
    assert 10 == floor.positions("A")[MAIN].quantity


def test_a_deleted_variant_is_missing_after_the_next_full_reading(floor: Floor) -> None:
    floor.ingest()
    floor.world.control("variant/remove", sku="C")
    floor.ingest()
    before = floor.positions("C")[MAIN].missing_since
    floor.world.clock.advance(24 * 3600)
    report = floor.ingest()

    assert None is before
    assert 1 == report.missing
    assert None is not floor.positions("C")[MAIN].missing_since

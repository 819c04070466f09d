"""Decides which bookings order lines ask of the sources that are written back, from what the ledger knows."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from syncd.domain.booking import booked_at, demands
from syncd.domain.deducting import Decision, Step, Taking, Takings, decide
from syncd.domain.identity import Sku, SourceName
from syncd.domain.orders import OrderLine
from syncd.domain.stock import Position, State
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.ports.bookings import LineToBook

LINES = 500
"""Order lines looked at in one transaction."""


def follow_sources(engine: EngineSetup) -> Mapping[SourceName, datetime]:
    """Since when each source is written back, after noting which ones are by now.

    What left before that moment was booked by the merchant, and is not booked by us; what is still open
    then is.
    """
    known = engine.ledger.written_since()
    writers = engine.writers()
    for name in writers.keys() - known.keys():
        engine.ledger.begin_writing(name)
    for name in known.keys() - writers.keys():
        engine.ledger.end_writing(name)
    return known if writers.keys() == known.keys() else engine.ledger.written_since()


def decide_bookings(engine: EngineSetup, setup: ChannelSetup) -> int:
    """Look at every line of a channel that is new or moved; answers at how many.

    A line is looked at once a pass: one that cannot be decided yet waits for the next.
    """
    since = follow_sources(engine)
    if not since:
        return 0
    done: set[tuple[str, str]] = set()
    while True:
        lines = engine.ledger.lines_to_book(setup.name, LINES + len(done))
        fresh = [row for row in lines if (row.line.order_id, row.line.line_id) not in done]
        if not fresh:
            return len(done)
        engine.ledger.book(setup.name, _decided(engine, setup, since, fresh))
        done.update((row.line.order_id, row.line.line_id) for row in fresh)


def _decided(
    engine: EngineSetup, setup: ChannelSetup, since: Mapping[SourceName, datetime],
    rows: Sequence[LineToBook],
) -> list[Decision]:  # fmt: skip
    now = engine.clock.now()
    looked = _Look(engine, setup, since, [row for row in rows if row.step is Step.UNBOOKED])
    return [
        decide(
            row.line, row.step,
            looked.takings(row) if row.step is Step.UNBOOKED else Takings(), row.known, now,
        )
        for row in rows
    ]  # fmt: skip


class _Look:
    """What some lines take, by the positions their components have now."""

    def __init__(
        self, engine: EngineSetup, setup: ChannelSetup, since: Mapping[SourceName, datetime],
        rows: Sequence[LineToBook],
    ) -> None:  # fmt: skip
        self._since = since
        self._rules = setup.rules
        skus = {demand.sku for row in rows for demand in demands(row.line, setup.rules, row.known)}
        self._positions: Mapping[Sku, Sequence[Position]] = engine.ledger.positions(skus)

    def takings(self, row: LineToBook) -> Takings:
        """What one line takes from sources that are written back."""
        found: list[Taking] = []
        waits, whole = False, True
        for demand in demands(row.line, self._rules, row.known):
            positions = {item.place: item for item in self._positions.get(demand.sku, ())}
            places = booked_at(demand, list(positions))
            written = [place for place in places if place.source in self._since]
            whole = whole and bool(places) and len(written) == len(places)
            drawn = {draw.source for draw in demand.rule.stock.draws}
            waits = waits or (not places and bool(drawn & self._since.keys()))
            found += [
                Taking(sku=demand.sku, place=place, units=demand.units)
                for place in written
                if self._is_ours(row.line, positions[place])
            ]
        return Takings(rows=tuple(found), open=waits, whole=whole)

    def _is_ours(self, line: OrderLine, position: Position) -> bool:
        """Neither booked by the merchant before we began, nor without stock keeping."""
        since = self._since[position.place.source]
        left_before = line.left_at is not None and line.left_at < since
        return not left_before and position.state is not State.UNTRACKED

"""What must hold after every crash, judged by the shop's own log and, at the end, by the ledger.

The names are those of the crash-test design: I1 the shop shows the wish, I2 every order is booked once,
I3 every effect had an intent of its own before it, I4 nothing older lands last, I5 the ledger is sound and
nothing is undecided, I7 report and shop count the same, I8 one request at a time for one product. I6, every
webhook that was answered is worked off once, needs a daemon: `tests/process/web/test_storm.py` judges it.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.process.crash.world import World

LATE = 2.0
"""Seconds for which a request of a dead process may still be on its way when the next one has begun."""
Place = tuple[str, str]
"""A listing and the field that is written."""


@dataclass(frozen=True)
class Intended:
    """One row that was about to be sent: a value, and from when until when it was the latest for its place."""

    number: int
    value: int
    begun: float
    ended: float = float("inf")


@dataclass(frozen=True)
class Effect:
    """What a place was set to, and the newest intent that may have done it; 0 where there is none."""

    value: int
    number: int


@dataclass
class Judge:
    """Remembers how far the shop's log was read, which intents had their effect, and the last effects."""

    world: World
    seen: int = 0
    effects: int = 0
    spent: set[int] = field(default_factory=set)
    last: dict[Place, Effect] = field(default_factory=dict)

    def violations(self) -> list[str]:
        """Everything that is wrong now; the world must be quiet."""
        with sqlite3.connect(
            f"file:{self.world.keeper.folder}/ledger.db?mode=ro", uri=True
        ) as ledger:
            found = [
                *self._shown(),
                *self._booked(ledger),
                *self._intended(ledger),
                *self._sound(ledger),
                *self._one_at_a_time(),
            ]
        ledger.close()
        return found

    def _shown(self) -> Iterator[str]:
        products = self.world.keeper.control.get("state")["products"]
        assert isinstance(products, list)
        shown = {
            sku["seller_sku"]: (sku["available"], sku["price"])
            for product in products
            for sku in product["skus"]
        }
        for sku, wish in self.world.wish().items():
            if shown[sku] != wish:
                yield f"I1 {sku} shows {shown[sku]}, should show {wish}"

    def _booked(self, ledger: sqlite3.Connection) -> Iterator[str]:
        rows = ledger.execute(
            "select order_id, seller_sku, sum(units) from order_line group by order_id, seller_sku"
        ).fetchall()
        booked = sorted((order, sku, units) for order, sku, units in rows)
        bought = sorted((order, *what) for order, what in self.world.bought.items())
        if booked != bought:
            yield f"I2 orders booked {booked} are not those bought {bought}"

    def _intended(self, ledger: sqlite3.Connection) -> Iterator[str]:
        """A write that had an effect is never repeated, so one intent answers for one effect at most."""
        intents, newest = _intents(ledger)
        for listing, name, value, at in self._new_effects():
            place = listing, name
            alike = [
                one
                for one in intents.get(place, ())
                if one.value == value and one.number not in self.spent and one.ended + LATE >= at
            ]
            begun = [one.number for one in alike if one.begun <= at]
            self.last[place] = Effect(value, max(begun, default=0))
            if begun:
                self.spent.add(min(begun))
            elif alike:
                yield f"I3 {listing} {name} was set to {value} before its intent was written"
            else:
                yield f"I3 {listing} {name} was set to {value} without an intent"
        for place, last in self.last.items():
            taken = newest.get(place)
            if taken is not None and taken.number >= last.number and taken.value != last.value:
                yield f"I4 {place} was last set to {last.value}, the newest write was {taken.value}"

    def _new_effects(self) -> Iterator[tuple[str, str, int, float]]:
        entries = self.world.keeper.control.get(f"journal?since={self.seen}")["entries"]
        assert isinstance(entries, list)
        for entry in entries:
            self.seen = entry["seq"]
            for item in entry.get("applied") or ():
                self.effects += 1
                if "quantity" in item:
                    yield item["sku_id"], "quantity", item["quantity"], entry["at"]
                else:
                    yield item["sku_id"], "price", round(float(item["price"]) * 100), entry["at"]

    def _sound(self, ledger: sqlite3.Connection) -> Iterator[str]:
        checked = ledger.execute("pragma integrity_check").fetchall()
        if checked != [("ok",)]:
            yield f"I5 the ledger is not sound: {checked}"
        query = "select count(*) from change where verdict in ('unknown', 'accepted')"
        open_ = ledger.execute(query).fetchone()[0]
        if open_:
            yield f"I5 {open_} writes are still undecided"

    def _one_at_a_time(self) -> Iterator[str]:
        most = self.world.keeper.control.get("stats")["max_in_flight_per_product"]
        if isinstance(most, int) and most > 1:
            yield f"I8 {most} requests for one product at once"


def _intents(
    ledger: sqlite3.Connection,
) -> tuple[Mapping[Place, Sequence[Intended]], Mapping[Place, Effect]]:
    """What was about to be sent, oldest first, and the newest of it that the shop says it took.

    A process may die before the shop's answer: what it had sent may have had its effect, too.
    """
    intents: defaultdict[Place, list[Intended]] = defaultdict(list)
    newest: dict[Place, Effect] = {}
    query = (
        "select id, listing_id, field, sent, intent_at, verdict = 'verified' or acknowledged "
        "from change order by id"
    )
    for number, listing, name, sent, micros, taken in ledger.execute(query):
        place, at = (listing, name), micros / 1e6
        if intents[place]:
            intents[place][-1] = replace(intents[place][-1], ended=at)
        intents[place].append(Intended(number, sent, at))
        if taken:
            newest[place] = Effect(sent, number)
    return intents, newest


def report_violations(world: World, journal: Mapping[str, object]) -> list[str]:
    """I7: what the report of the last, undisturbed run says it did is what the shop's log of it says."""
    report = json.loads(world.warm.printed())["channels"][0]
    entries = journal["entries"]
    assert isinstance(entries, list)
    requests = [entry for entry in entries if entry["kind"] == "request"]
    effects = sorted(
        (item["sku_id"], str(item["quantity"] if "quantity" in item else item["price"]))
        for entry in requests
        for item in entry.get("applied") or ()
    )
    told = sorted(
        (row["listing_id"], str(row["after"]))
        for row in report["changes"]
        if row["outcome"] in {"verified", "accepted", "contradicted"}
    )
    found = []
    if effects != told:
        found.append(f"I7 the report tells of {told}, the shop's log of {effects}")
    if len(requests) != report["requests"]["sent"]:
        found.append(f"I7 {report['requests']['sent']} requests told, {len(requests)} arrived")
    return found

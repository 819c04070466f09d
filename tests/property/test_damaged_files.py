"""Named damages of a stock file, thirty samples each, through a whole cycle: what the shop is told."""

import os
import random
import shutil
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from syncd.domain.identity import ListingRef
from syncd.domain.listing import Listing
from syncd.domain.report import Report
from syncd.domain.rules import Limits, PriceRule
from tests.fakes.clock import FakeClock
from tests.fakes.csv_files import put, source_of
from tests.fakes.damages import COMPARED, LOSING_NO_SKU, PLAUSIBLE, Damage
from tests.fakes.shopfloor import STOCK, Shopfloor

SAMPLES = 30
UNTIL_GONE = 10
"""So many samples are read once more when a missing row has been held for long enough."""
SKUS = [f"{'SKU' if number % 10 else 'ÄÖÜ'}-{number:03}" for number in range(80)]
COLUMNS = {"columns": {"sku": "SKU", "quantity": "Qty", "price": "Price"}}
YESTERDAY = {sku: (10 + number * 7 % 90, 500 + number) for number, sku in enumerate(SKUS)}
PRICES = PriceRule(
    source=STOCK, currency="USD", floor=Decimal(1), ceiling=Decimal(900), max_move=Decimal("0.2")
)
Table = dict[str, tuple[int, int]]
"""Units and cents by SKU."""


def today(chance: random.Random) -> Table:
    """Some sales and some new prices since yesterday: what an ordinary file says."""
    table = dict(YESTERDAY)
    for sku in chance.sample(SKUS, 8):
        table[sku] = (max(0, table[sku][0] + chance.randint(-9, 9)), table[sku][1])
    for sku in chance.sample(SKUS, 4):
        table[sku] = (table[sku][0], table[sku][1] + chance.randint(1, 40))
    return table


def content_of(table: Table) -> str:
    rows = (f"{sku},{units},{cents / 100:.2f},mug\n" for sku, (units, cents) in table.items())
    return "SKU,Qty,Price,Title\n" + "".join(rows)


@dataclass(frozen=True)
class Evening:
    """A quiet shop that shows what yesterday's file says, and the ledger that knows it."""

    folder: Path
    shop: dict[ListingRef, Listing]
    at: datetime
    answers: dict[int, set[tuple[str, str, int]]] = field(default_factory=dict)

    def right(self, sample: int, folder: Path) -> set[tuple[str, str, int]]:
        """What the shop is told when the file of this sample comes whole."""
        if sample not in self.answers:
            content = content_of(today(random.Random(sample))).encode()
            self.answers[sample], _ = self.told(content, folder / "whole")
        return self.answers[sample]

    def told(
        self, content: bytes, folder: Path, *, a_day_later: bool = False
    ) -> tuple[set[tuple[str, str, int]], list[Report]]:
        """What the shop was told in the two cycles after this file came, and their reports.

        And in a third one, when the same file has come again and no missing row is held any more.
        """
        folder.mkdir(exist_ok=True)
        shutil.copyfile(self.folder / "ledger.db", folder / "ledger.db")
        with opened(folder, self.at) as floor:
            floor.shop.shop.update(self.shop)
            place(floor, content)
            reports = [floor.cycle()]
            floor.clock.advance(1_200)
            reports.append(floor.cycle())
            if a_day_later:
                floor.clock.advance(25 * 3_600)
                place(floor, content)
                reports.append(floor.cycle())
            told = set(floor.shop.journal)
        return told, reports


def opened(folder: Path, at: datetime) -> closing[Shopfloor]:
    clock = FakeClock(at)
    floor = Shopfloor(folder, clock=clock, price=PRICES, limits=Limits())
    floor.stock_file = source_of(folder, clock, **COLUMNS)
    return closing(floor)


def place(floor: Shopfloor, content: bytes) -> None:
    """An export that was finished ten minutes ago."""
    path = put(floor.folder, content)
    moment = (floor.clock.now() - timedelta(minutes=10)).timestamp()
    os.utime(path, (moment, moment))


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Evening:
    folder = tmp_path_factory.mktemp("evening")
    with opened(folder, FakeClock().now()) as floor:
        for sku, (units, cents) in YESTERDAY.items():
            floor.shop.list_sku(sku, f"{cents / 100:.2f}", W1=units)
        place(floor, content_of(YESTERDAY).encode())
        floor.cycle()
        assert [] == floor.shop.journal
        at = floor.clock.now() + timedelta(hours=12)
        shop = dict(floor.shop.shop)
    return Evening(folder, shop, at)


def test_the_undamaged_file_is_sent_as_it_is(evening: Evening, tmp_path: Path) -> None:
    table = today(random.Random(1))
    told, _ = evening.told(content_of(table).encode(), tmp_path)

    assert {
        (sku, which, after)
        for sku in SKUS
        for which, before, after in zip(
            ("quantity", "price"), YESTERDAY[sku], table[sku], strict=True
        )
        if before != after
    } == told


@pytest.mark.parametrize("damage", COMPARED, ids=lambda damage: damage.__name__)
def test_no_value_of_a_damaged_file_is_sent_that_the_whole_file_would_not_send(
    damage: Damage, evening: Evening, tmp_path: Path
) -> None:
    for sample in range(SAMPLES):
        chance = random.Random(sample)
        content = content_of(today(chance))
        right = evening.right(sample, tmp_path)
        told, _ = evening.told(
            damage(content, chance),
            tmp_path / "damaged",
            a_day_later=damage in LOSING_NO_SKU and sample < UNTIL_GONE,
        )

        assert set() == told - right, (damage.__name__, sample)


@pytest.mark.parametrize("damage", PLAUSIBLE, ids=lambda damage: damage.__name__)
def test_numbers_that_no_check_of_a_file_can_doubt_are_stopped_by_the_limits(
    damage: Damage, evening: Evening, tmp_path: Path
) -> None:
    for sample in range(SAMPLES):
        chance = random.Random(sample)
        content = content_of(today(chance))
        right = evening.right(sample, tmp_path)
        told, reports = evening.told(damage(content, chance), tmp_path / "damaged")

        assert set() == told - right, (damage.__name__, sample)
        assert ["held", "held"] == [report.status().value for report in reports]

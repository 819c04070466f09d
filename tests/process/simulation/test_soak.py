"""A simulated day in which every kind of call fails, the process dies, tokens end and clocks jump."""

from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.tiktok_shop.channel import TikTokShopChannel
from syncd.ports.channel import OrderFeed
from syncd.simulation.laws import Broken, Law
from syncd.simulation.world import World
from tests.process.simulation.soak import EVERY_TWENTIETH, Soak, Soaked, soak
from tests.process.simulation.world import PROOF

CALLS = {
    "search of products": "/product/202502/products/search",
    "look at live stock": "/product/202309/inventory/search",
    "write of stock": "/product/202309/products/{id}/inventory/update",
    "write of a price": "/product/202309/products/{id}/prices/update",
    "search of orders": "/order/202309/orders/search",
    "renewal of the token": "/api/v2/token/refresh",
    "reading of the source": "reading",
    "write-back": "write-back",
}
DAYS = 7 if PROOF else 1
SEEDS = range(1, 4) if PROOF else (7,)
ROUGH = Soak(seed=7, skus=8, buyers=70, crash_every=600.0)
LARGE = Soak(seed=3, skus=300, buyers=1_200, crash_every=240.0)
LONG_LIFE = Soak(
    seed=3, skus=6, buyers=20, crash_every=0.0, way="the page of the daemon", hours=DAYS * 24.0
)
MORNING, NOON, NIGHT = (6.5, 8.5, 10.5), 12.0, (18.0, 20.0, 22.0, 24.0)
AFTERWARDS = tuple(hour + (DAYS - 1) * 24.0 for hour in NIGHT)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_faults_and_crashes_ends_with_everything_as_it_should_be(seed: int) -> None:
    """`soak` holds it against the laws. Here: that it was as bad as it says, and what it left behind."""
    wanted = replace(LARGE if PROOF else ROUGH, seed=seed)
    after = soak(wanted, (*MORNING, NOON, *NIGHT))
    assert after.crashes > 24 * 3_600 / wanted.crash_every / 2
    assert after.connected > 1
    assert after.booked > wanted.buyers / 4
    assert "" == never_struck(after)
    assert "" == grown(after, MORNING, NIGHT, memory=LIVES_IN_ONE_PROCESS)
    assert "" == swollen(after, NOON, 24.0)


def test_one_process_that_lives_on_holds_no_more_in_the_end() -> None:
    after = soak(LONG_LIFE, (*MORNING, *AFTERWARDS))
    assert "" == grown(after, MORNING, AFTERWARDS)


def test_a_source_that_forgets_keys_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = World.adjust

    def forgetful(self: World, key: str, sku: str, units: int) -> int:
        self.merchant.answered.pop(key, None)
        return honest(self, key, sku, units)

    monkeypatch.setattr(World, "adjust", forgetful)
    with pytest.raises(Broken) as broken:
        soak(replace(ROUGH, buyers=300, misfortune=replace(EVERY_TWENTIETH, lost_answer=0.3)), ())
    assert Law.BOOKED_ONCE is broken.value.law


def test_a_connector_that_keeps_what_it_read_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest, files = TikTokShopChannel.orders, ExitStack()

    def hoarding(
        self: TikTokShopChannel, since: datetime | None
    ) -> AbstractContextManager[OrderFeed]:
        hoard = self.__dict__.setdefault("hoard", [])
        hoard.append(bytes(1_000))
        files.enter_context(Path(__file__).open())  # noqa: SIM115 - closed at the end
        return honest(self, since)

    monkeypatch.setattr(TikTokShopChannel, "orders", hoarding)
    with files:
        after = soak(replace(LONG_LIFE, hours=4.0), (1.0, 2.0, 3.0, 4.0))
    assert grown(after, (1.0, 2.0), (3.0, 4.0)).startswith("memory, files: ")


def test_a_ledger_that_forgets_nothing_is_found() -> None:
    remembering = replace(ROUGH, hours=8.0, retention=timedelta(days=90))
    assert "" != swollen(soak(remembering, (4.0, 8.0)), 4.0, 8.0)


HOLDS_MORE = 1.02
POOLED = 2
"""Files by which two moments differ by chance: a pooled connection opens SQLite's log when it is used."""
LIVES_IN_ONE_PROCESS = 1.4
"""Each simulated life leaves what SQLAlchemy compiled for its engine, up to a hundred of them."""


def never_struck(after: Soaked) -> str:
    """Kinds of call that no misfortune struck."""
    by_kind: Counter[str] = Counter()
    for (kind, _), times in after.struck.items():
        by_kind[kind] += times
    return ", ".join(name for name, kind in CALLS.items() if not by_kind[kind])


def grown(
    after: Soaked, before: Iterable[float], then: Iterable[float], memory: float = HOLDS_MORE
) -> str:
    """What was never again held as little of."""
    early, late = ([after.samples[hour] for hour in hours] for hours in (before, then))
    held = [min(sample.memory for sample in some) for some in (early, late)]
    files = [min(sample.files for sample in some) for some in (early, late)]
    found = {"memory": held[1] > memory * held[0], "files": files[1] > files[0] + POOLED}
    names = ", ".join(name for name, more in found.items() if more)
    return (
        f"{names}: {held[0]} bytes and {files[0]} files, then {held[1]} and {files[1]}"
        if names
        else ""
    )


def swollen(after: Soaked, half: float, whole: float) -> str:
    """How the ledger grew in the second half of the time, if that is by more than half."""
    noon, end = after.samples[half], after.samples[whole]
    more = end.ledger > 1.5 * noon.ledger or end.rows > 1.5 * noon.rows
    return f"{noon.ledger} bytes, {noon.rows} rows; then {end.ledger}, {end.rows}" if more else ""

"""How much of a shop's limit `apply` uses: known, learned, while it moves; and requests per changed product."""

import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measuring import say
from tests.process.conftest import MAIN, Shopkeeper, shopkeeper_of

LIMIT = 20.0
LATENCY = 0.08
WINDOW = 60.0
THROTTLED = 36009002
TERMS = "    limits: {changed: 100%, to_zero: 100%, at_least: 100000}\n"
GLANCE = 0.2
"""Seconds between two looks for the first write."""


@dataclass(frozen=True)
class Phase:
    """For so many seconds the shop takes so many requests per second."""

    limit: float
    seconds: float


PHASES = (Phase(20, 60), Phase(5, 60), Phase(30, 180))


@dataclass(frozen=True)
class Request:
    """One request that the shop saw."""

    at: float
    path: str
    refused: bool


def main() -> None:
    """Print the table."""
    say(
        f"\nPushing at {LIMIT:.0f} requests/s and {LATENCY * 1000:.0f} ms; shares of what is allowed in 60 s"
    )
    _steady("known limit (rate: 20)", "20", must=0.97)
    _steady("learned limit (rate: auto)", "auto", must=0.93)
    _moving()
    _per_product()


def _steady(name: str, rate: str, must: float) -> None:
    with _shop(1_400, 1, rate) as keeper:
        requests = _pushed(keeper)
        stats = keeper.control.get("stats")
    first = min(request.at for request in requests)
    within = [request for request in requests if request.at < first + WINDOW]
    used = sum(not request.refused for request in within) / (LIMIT * WINDOW)
    verdict = "ok" if used >= must else "MISSED"
    say(
        f"  {name:30} {used:6.1%} used (must {must:.0%}: {verdict}), {_refused(requests):.2%} refused, "
        f"at most {_busiest(requests)} accepted and {stats['max_in_one_second']} sent in any second"
    )


def _moving() -> None:
    """One push through all phases; shares of each phase, and of the whole."""
    allowed = sum(phase.limit * phase.seconds for phase in PHASES)
    with _shop(round(allowed), 1, "auto") as keeper:
        mover = threading.Thread(target=_move, args=(keeper,))
        mover.start()
        requests = _pushed(keeper)
        mover.join()
    begin = min(request.at for request in requests)
    end = begin + sum(phase.seconds for phase in PHASES)
    during = [one for one in requests if one.at < end]
    used = sum(not one.refused for one in during) / allowed
    path = " → ".join(f"{phase.limit:.0f}" for phase in PHASES)
    say(f"  {f'limit moves {path}':30} {used:6.1%} used, {_refused(during):.2%} refused")
    for phase in PHASES:
        _phase(phase, [one for one in during if begin <= one.at < begin + phase.seconds], begin)
        begin += phase.seconds


def _phase(phase: "Phase", requests: Sequence[Request], begin: float) -> None:
    used = sum(not one.refused for one in requests) / (phase.limit * phase.seconds)
    reached = next(
        (
            second
            for second in range(int(phase.seconds) - 5)
            if _taken(requests, begin + second, begin + second + 5) >= 0.9 * phase.limit
        ),
        None,
    )
    followed = "never reached" if reached is None else f"nine tenths of it after {reached} s"
    say(
        f"    {phase.limit:3.0f}/s for {phase.seconds:3.0f} s             {used:6.1%} used, "
        f"{_refused(requests):.2%} refused, {followed}"
    )


def _taken(requests: Sequence[Request], begin: float, end: float) -> float:
    return sum(not one.refused for one in requests if begin <= one.at < end) / (end - begin)


def _move(keeper: Shopkeeper) -> None:
    """Move the limit from the moment of the first write on."""
    seen = len(_entries(keeper, 0))
    while not any(str(entry.get("path")).endswith("/update") for entry in _entries(keeper, seen)):
        time.sleep(GLANCE)
    for phase in PHASES:
        keeper.control.post("settings", rate=phase.limit)
        time.sleep(phase.seconds)


def _entries(keeper: Shopkeeper, since: int) -> list[dict[str, object]]:
    entries = keeper.control.get(f"journal?since={since}")["entries"]
    assert isinstance(entries, list)
    return entries


def _per_product() -> None:
    with _shop(100, 10, "200") as keeper:
        keeper.control.post("settings", rate=0)
        writes = [one for one in _pushed(keeper) if one.path.endswith("/update")]
    say(f"  100 products of 10 SKUs, all changed: {len(writes)} writes (must 100)")


@contextmanager
def _shop(products: int, skus: int, rate: str) -> Iterator[Shopkeeper]:
    """A shop that has just been adopted, and a stock file in which every SKU is new."""
    seed: dict[str, object] = {
        "products": [
            {"title": f"p{number}", "skus": [
                {"seller_sku": f"S{number}-{one}", "price": "9.00", "stock": {MAIN: 10}}
                for one in range(skus)]}
            for number in range(products)
        ]
    }  # fmt: skip
    names = [f"S{number}-{one}" for number in range(products) for one in range(skus)]
    with (
        tempfile.TemporaryDirectory() as name,
        shopkeeper_of(Path(name), seed) as keeper,
    ):
        path = keeper.folder / "syncd.yaml"
        path.write_text(path.read_text().replace("rate: 200", f"rate: {rate}") + TERMS)
        keeper.stock(dict.fromkeys(names, 10))
        keeper.syncd("apply")
        keeper.stock(dict.fromkeys(names, 9))
        keeper.control.post("settings", rate=LIMIT, latency=LATENCY)
        yield keeper


def _pushed(keeper: Shopkeeper) -> Sequence[Request]:
    """Everything the shop saw from the first write on."""
    before = len(_entries(keeper, 0))
    keeper.syncd("apply", timeout=1_200)
    requests = [
        Request(float(str(entry["at"])), str(entry["path"]), entry.get("code") == THROTTLED)
        for entry in _entries(keeper, before)
        if entry["kind"] == "request"
    ]
    first = min(one.at for one in requests if one.path.endswith("/update"))
    return [one for one in requests if one.at >= first]


def _refused(requests: Sequence[Request]) -> float:
    return sum(request.refused for request in requests) / max(1, len(requests))


def _busiest(requests: Sequence[Request]) -> int:
    """The most accepted requests in any one second."""
    times = sorted(request.at for request in requests if not request.refused)
    most = left = 0
    for right, moment in enumerate(times):
        while times[left] <= moment - 1.0:
            left += 1
        most = max(most, right - left + 1)
    return most

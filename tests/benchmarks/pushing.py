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
MOVES = ((0.0, 20.0), (20.0, 5.0), (40.0, 30.0))
"""Seconds after the first write, and the limit from then on."""


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
    with _shop(1_400, 1, "auto") as keeper:
        mover = threading.Thread(target=_move, args=(keeper,))
        mover.start()
        requests = _pushed(keeper)
        mover.join()
    first = min(request.at for request in requests)
    for (start, limit), (end, _) in zip(MOVES, (*MOVES[1:], (WINDOW, 0.0)), strict=True):
        within = [one for one in requests if first + start <= one.at < first + end]
        used = sum(not one.refused for one in within) / (limit * (end - start))
        say(
            f"  moving limit, {limit:3.0f}/s                {used:6.1%} used, {_refused(within):.2%} refused"
        )


def _move(keeper: Shopkeeper) -> None:
    begun = time.monotonic()
    for after, limit in MOVES:
        time.sleep(max(0.0, begun + after - time.monotonic()))
        keeper.control.post("settings", rate=limit)


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
    before = keeper.control.get("journal")["entries"]
    assert isinstance(before, list)
    keeper.syncd("apply", timeout=600)
    entries = keeper.control.get(f"journal?since={len(before)}")["entries"]
    assert isinstance(entries, list)
    requests = [
        Request(entry["at"], entry["path"], entry.get("code") == THROTTLED)
        for entry in entries
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

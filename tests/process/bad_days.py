"""What tests of a daemon's bad days look at: what the shop was told, and whether all has come to rest."""

import json
from collections.abc import Callable
from itertools import pairwise

from syncd.domain.identity import ChannelName
from syncd.ledger.store import SqlLedger, open_ledger
from syncd.ports import SystemClock
from tests.process.conftest import Shopkeeper
from tests.process.daemons import until

SHOP = ChannelName("shop")
SKUS = 50
LIMITS = "    limits: {changed: 100%, to_zero: 100%, at_least: 1000}\n"
STOCK = {f"S{number:03}": 10 for number in range(SKUS)}


def round_of(number: int) -> dict[str, int]:
    """Another number for every SKU in every round."""
    return dict.fromkeys(STOCK, 20 + number)


def ledger_of(keeper: Shopkeeper) -> SqlLedger:
    return open_ledger(f"sqlite:///{keeper.folder / 'ledger.db'}", SystemClock())


def decided(keeper: Shopkeeper) -> bool:
    """Whether every request's result is known."""
    with ledger_of(keeper) as ledger:
        return not ledger.unresolved(SHOP)


def waiting(keeper: Shopkeeper) -> int:
    """How many SKUs the next cycle looks at."""
    with ledger_of(keeper) as ledger:
        return ledger.dirty_count(SHOP)


def until_all_is_well(keeper: Shopkeeper, stock: dict[str, int]) -> None:
    """Wait until the shop shows the stock and nothing is undecided."""
    until(lambda: keeper.shown() == stock, "the shop shows the stock file")
    until(lambda: decided(keeper), "nothing is undecided")


def told(keeper: Shopkeeper, since: int = 0) -> dict[str, list[int]]:
    """What the shop was told to show, in order, by listing; `since` an entry of its journal."""
    found: dict[str, list[int]] = {}
    entries = keeper.control.get(f"journal?since={since}")["entries"]
    assert isinstance(entries, list)
    for entry in entries:
        for item in entry.get("applied") or ():
            if "quantity" in item:
                found.setdefault(item["sku_id"], []).append(item["quantity"])
    return found


def sending(keeper: Shopkeeper, since: int) -> Callable[[], bool]:
    """Whether the shop was told anything since that entry."""
    return lambda: bool(told(keeper, since))


def said_twice(keeper: Shopkeeper) -> list[str]:
    """Listings that were told the same number twice running."""
    return [
        listing for listing, numbers in told(keeper).items()
        if any(one == other for one, other in pairwise(numbers))
    ]  # fmt: skip


def last_entry(keeper: Shopkeeper) -> int:
    entries = keeper.control.get("journal")["entries"]
    assert isinstance(entries, list)
    return int(entries[-1]["seq"])


def listed(keeper: Shopkeeper) -> int:
    """How many listings the ledger knows."""
    with ledger_of(keeper) as ledger:
        return ledger.listing_count(SHOP)


def state(keeper: Shopkeeper) -> str:
    """What `syncd status` says of the channel."""
    return str(json.loads(keeper.syncd("status", "--json").stdout)["channels"][0]["state"])

"""Random bytes of a ledger flipped: it is told with what helps, or does no harm; nothing wrong is ever sent."""

import random
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.process.crash.counting import PROOF
from tests.process.crash.world import World, world_of

SAMPLES = 500 if PROOF else 40
FLIPS = (1, 2, 5, 20, 100)
HELP = ("move the file away and run again", "run `syncd connect shop`")
PLENTY = 49
"""As many as no limit holds for being unheard of."""
SPARE = ("", "-wal", "-shm")


def flipped(content: bytes, flips: int, chance: random.Random) -> bytes:
    """The content with so many bytes changed."""
    damaged = bytearray(content)
    for _ in range(flips):
        damaged[chance.randrange(len(damaged))] ^= chance.randrange(1, 256)
    return bytes(damaged)


def put_ledger(folder: Path, content: bytes) -> None:
    """The only ledger there is."""
    for end in SPARE:
        (folder / f"ledger.db{end}").unlink(missing_ok=True)
    (folder / "ledger.db").write_bytes(content)


def sell_elsewhere(world: World) -> None:
    """A few SKUs get fewer, or many again; mostly fewer, because a raise waits a second for orders."""
    for sku in world.dice.sample(sorted(world.on_hand), 4):
        left = world.on_hand[sku] - world.dice.randint(1, 5)
        world.on_hand[sku] = left if left >= 0 else PLENTY
    world.export()


@dataclass
class Witness:
    """Reads the shop's own log as it grows."""

    world: World
    seen: int = 0

    def news(self) -> list[dict[str, list[dict[str, str]]]]:
        """What was logged since the last look."""
        found = self.world.keeper.control.get(f"journal?since={self.seen}")["entries"]
        assert isinstance(found, list)
        self.seen = found[-1]["seq"] if found else self.seen
        return found

    def wrong(self) -> list[str]:
        """Everything the shop was told since the last look that it should not have been told."""
        products = self.world.keeper.control.get("state")["products"]
        assert isinstance(products, list)
        skus = {sku["id"]: sku["seller_sku"] for product in products for sku in product["skus"]}
        wish = self.world.wish()
        found = []
        for item in (item for entry in self.news() for item in entry.get("applied") or ()):
            sku = skus[item["sku_id"]]
            units, price = wish[sku]
            if item.get("quantity", units) != units or float(item.get("price", price)) != float(
                price
            ):
                found.append(f"{sku} was told {item}, should show {units} for {price}")
        return found


def verdict(world: World, code: int) -> str:
    """What came of an apply on a damaged ledger: `harmless`, `told`, or what is wrong."""
    printed = " ".join(world.warm.printed().split())
    if "Traceback" in printed:
        return f"a traceback: {printed[-300:]}"
    if code == 0:
        shown = {sku: units for sku, (units, _) in world.wish().items()}
        return "harmless" if shown == world.keeper.shown() else "clean, but the shop is not right"
    return "told" if any(text in printed for text in HELP) else f"exit {code}: {printed[-300:]}"


def test_flipped_bytes_are_told_or_do_no_harm(tmp_path: Path) -> None:
    chance = random.Random(20261128)
    with world_of(tmp_path, 30, 11) as world:
        world.move(20)
        world.on_hand = dict.fromkeys(world.on_hand, PLENTY)
        world.export()
        assert 0 == world.quieten()[-1], world.warm.printed()
        kept = (tmp_path / "ledger.db").read_bytes()
        verdicts: Counter[str] = Counter()
        witness = Witness(world)
        witness.news()
        for number in range(SAMPLES):
            flips = chance.choice(FLIPS)
            put_ledger(tmp_path, flipped(kept, flips, chance))
            sell_elsewhere(world)
            verdicts[verdict(world, world.warm.run("apply"))] += 1

            assert [] == witness.wrong(), f"sample {number}, {flips} flips"

    assert {"harmless", "told"} == set(verdicts), verdicts


@pytest.mark.parametrize("kept", [4096, 0], ids=["all but the first page is lost", "all is lost"])
def test_what_the_message_says_helps(tmp_path: Path, kept: int) -> None:
    """Moving the damaged file away and running again reads everything anew, orders included."""
    with world_of(tmp_path, 30, 12) as world:
        world.move(20)
        assert 0 == world.quieten()[-1], world.warm.printed()
        content = (tmp_path / "ledger.db").read_bytes()
        put_ledger(tmp_path, content[:kept] + b"\xff" * (len(content) - kept if kept else 0))
        world.move(4)
        witness = Witness(world)
        witness.news()
        code, told = world.warm.run("apply"), world.warm.printed()
        shutil.move(tmp_path / "ledger.db", tmp_path / "damaged.db")
        auth_code = str(world.keeper.control.post("auth_code")["auth_code"])
        connected = world.warm.run("connect", "shop", "--auth-code", auth_code)
        wrong = witness.wrong()
        codes = world.quieten()

        assert (1, 0, []) == (code, connected, wrong)
        assert "is damaged" in " ".join(told.split())
        assert "move the file away and run again" in " ".join(told.split())
        assert 0 == codes[-1], world.warm.printed()
        assert {sku: units for sku, (units, _) in world.wish().items()} == world.keeper.shown()

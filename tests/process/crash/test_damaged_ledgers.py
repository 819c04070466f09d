"""Random bytes of a ledger flipped: it is told with what helps, or does no harm; nothing wrong is ever sent."""

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.process.crash.counting import PROOF
from tests.process.crash.world import World, world_of

SAMPLES = 500 if PROOF else 40
FLIPS = (1, 2, 5, 20, 100)
HELP = ("restore the newest backup beside it", "run `syncd connect shop`")
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


def restock(world: World) -> None:
    """Another number for a few SKUs, none that a limit would hold."""
    for sku in world.dice.sample(sorted(world.on_hand), 4):
        world.on_hand[sku] = world.dice.randrange(0, 50)
    world.export()


def wrong_effects(world: World, since: int) -> Iterator[str]:
    """Everything the shop was told to show since then that it should not show."""
    products = world.keeper.control.get("state")["products"]
    assert isinstance(products, list)
    skus = {sku["id"]: sku["seller_sku"] for product in products for sku in product["skus"]}
    wish = world.wish()
    for entry in entries(world)[since:]:
        for item in entry.get("applied") or ():
            sku = skus[item["sku_id"]]
            units, price = wish[sku]
            if item.get("quantity", units) != units:
                yield f"{sku} was set to {item['quantity']}, should be {units}"
            if float(item.get("price", price)) != float(price):
                yield f"{sku} was priced {item['price']}, should be {price}"


def entries(world: World) -> list[dict[str, list[dict[str, str]]]]:
    """The shop's own log."""
    found = world.keeper.control.get("journal")["entries"]
    assert isinstance(found, list)
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
        assert 0 == world.quieten()[-1], world.warm.printed()
        kept = (tmp_path / "ledger.db").read_bytes()
        verdicts: Counter[str] = Counter()
        for number in range(SAMPLES):
            flips = chance.choice(FLIPS)
            put_ledger(tmp_path, flipped(kept, flips, chance))
            restock(world)
            before = len(entries(world))
            verdicts[verdict(world, world.warm.run("apply"))] += 1

            assert [] == list(wrong_effects(world, before)), f"sample {number}, {flips} flips"

    assert {"harmless", "told"} == set(verdicts), verdicts


def test_what_the_message_says_helps(tmp_path: Path) -> None:
    """Moving the damaged file away and running again reads everything anew, orders included."""
    with world_of(tmp_path, 30, 12) as world:
        world.move(20)
        assert 0 == world.quieten()[-1], world.warm.printed()
        content = bytearray((tmp_path / "ledger.db").read_bytes())
        content[4096:] = b"\xff" * (len(content) - 4096)
        put_ledger(tmp_path, bytes(content))
        world.move(4)
        before = len(entries(world))
        code, told = world.warm.run("apply"), world.warm.printed()
        shutil.move(tmp_path / "ledger.db", tmp_path / "damaged.db")
        auth_code = str(world.keeper.control.post("auth_code")["auth_code"])
        connected = world.warm.run("connect", "shop", "--auth-code", auth_code)
        wrong = list(wrong_effects(world, before))
        codes = world.quieten()

        assert (1, 0, []) == (code, connected, wrong)
        assert "move the file away and run again" in " ".join(told.split())
        assert 0 == codes[-1], world.warm.printed()
        assert {sku: units for sku, (units, _) in world.wish().items()} == world.keeper.shown()

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.tiktok_shop.sandbox.factory import FACTORY
from connectors.tiktok_shop.sandbox.options import SandboxOptions
from connectors.tiktok_shop.sandbox.ordering import Wish, move, place
from connectors.tiktok_shop.sandbox.simulator import Simulator
from connectors.tiktok_shop.webhooks import WebhookReader
from connectors.transport.simulation.replies import ConnectionDropped
from syncd.domain.identity import ChannelName
from syncd.ports.deliveries import About
from syncd.ports.sandbox import ShopSimulator, SimulatedShop
from tests.unit.tiktok_sandbox.shop_client import sign


class Simulation:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_900_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def warehouses(simulator: Simulator, now: float, token: str) -> tuple[int, dict[str, str], bytes]:
    path = "/logistics/202309/warehouses"
    query = {
        "app_key": "29a39d",
        "shop_cipher": simulator.shop.identity.cipher,
        "timestamp": str(int(now)),
    }
    query["sign"] = sign("e59af819cc", path, query, b"")
    target = path + "?" + "&".join(f"{name}={value}" for name, value in query.items())
    return simulator.handle("GET", target, {"X-TTS-Access-Token": token}, b"")


def connected(simulator: Simulator) -> str:
    identity = simulator.shop.identity
    target = (
        f"/api/v2/token/get?app_key={identity.app_key}&app_secret={identity.app_secret}"
        f"&auth_code={identity.auth_code}&grant_type=authorized_code"
    )
    answer = json.loads(simulator.handle("GET", target, {}, b"")[2])
    return str(answer["data"]["access_token"])


def test_it_runs_without_sockets_on_simulated_time() -> None:
    world = Simulation()
    options = SandboxOptions(latency=1.5, rate=1.0, token_life=60.0)
    simulator = Simulator(options, now=world.now, sleep=world.sleep)
    token = connected(simulator)
    began = world.time
    codes = []
    for wait in (0.0, 0.0, 100.0):
        world.sleep(wait)
        status, headers, body = warehouses(simulator, world.time, token)
        codes.append(json.loads(body)["code"])
        assert str(len(body)) == headers["Content-Length"], status
    assert 104.5 == world.time - began
    assert [0, 0, 105002] == codes


def test_an_answer_that_never_comes_is_an_exception() -> None:
    world = Simulation()
    options = SandboxOptions(faults=("timeout_before_commit=7:warehouses",))
    simulator = Simulator(options, now=world.now, sleep=world.sleep)
    began = world.time
    with pytest.raises(ConnectionDropped):
        warehouses(simulator, world.time, "")
    assert 7 == world.time - began


def test_a_reset_keeps_the_given_clock() -> None:
    world = Simulation()
    simulator = Simulator(SandboxOptions(clock_offset=5.0), now=world.now)
    simulator.handle("POST", "/control/settings", {}, b'{"clock_offset": 9}')
    assert world.time + 9 == simulator.world.now()
    simulator.handle("POST", "/control/reset", {}, b"")
    assert world.time + 5 == simulator.world.now()


def simulated(folder: Path, world: Simulation, **stock: int) -> SimulatedShop:
    seed = folder / "seed.json"
    skus = [{"seller_sku": sku, "stock": units} for sku, units in stock.items()]
    seed.write_text(json.dumps({"products": [{"skus": skus}]}))
    assert isinstance(FACTORY, ShopSimulator)
    return FACTORY.simulate(SandboxOptions(seed=seed, latency=9.0), world.now)


def test_buyers_of_the_same_process_take_what_is_there_and_no_more(tmp_path: Path) -> None:
    shop = simulated(tmp_path, Simulation(), SOCK=2)
    first = shop.buy("SOCK", 1)
    assert first is not None
    assert 1 == shop.available("SOCK")
    assert shop.buy("SOCK", 2) is None
    shop.put("SOCK", 5)
    assert shop.buy("SOCK", 2) is not None
    shop.ship(first)
    assert 3 == shop.available("SOCK")


def test_its_post_is_signed_and_taken_out_once(tmp_path: Path) -> None:
    shop = simulated(tmp_path, Simulation(), SOCK=2)
    order = shop.buy("SOCK", 1)
    (letter,) = shop.letters()
    assert () == tuple(shop.letters())
    told = shop.description()
    reader = WebhookReader(
        channel=ChannelName("shop"), app_key=told["app_key"], secret=SecretStr(told["app_secret"])
    )
    (hint,) = reader.read(letter.headers, letter.body).hints
    assert (About.ORDER, order) == (hint.about, hint.reference)


def test_a_search_by_update_finds_what_a_look_at_every_order_would(tmp_path: Path) -> None:
    world = Simulation()
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"products": [{"skus": [{"seller_sku": "SOCK", "stock": 99}]}]}))
    simulator = Simulator(SandboxOptions(seed=seed), now=world.now)
    sku = simulator.shop.by_seller_sku["SOCK"][0]
    orders = []
    for _ in range(6):
        world.sleep(10.0)
        orders.append(place(simulator.world, Wish(lines=((sku, 1),))).id)
    world.sleep(10.0)
    move(simulator.world, orders[0], "IN_TRANSIT", reason=None, at=None)
    for since in range(int(world.time) - 80, int(world.time) + 10, 5):
        found = {holder.live.id for holder in simulator.shop.orders_updated(since)}
        wanted = {
            each.live.id
            for each in simulator.shop.orders.values()
            if each.live.update_time >= since
        }
        assert wanted <= found
    assert {orders[0]} == {each.live.id for each in simulator.shop.orders_updated(int(world.time))}

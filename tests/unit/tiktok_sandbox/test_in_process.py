import json

import pytest

from connectors.tiktok_shop.sandbox.options import SandboxOptions
from connectors.tiktok_shop.sandbox.simulator import Simulator
from connectors.transport.simulation.replies import ConnectionDropped
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

"""`syncd unpark` as it is typed, for a SKU that stays at 0 after an out-of-stock cancellation."""

from dataclasses import replace
from pathlib import Path

import pytest

from syncd.domain.identity import Sku
from syncd.domain.orders import OrderState
from syncd.service.cli import main
from tests.fakes.memory_channel import MAIN
from tests.fakes.shopfloor import SHOP, open_floor


@pytest.fixture
def config(tmp_path: Path, mapping: str) -> str:
    """A shop that keeps A at 0, and sells B."""
    with open_floor(tmp_path) as floor:
        floor.shop.list_sku("A", W1=3)
        floor.shop.list_sku("B", W1=3)
        floor.source.set(A=3, B=3)
        floor.cycle()
        order = floor.shop.order("A", 1)
        floor.shop.advance(order, OrderState.CANCELLED)
        floor.shop.lines[order] = replace(floor.shop.lines[order], out_of_stock=True)
        floor.shop.set_stock("A", MAIN, 0)
        floor.cycle()
        assert {Sku("A")} == set(floor.ledger.sold_out(SHOP))
    return mapping


def unpark(
    config: str, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    code = main(["--config", config, "unpark", *arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_without_a_reason_it_says_how_to_lift_the_zero(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = (
        "A on shop: set to 0 after your out-of-stock cancellation, until a source moves by itself; "
        "if its stock is right, `syncd unpark A --reason TEXT`\n"
    )
    assert (0, told, "") == unpark(config, capsys, "A")
    assert (0, told, "") == unpark(config, capsys, "A")


def test_with_a_reason_it_lifts_the_zero_once(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = "A on shop may rise after your out-of-stock cancellation: counted\n"
    assert (0, told, "") == unpark(config, capsys, "A", "--reason", "counted")
    assert (0, "A was not parked\n", "") == unpark(config, capsys, "A", "--reason", "again")
    assert (0, "B was not parked\n", "") == unpark(config, capsys, "B", "--reason", "counted")


def test_status_tells_the_zero_until_it_is_lifted(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--config", config, "status"])
    before = " ".join(capsys.readouterr().out.split())
    main(["--config", config, "unpark", "A", "--reason", "counted"])
    capsys.readouterr()
    main(["--config", config, "status"])

    assert "shop: A: set to 0 after your out-of-stock cancellation, until a source moves" in before
    assert "syncd unpark A --reason TEXT" in before
    assert "syncd explain A" in before
    assert "out-of-stock" not in capsys.readouterr().out


def test_a_park_by_hand_is_taken_back_and_the_zero_stays(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--config", config, "park", "A"])
    capsys.readouterr()
    code, told, _ = unpark(config, capsys, "A")

    assert 0 == code
    assert "1 parked of A taken back\nA on shop: set to 0" in told


def test_an_empty_reason_is_none(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, trouble = unpark(config, capsys, "A", "--reason", " ")

    assert (2, "syncd: --reason: say why the stock is right\n") == (code, trouble)

"""`syncd advise` as it is typed, on a ledger that other processes may hold."""

import json
from pathlib import Path

import pytest

from syncd.service.cli import main
from tests.fakes.shopfloor import open_floor


@pytest.fixture
def config(tmp_path: Path, mapping: str) -> str:
    with open_floor(tmp_path) as floor:
        floor.shop.list_sku("A", W1=3)
        floor.source.set(A=3, B=1)
        floor.cycle()
    return mapping


def test_advice_is_text_or_one_document(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--config", config, "advise", "shop", "--sku", "A"])
    told = capsys.readouterr().out
    code += main(["--config", config, "advise", "--json", "--quantile", "99%"])
    document = json.loads(capsys.readouterr().out)

    assert 0 == code
    assert "enough for 99.9% of all moments" in told
    assert ("99%", ["shop"]) == (
        document["quantile"],
        [part["channel"] for part in document["channels"]],
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--quantile", "12"], "--quantile: '12' is no percentage; write it like 99.9%"),
        (["--quantile", "100%"], "--quantile: 100% would need all the stock there is"),
        (
            ["shop", "--sku", "A", "--sku", "NOPE"],
            "neither shop nor a source knows the SKU 'NOPE'; SKUs are compared exactly: see `syncd listings`",
        ),
        (["--sku", "B"], "no listing of shop is bound to the SKU 'B'; "),
        (["shp"], "there is no channel 'shp' in the configuration (shop); did you mean shop?"),
    ],
)
def test_what_does_not_exist_is_named(
    config: str, arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["--config", config, "advise", *arguments])
    assert expected in capsys.readouterr().err

from pathlib import Path

import pytest

from connectors.shopify.options import ShopifyOptions
from syncd.domain.errors import ConfigError
from syncd.settings.loading import load_settings
from tests.freshness import installed_kinds

HEAD = """\
sources:
  store:
    kind: shopify
    basis: available
    orders: within 15m
"""
TAIL = """\
channels:
  shop: {kind: tiktok_shop, app_key: k, app_secret: {credential: c}}
"""
TOKEN = "    token: {credential: t}\n"


def told(folder: Path, lines: str) -> list[str]:
    path = folder / "syncd.yaml"
    path.write_text(HEAD + lines + TAIL, encoding="utf-8")
    try:
        load_settings(path, installed_kinds(), {})
    except ConfigError as error:
        return [str(problem).removeprefix(f"{path}:") for problem in error.problems]
    return []


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    assert [] == told(tmp_path, "    shop: acme\n" + TOKEN)
    assert [] == told(
        tmp_path, "    shop: acme\n    client_id: x\n    client_secret: {credential: t}\n"
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (TOKEN, "this key is required"),
        ("    shop: https://acme.myshopify.com\n" + TOKEN, "does not have the expected form"),
        ("    shop: acme\n", "give either token, or client_id and client_secret"),
        (
            "    shop: acme\n    client_id: x\n" + TOKEN,
            "give either token, or client_id and client_secret",
        ),
        ("    shop: acme\n    client_id: x\n", "client_id and client_secret belong together"),
        ("    shop: acme\n    token: shpat_1\n", "this must be {credential: NAME}"),
        ("    shop: acme\n    statuses: [activ]\n" + TOKEN, "'activ' is not one of active"),
        ("    shop: acme\n    statuses: []\n" + TOKEN, "this is empty"),
        ('    shop: acme\n    locations: [""]\n' + TOKEN, "this is empty"),
        ("    shop: acme\n    overlap: 5\n" + TOKEN, "is no duration"),
        ("    shop: acme\n    bulk_from: many\n" + TOKEN, "'many' is no whole number"),
        ("    shop: acme\n    bulk_from: -1\n" + TOKEN, "must be at least 0"),
        ("    shop: acme\n    url: acme.com\n" + TOKEN, "does not have the expected form"),
        ("    shop: acme\n    price: {market: Germany}\n" + TOKEN, "the expected form"),
        ("    shop: acme\n    price: cheap\n" + TOKEN, "'cheap' is not one of price, compare_at"),
        ("    shop: acme\n    continue_selling: no\n" + TOKEN, "is not one of as_is, untracked"),
        ("    shop: acme\n    locatons: [A]\n" + TOKEN, "did you mean locations?"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(tmp_path: Path, lines: str, expected: str) -> None:
    (problem,) = told(tmp_path, lines)

    line = int(problem.split(":")[0])
    assert 2 <= line <= 9
    assert "sources.store" in problem
    assert expected in problem
    assert "shpat_1" not in problem


@pytest.mark.parametrize("shop", ["acme", "acme.myshopify.com"])
def test_a_shop_is_named_with_or_without_its_domain(shop: str) -> None:
    options = ShopifyOptions.model_validate({"shop": shop, "token": {"credential": "t"}})

    assert ("acme", "acme.myshopify.com", "https://acme.myshopify.com") == (
        options.handle,
        options.domain,
        options.address,
    )

from collections import Counter
from pathlib import Path

from connectors.shopify.sandbox.factory import FACTORY
from connectors.shopify.sandbox.state import Shop
from connectors.tiktok_shop.sandbox.factory import FACTORY as TIKTOK
from syncd.ports.sandbox import SandboxFactory, SandboxOptions


def sample() -> Shop:
    with FACTORY.open(SandboxOptions()) as sandbox:
        return sandbox.shop


def test_the_factories_are_what_the_port_asks_for() -> None:
    factories: list[SandboxFactory] = [FACTORY, TIKTOK]

    assert [1, 0] == [each.place for each in factories]


def test_the_sample_shares_skus_with_the_tiktok_sample() -> None:
    ours = {variant.sku for variant in sample().variants}
    with TIKTOK.open(SandboxOptions()) as other:
        theirs = {sku.seller_sku for sku in other.shop.skus.values()}

    assert 50 <= len(ours & theirs)
    assert ours - theirs


def test_the_sample_has_what_a_reader_must_mind() -> None:
    shop = sample()
    skus = Counter(variant.sku for variant in shop.variants)
    levels = [level for variant in shop.variants for level in variant.item.levels]

    assert {"", None} <= set(skus)
    assert 2 == skus["MUG-001"]
    assert [variant for variant in shop.variants if not variant.item.tracked]
    assert [variant for variant in shop.variants if variant.components]
    assert [variant for variant in shop.variants if variant.compare_at]
    assert [level for level in levels if level.available < 0]
    assert [product for product in shop.products if product.gift_card]
    assert {"DRAFT", "ACTIVE"} == {product.status for product in shop.products}
    assert [place for place in shop.locations if not place.active]
    assert [place for place in shop.locations if place.service]


def test_the_stock_file_fits_the_sample() -> None:
    header, *rows = FACTORY.sample_stock_rows()
    found = {
        (variant.sku, level.location.name): level.units("on_hand")
        for variant in reversed(sample().variants)
        for level in variant.item.levels
    }

    assert "SKU" == header[0]
    plain = {(sku, place): int(units) for sku, units, _, place, *_ in rows}
    assert plain == {key: found[key] for key in plain}


def test_the_schema_is_shipped_with_the_package() -> None:
    import connectors.shopify.sandbox

    folder = Path(next(iter(connectors.shopify.sandbox.__path__)))
    pyproject = (folder.parents[2] / "pyproject.toml").read_text("utf-8")

    assert (folder / "admin-2026-07.graphql").exists()
    assert '"**/*.graphql"' in pyproject

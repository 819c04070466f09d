from pathlib import Path

import pytest

from tests.unit.tiktok_sandbox.shop_client import P1, P2, P3, ShopClient, open_shop


def price(shop: ShopClient, product_id: str) -> dict[str, str]:
    data = shop.call("GET", f"/product/202309/products/{product_id}")["data"]
    found: dict[str, str] = data["skus"][0]["price"]
    return found


def test_a_price_is_written_as_amount_and_read_under_other_names(shop: ShopClient) -> None:
    answer = shop.set_price(P1, "1001", "13.5")
    assert (0, {}) == (answer["code"], answer["data"])
    read = price(shop, P1)
    assert ("USD", "13.5", "13.5") == (
        read["currency"],
        read["sale_price"],
        read["tax_exclusive_price"],
    )


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0.01", 0),
        ("7600", 0),
        ("7600.01", 12052570),
        ("1.234", 12052073),
        ("-1", 12052073),
        ("0", 12052073),
        ("1e3", 12052073),
        ("12,00", 12052073),
        (12.5, 12052012),
        (None, 12052571),
    ],
)
def test_amounts_have_a_form_and_limits(shop: ShopClient, amount: object, code: int) -> None:
    assert code == shop.set_price(P2, "1003", amount)["code"]


@pytest.mark.parametrize("currency", ["JPY", "IDR", "VND"])
def test_some_currencies_take_whole_amounts_only(tmp_path: Path, currency: str) -> None:
    seed = {
        "shop": {"currency": currency},
        "products": [{"id": P2, "skus": [{"id": "1003", "seller_sku": "MUG"}]}],
    }
    with open_shop(tmp_path, seed) as shop:
        assert 12052073 == shop.set_price(P2, "1003", "1500.00", currency)["code"]
        assert 0 == shop.set_price(P2, "1003", "1500", currency)["code"]


def test_a_foreign_currency_is_refused(shop: ShopClient) -> None:
    assert 12052084 == shop.set_price(P2, "1003", "5.00", "EUR")["code"]


def test_a_product_in_a_promotion_keeps_its_prices(shop: ShopClient) -> None:
    assert 12052038 == shop.set_price(P3, "1004", "5.00")["code"]
    shop.control("POST", f"products/{P3}", {"price_locked": False})
    assert 0 == shop.set_price(P3, "1004", "5.00")["code"]


def test_only_an_active_product_takes_prices(shop: ShopClient) -> None:
    shop.control("POST", f"products/{P2}", {"status": "SELLER_DEACTIVATED"})
    assert 12019113 == shop.set_price(P2, "1003", "5.00")["code"]


def test_one_bad_row_refuses_all(shop: ShopClient) -> None:
    path = f"/product/202309/products/{P1}/prices/update"

    def rows(*pairs: tuple[str, str]) -> object:
        return {
            "skus": [
                {"id": sku, "price": {"amount": amount, "currency": "USD"}} for sku, amount in pairs
            ]
        }

    assert 12052073 == shop.post(path, rows(("1001", "5.00"), ("1002", "x")))["code"]
    assert 12052557 == shop.post(path, rows(("1001", "5.00"), ("1003", "6.00")))["code"]
    assert 12052553 == shop.post(path, rows(("1001", "5.00"), ("1001", "6.00")))["code"]
    assert "12.00" == price(shop, P1)["sale_price"]
    assert 12052260 == shop.post(path.replace(P1, "999"), rows(("1001", "5.00")))["code"]

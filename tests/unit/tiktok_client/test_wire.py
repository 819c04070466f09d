import json

import jsonschema
import pytest

from connectors.tiktok_shop import bodies, wire
from connectors.tiktok_shop.bodies import OrderFilter, PriceWrite, ProductFilter, StockWrite
from connectors.tiktok_shop.wire import (
    Answer,
    InventoryData,
    Order,
    OrdersData,
    ProductsData,
    ShopsData,
    TokenData,
    UnusableAnswer,
    WriteData,
)
from tests.contract.official import paths, strict


def answer(data: object) -> Answer:
    return Answer.read(json.dumps({"code": 0, "message": "", "data": data}).encode())


def test_ids_that_arrive_as_numbers_become_text_without_losing_digits() -> None:
    shops = answer({"shops": [{"id": 7495540735365777507, "cipher": "c"}]}).read_data(ShopsData)
    assert "7495540735365777507" == shops.shops[0].id


@pytest.mark.parametrize("data", [None, {}, [], "", {"products": None, "next_page_token": None}])
def test_a_page_without_its_list_is_not_an_empty_page(data: object) -> None:
    page = answer(data).read_data(ProductsData)
    assert (None, "", None) == (page.rows, page.next_page_token, page.total_count)


def test_a_missing_quantity_is_not_zero() -> None:
    data = {"inventory": [{"product_id": "1", "skus": [{"id": "2", "warehouse_inventory":
            [{"warehouse_id": "3", "available_quantity": None}]}]}]}  # fmt: skip
    sku = answer(data).read_data(InventoryData).inventory[0].skus[0]
    assert sku.warehouse_inventory[0].available_quantity is None
    assert sku.total_available_quantity is None


@pytest.mark.parametrize("quantity", ["5", 5.0, True, 5.5])
def test_a_quantity_that_is_no_whole_number_is_refused(quantity: object) -> None:
    data = {"inventory": [{"product_id": "1", "skus": [{"id": "2", "warehouse_inventory":
            [{"warehouse_id": "3", "available_quantity": quantity}]}]}]}  # fmt: skip
    with pytest.raises(UnusableAnswer, match="available_quantity"):
        answer(data).read_data(InventoryData)


@pytest.mark.parametrize("quantity", [-1, 10**9 + 1, 10**30])
def test_a_quantity_that_no_shop_has_is_refused(quantity: int) -> None:
    data = {"inventory": [{"product_id": "1", "skus": [{"id": "2", "warehouse_inventory":
            [{"warehouse_id": "3", "available_quantity": quantity}]}]}]}  # fmt: skip
    with pytest.raises(UnusableAnswer, match="available_quantity"):
        answer(data).read_data(InventoryData)


def test_every_whole_number_of_an_answer_has_bounds() -> None:
    models = [one for one in vars(wire).values() if isinstance(one, type)]
    unbound = {
        f"{model.__name__}.{name}"
        for model in models
        if issubclass(model, wire.WireModel)
        for name, schema in model.model_json_schema().get("properties", {}).items()
        for one in schema.get("anyOf", [schema])
        if one.get("type") == "integer" and not {"minimum", "maximum"} <= one.keys()
    }
    assert set() == unbound


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"code":null}', b"\xff", b"1"])
def test_what_is_no_envelope_is_unusable(body: bytes) -> None:
    with pytest.raises(UnusableAnswer):
        Answer.read(body)


def test_an_unusable_answer_quotes_no_value() -> None:
    secret = {"access_token": 5, "refresh_token": "geheim", "refresh_token_expire_in": "geheim"}
    with pytest.raises(UnusableAnswer) as refusal:
        answer(secret).read_data(TokenData)
    assert "geheim" not in str(refusal.value)
    assert "access_token" in str(refusal.value)


def test_tokens_do_not_show_in_a_repr() -> None:
    data = answer(
        {"access_token": "geheim", "access_token_expire_in": 1, "refresh_token": "geheim",
         "refresh_token_expire_in": 2}
    ).read_data(TokenData)  # fmt: skip
    assert "geheim" not in repr(data)


def test_refusals_inside_an_accepted_call_are_kept_with_their_causes() -> None:
    data = {"errors": [{"code": 12052990, "message": "Check failed", "detail": {
        "sku_id": 1729, "extra_errors": [
            {"code": 12052097, "message": "The warehouse does not exist", "warehouse_id": "7068"}
        ]}}, {"code": 1, "detail": None}]}  # fmt: skip
    errors = answer(data).read_data(WriteData).errors
    assert "1729" == errors[0].detail.sku_id
    assert (12052097, "7068") == (
        errors[0].detail.extra_errors[0].code,
        errors[0].detail.extra_errors[0].warehouse_id,
    )
    assert "" == errors[1].detail.sku_id


ORDER = {
    "id": "576", "status": "UNPAID", "create_time": 1, "update_time": 2, "warehouse_id": 7068,
    "buyer_email": "eve@example.com", "buyer_message": "Eve", "user_id": "eve",
    "recipient_address": {"name": "Eve"}, "cpf": "Eve", "buyer_nickname": "Eve",
    "cancel_reason": "Eve changed her mind", "cancellation_initiator": "BUYER",
    "line_items": [{"id": "1", "product_id": 2, "sku_id": 3, "seller_sku": "A-1",
                    "sale_price": "1.50", "combined_listing_skus": [{"sku_count": 2}]}],
}  # fmt: skip


def test_nothing_of_the_buyer_enters() -> None:
    orders = answer({"orders": [ORDER]}).read_data(OrdersData).rows
    assert orders is not None
    order = orders[0]
    assert "eve" not in repr(order).lower()
    assert ("7068", "A-1", 2) == (
        order.warehouse_id,
        order.line_items[0].seller_sku,
        order.line_items[0].combined_listing_skus[0].sku_count,
    )


def test_the_sellers_reason_to_cancel_is_kept_because_it_may_zero_the_stock() -> None:
    order = Order.model_validate(
        {**ORDER, "cancellation_initiator": "SELLER", "cancel_reason": "Out of stock"}
    )
    assert "Out of stock" == order.cancel_reason


PRODUCT = "/product/202309/products/{product_id}"
REQUESTS = {
    "/product/202502/products/search": bodies.product_search(
        ProductFilter(status="ALL", seller_skus=["A"], update_time_ge=1, update_time_le=2)
    ),
    "/product/202309/inventory/search": bodies.inventory_search(sku_ids=["1", "2"]),
    f"{PRODUCT}/inventory/update": bodies.inventory_update(
        [StockWrite(sku_id="1", quantities={"7": 42, "8": 0})]
    ),
    f"{PRODUCT}/prices/update": bodies.price_update(
        [PriceWrite(sku_id="1", currency="PHP", amount="189.00")]
    ),
    "/product/202309/products/activate": bodies.product_ids(["1"]),
    "/product/202309/products/deactivate": bodies.product_ids(["1"]),
    "/order/202309/orders/search": bodies.order_search(
        OrderFilter(order_status="UNPAID", update_time_ge=1, update_time_lt=5)
    ),
}


@pytest.mark.parametrize("path", REQUESTS)
def test_bodies_are_what_the_official_specification_describes(path: str) -> None:
    content = paths()[path]["post"]["requestBody"]["content"]
    schema = next(iter(content.values()))["schema"]
    jsonschema.validate(json.loads(REQUESTS[path]), strict(schema))  # type: ignore[arg-type]  # jsonschema's stubs want one type of schema


def test_bodies_are_compact_and_in_utf8() -> None:
    assert '{"seller_skus":["Größe"]}'.encode() == bodies.product_search(
        ProductFilter(seller_skus=["Größe"])
    )


def test_an_empty_filter_is_an_empty_object() -> None:
    assert b"{}" == bodies.order_search(OrderFilter())

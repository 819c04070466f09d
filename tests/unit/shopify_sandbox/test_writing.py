import pytest

from connectors.shopify import queries
from tests.trimmed_schema import OTHER_CLIENTS
from tests.unit.shopify_sandbox.shop_client import ShopClient, codes

UNKEYED = """
mutation Adjust($input: InventoryAdjustQuantitiesInput!) {
  inventoryAdjustQuantities(input: $input) { userErrors { code } }
}"""


def refusals(payload: dict[str, list[dict[str, object]]]) -> list[object]:
    return [each["code"] for each in payload["userErrors"]]


def available(shop: ShopClient, sku: str, location: str = "Main") -> int:
    level = shop.level(sku, location)
    assert level is not None
    return level["available"]


def given(shop: ShopClient, sku: str, *deltas: int, **more: object) -> dict[str, object]:
    rows = [
        {
            "inventoryItemId": shop.variant(sku)["inventoryItem"]["id"],
            "locationId": shop.locations()["Main"],
            "delta": delta,
            "changeFromQuantity": None,
        }
        for delta in deltas
    ]
    return {"name": "available", "reason": "correction", "changes": rows, **more}


def test_an_adjustment_books_units_off_and_can_be_read_back(shop: ShopClient) -> None:
    payload = shop.adjust("MUG", "Main", -3)

    assert [] == payload["userErrors"]
    changes = payload["inventoryAdjustmentGroup"]["changes"]
    assert [("available", -3), ("on_hand", -3)] == [(row["name"], row["delta"]) for row in changes]
    assert {"available": 17, "on_hand": 17, "committed": 0} == shop.level("MUG", "Main")


def test_the_same_key_books_once_and_says_the_same_again(shop: ShopClient) -> None:
    first = shop.adjust("MUG", "Main", -3, key="k")
    again = shop.adjust("MUG", "Main", -3, key="k")

    assert first == again
    assert 17 == available(shop, "MUG")


def test_a_key_belongs_to_its_parameters(shop: ShopClient) -> None:
    shop.adjust("MUG", "Main", -3, key="k")

    assert ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"] == refusals(
        shop.adjust("MUG", "Main", -4, key="k")
    )
    assert 17 == available(shop, "MUG")


def test_a_key_is_forgotten_after_its_life(shop: ShopClient) -> None:
    shop.tweak(frozen_at=1_795_866_000, idempotency_life=60)
    shop.adjust("MUG", "Main", -3, key="k")
    shop.tweak(frozen_at=1_795_866_061)
    shop.adjust("MUG", "Main", -3, key="k")

    assert 14 == available(shop, "MUG")


@pytest.mark.parametrize(("version", "expected"), [("2026-01", None), ("2026-04", "BAD_REQUEST")])
def test_the_key_is_required_from_2026_04_on(
    shop: ShopClient, version: str, expected: str | None
) -> None:
    answer = shop.post(UNKEYED, {"input": given(shop, "MUG", -1)}, version).json()

    assert ([expected] if expected else []) == (codes(answer) if "errors" in answer else [])
    assert (20 if expected else 19) == available(shop, "MUG")


def test_the_comparison_must_be_said_even_if_it_is_null(shop: ShopClient) -> None:
    without = given(shop, "MUG", -1)
    rows = without["changes"]
    assert isinstance(rows, list)
    del rows[0]["changeFromQuantity"]

    assert ["BAD_REQUEST"] == codes(shop.ask(queries.ADJUST, input=without, key="k"))
    assert 20 == available(shop, "MUG")


def test_a_stale_comparison_changes_nothing(shop: ShopClient) -> None:
    assert ["CHANGE_FROM_QUANTITY_STALE"] == refusals(
        shop.adjust("MUG", "Main", -3, changeFromQuantity=19)
    )
    assert [] == refusals(shop.adjust("MUG", "Main", -3, key="k2", changeFromQuantity=20))


def test_one_bad_row_sinks_the_whole_batch(shop: ShopClient) -> None:
    batch = given(shop, "MUG", -1)
    bundle = given(shop, "SET", -1)
    batch["changes"] = [*_rows(batch), *_rows(bundle)]
    payload = shop.data(queries.ADJUST, input=batch, key="k")["inventoryAdjustQuantities"]

    assert ["NON_MUTABLE_INVENTORY_ITEM"] == refusals(payload)
    assert ["input", "changes", "1", "inventoryItemId"] == payload["userErrors"][0]["field"]
    assert 20 == available(shop, "MUG")


def _rows(batch: dict[str, object]) -> list[object]:
    rows = batch["changes"]
    assert isinstance(rows, list)
    return rows


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"inventoryItemId": "gid://shopify/InventoryItem/1"}, "INVALID_INVENTORY_ITEM"),
        ({"locationId": "gid://shopify/Location/1"}, "INVALID_LOCATION"),
        ({"ledgerDocumentUri": "order://7"}, "INVALID_AVAILABLE_DOCUMENT"),
        ({"delta": 2_000_000_000}, "INVALID_QUANTITY_TOO_HIGH"),
        ({"delta": -2_000_000_100}, "INVALID_QUANTITY_TOO_LOW"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(
    shop: ShopClient, change: dict[str, object], code: str
) -> None:
    assert [code] == refusals(shop.adjust("MUG", "Main", **{"delta": -1, **change}))  # type: ignore[arg-type]  # values by name
    assert 20 == available(shop, "MUG")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"reason": "because"}, "INVALID_REASON"),
        ({"name": "committed"}, "INVALID_QUANTITY_NAME"),
        ({"name": "damaged"}, "INVALID_QUANTITY_DOCUMENT"),
        ({"referenceDocumentUri": "nonsense"}, "INVALID_REFERENCE_DOCUMENT"),
    ],
)
def test_what_holds_for_all_rows_is_checked(
    shop: ShopClient, more: dict[str, object], code: str
) -> None:
    payload = shop.data(queries.ADJUST, input=given(shop, "MUG", -1, **more), key="k")

    assert [code] == refusals(payload["inventoryAdjustQuantities"])


def test_two_rows_of_one_level_add_up(shop: ShopClient) -> None:
    shop.data(queries.ADJUST, input=given(shop, "MUG", -1, -2), key="k")

    assert 17 == available(shop, "MUG")


def test_writing_where_nothing_is_stocked_makes_an_inactive_level(shop: ShopClient) -> None:
    assert [] == refusals(shop.adjust("MUG", "Store", 4))

    nodes = shop.variant("MUG")["inventoryItem"]["inventoryLevels"]["nodes"]
    assert [True, False] == [each["isActive"] for each in nodes]


def test_setting_on_hand_moves_what_is_available(shop: ShopClient) -> None:
    row = {
        "inventoryItemId": shop.variant("TEE-S")["inventoryItem"]["id"],
        "locationId": shop.locations()["Main"],
        "quantity": 20,
        "changeFromQuantity": 12,
    }
    wanted = {"name": "on_hand", "reason": "correction", "quantities": [row]}
    done = shop.data(OTHER_CLIENTS["SET"], input=wanted, key="k")["inventorySetQuantities"]
    twice = {**wanted, "quantities": [{**row, "changeFromQuantity": None}] * 2}
    refused = shop.data(OTHER_CLIENTS["SET"], input=twice, key="k2")["inventorySetQuantities"]

    assert [] == refusals(done)
    assert {"available": 18, "on_hand": 20, "committed": 2} == shop.level("TEE-S", "Main")
    assert ["NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"] == refusals(refused)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("idempotency_concurrent", "IDEMPOTENCY_CONCURRENT_REQUEST"),
        ("idempotency_failed", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"),
    ],
)
def test_trouble_with_a_key_on_demand(shop: ShopClient, kind: str, code: str) -> None:
    shop.spoil(kind)

    assert [code] == refusals(shop.adjust("MUG", "Main", -1))
    assert [] == refusals(shop.adjust("MUG", "Main", -1))
    assert 19 == available(shop, "MUG")


def test_the_journal_says_what_was_written(shop: ShopClient) -> None:
    shop.adjust("MUG", "Main", -1)
    (applied,) = [each["applied"] for each in shop.journal() if "applied" in each]

    assert [("MUG", "Main", 20, 19)] == [
        (row["sku"], row["location"], row["before"], row["after"]) for row in applied
    ]

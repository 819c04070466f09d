import time
from datetime import UTC, datetime

from connectors.shopify import queries
from connectors.shopify.queries import changed_since
from tests.unit.shopify_sandbox.shop_client import ShopClient, codes

LATER = int(time.time()) + 3_600
"""After everything that the seed says was written."""


def written(moment: float) -> str:
    """As the shop writes it."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def quantities(level: dict[str, object]) -> dict[str, int]:
    rows = level["quantities"]
    assert isinstance(rows, list)
    return {each["name"]: each["quantity"] for each in rows}


def test_a_variant_shows_its_price_item_and_levels(shop: ShopClient) -> None:
    variant = shop.variant("TEE-S")

    assert ("12.00", "15.00", "DENY") == (
        variant["price"], variant["compareAtPrice"], variant["inventoryPolicy"],
    )  # fmt: skip
    assert {"amount": "4.10", "currencyCode": "USD"} == variant["inventoryItem"]["unitCost"]
    main, store = variant["inventoryItem"]["inventoryLevels"]["nodes"]
    assert {"available": 10, "on_hand": 12, "committed": 2} == quantities(main)
    assert {"available": 5, "on_hand": 5, "committed": 0} == quantities(store)
    assert variant["inventoryItem"]["id"].rpartition("/")[2] in main["id"].partition("?")[2]


def test_a_page_ends_where_the_next_one_begins(shop: ShopClient) -> None:
    seen: list[str] = []
    after = None
    while True:
        page = shop.data(queries.VARIANTS, first=2, after=after, levels=1, priced=False)
        seen += [each["id"] for each in page["productVariants"]["nodes"]]
        info = page["productVariants"]["pageInfo"]
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break

    assert [each["id"] for each in shop.variants()] == seen
    assert 5 == len(seen)


def test_a_variant_removed_between_pages_hides_no_other(shop: ShopClient) -> None:
    page = shop.data(queries.VARIANTS, first=2, levels=1, priced=False)["productVariants"]
    shop.control("POST", "variant/remove", {"sku": "TEE-S"})
    rest = shop.variants(after=page["pageInfo"]["endCursor"])

    assert ["MUG", None, "SET"] == [each["sku"] for each in rest]


def test_more_than_250_at_once_is_refused(shop: ShopClient) -> None:
    answer = shop.ask(queries.VARIANTS, first=251, levels=1, priced=False)

    assert ["BAD_REQUEST"] == codes(answer)
    assert "bulk" in answer["errors"][0]["message"]


def test_a_nested_page_beyond_250_is_refused(shop: ShopClient) -> None:
    assert "BAD_REQUEST" in codes(shop.ask(queries.VARIANTS, first=1, levels=251, priced=False))


def test_a_nested_list_that_is_cut_off_says_so_and_can_be_read_on(shop: ShopClient) -> None:
    item = shop.variants(levels=1)[0]["inventoryItem"]
    info = item["inventoryLevels"]["pageInfo"]
    rest = shop.data(queries.LEVELS, itemId=item["id"], first=5, after=info["endCursor"])

    assert info["hasNextPage"]
    (level,) = rest["inventoryItem"]["inventoryLevels"]["nodes"]
    assert shop.locations()["Store"] == level["location"]["id"]


def test_a_country_sees_its_list_and_else_the_shops_price(shop: ShopClient) -> None:
    priced = {
        each["sku"]: each["contextualPricing"]["price"]
        for each in shop.variants(priced=True, country="DE")
    }

    assert {"amount": "13.50", "currencyCode": "EUR"} == priced["TEE-M"]
    assert {"amount": "9.50", "currencyCode": "USD"} == priced["MUG"]
    assert "contextualPricing" not in shop.variant("TEE-M")


def test_inactive_and_service_locations_are_hidden_unless_asked_for(shop: ShopClient) -> None:
    hidden = shop.data("{ locations(first: 9) { nodes { name isActive } } }")["locations"]["nodes"]

    assert {"Main", "Store"} == {each["name"] for each in hidden}
    assert {"Main", "Store", "Closed", "Service"} == set(shop.locations())


def test_a_bundle_has_the_stock_of_its_components(shop: ShopClient) -> None:
    bundle = shop.variant("SET")
    parts = shop.data(queries.COMPONENTS, variantId=bundle["id"], first=5)["productVariant"]

    assert bundle["requiresComponents"]
    assert {"TEE-S": 1, "MUG": 2} == {
        each["productVariant"]["sku"]: each["quantity"]
        for each in parts["productVariantComponents"]["nodes"]
    }
    level = shop.level("SET", "Main")
    assert level is not None
    assert 10 == level["available"]


def test_stock_moves_the_level_and_the_product_only(shop: ShopClient) -> None:
    shop.tweak(frozen_at=LATER)
    before = shop.control("GET", "state")["locations"]
    shop.control("POST", "stock", {"sku": "MUG", "location": "Main", "available": 3})
    variant = shop.variant("MUG")
    (level,) = variant["inventoryItem"]["inventoryLevels"]["nodes"]
    stamps = {each["name"]: each["updatedAt"] for each in level["quantities"]}

    now = written(LATER)
    assert now == level["updatedAt"] == variant["product"]["updatedAt"] == stamps["available"]
    assert now not in {
        variant["updatedAt"],
        variant["inventoryItem"]["updatedAt"],
        stamps["committed"],
    }
    assert before == shop.control("GET", "state")["locations"]


def test_a_price_moves_variant_and_product_and_a_price_list_nothing(shop: ShopClient) -> None:
    shop.tweak(frozen_at=LATER)
    shop.control("POST", "price", {"sku": "MUG", "price": "8.00"})
    listed = {"sku": "TEE-S", "country": "DE", "price": "1.00", "currency": "EUR"}
    shop.control("POST", "price", listed)

    now = written(LATER)
    moved = {each["sku"]: each["updatedAt"] for each in shop.variants()}
    assert now == moved["MUG"]
    assert now != moved["TEE-S"]


def changed(shop: ShopClient, query: str) -> list[object]:
    return [each["sku"] for each in shop.variants(query=query)]


def test_a_quoted_time_finds_what_changed_since_that_second(shop: ShopClient) -> None:
    shop.tweak(frozen_at=LATER + 0.9)
    shop.control("POST", "price", {"sku": "MUG", "price": "8.00"})

    assert ["MUG"] == changed(shop, f"updated_at:>='{written(LATER)}'")
    assert [] == changed(shop, f"updated_at:>'{written(LATER)}'")
    assert [] == changed(shop, f"updated_at:>='{written(LATER + 1)}'")


def test_an_unquoted_time_is_misread_and_only_a_warning_tells(shop: ShopClient) -> None:
    query = "updated_at:>=2099-01-01T00:00:00Z"
    answer = shop.ask(queries.VARIANTS, first=50, levels=1, priced=False, query=query)

    assert 5 == len(answer["data"]["productVariants"]["nodes"])
    (search,) = answer["extensions"]["search"]
    assert ["productVariants"] == search["path"]
    assert ["invalid_field"] == [each["code"] for each in search["warnings"]]


def test_searches_find_by_sku_status_and_item(shop: ShopClient) -> None:
    item = shop.variant("MUG")["inventoryItem"]["id"].rpartition("/")[2]
    drafts = shop.data(queries.PRODUCTS, first=5, query="status:draft")["products"]["nodes"]
    place = shop.locations()["Main"]
    levels = shop.data(
        queries.LOCATION_LEVELS, locationId=place, first=5, variants=2, priced=False,
        query=f"inventory_item_id:{item}",
    )  # fmt: skip

    assert ["TEE-S"] == changed(shop, "sku:'tee-s'")
    assert ["TEE-S", "TEE-M"] == changed(shop, "sku:TEE*")
    assert ["TEE-S", "MUG"] == changed(shop, "sku:TEE-S OR sku:MUG")
    assert ["TEE-M"] == changed(shop, "sku:TEE* AND -sku:TEE-S")
    assert ["Draft"] == [each["title"] for each in drafts]
    (level,) = levels["location"]["inventoryLevels"]["nodes"]
    assert ["MUG"] == [each["sku"] for each in level["item"]["variants"]["nodes"]]


def test_the_delta_of_a_location_holds_what_moved_there(shop: ShopClient) -> None:
    shop.tweak(frozen_at=LATER)
    shop.control("POST", "sell", {"sku": "TEE-S", "location": "Main", "units": 2})
    shop.control("POST", "level", {"sku": "MUG", "location": "Main", "active": False})
    query = changed_since(datetime.fromtimestamp(LATER, UTC))
    page = shop.data(
        queries.LOCATION_LEVELS, locationId=shop.locations()["Main"], first=9, variants=2,
        priced=False, query=query,
    )["location"]["inventoryLevels"]["nodes"]  # fmt: skip

    assert [("TEE-S", True), ("MUG", False)] == [
        (each["item"]["sku"], each["isActive"]) for each in page
    ]
    assert {"available": 8, "committed": 4, "on_hand": 12} == quantities(page[0])


def test_the_count_of_variants_ignores_its_filter(shop: ShopClient) -> None:
    counted = shop.data('{ productVariantsCount(query: "sku:MUG") { count precision } }')

    assert {"count": 5, "precision": "EXACT"} == counted["productVariantsCount"]


def test_orders_tell_who_brought_them_in(shop: ShopClient) -> None:
    found = shop.data(queries.ORDERS, first=5, query="source_name:tiktok")

    assert 1 == found["ordersCount"]["count"]
    assert ["Importer"] == [each["app"]["name"] for each in found["orders"]["nodes"]]


def test_the_shop_says_who_it_is_and_what_the_token_may_do(shop: ShopClient) -> None:
    said = shop.data(queries.SHOP)

    assert "USD" == said["shop"]["currencyCode"]
    assert shop.about["shop"] == said["shop"]["myshopifyDomain"]
    scopes = {each["handle"] for each in said["currentAppInstallation"]["accessScopes"]}
    assert {"read_inventory", "write_inventory", "read_products"} <= scopes
    assert {"handle": "2026-07", "supported": True} in said["publicApiVersions"]


def test_an_unknown_field_is_refused_as_by_the_real_schema(shop: ShopClient) -> None:
    assert ["undefinedField"] == codes(shop.ask("{ shop { nonsense } }"))


def test_a_missing_scope_denies_access(shop: ShopClient) -> None:
    shop.tweak(scopes="read_products")
    answer = shop.ask(queries.LOCATIONS, first=5)

    assert ["ACCESS_DENIED"] == codes(answer)
    assert answer["data"] is None


def test_a_cursor_that_is_none_is_refused(shop: ShopClient) -> None:
    for cursor in ("nonsense", "eyJhIjogMX0=", "WyJ4Il0="):
        answer = shop.ask(queries.VARIANTS, first=2, after=cursor, levels=1, priced=False)
        assert ["BAD_REQUEST"] == codes(answer)


def test_a_page_may_run_backwards_and_show_edges(shop: ShopClient) -> None:
    document = """
    query Back($after: String) {
      orders(first: 1, after: $after, sortKey: CREATED_AT, reverse: true) {
        pageInfo { hasNextPage endCursor } nodes { id }
      }
      productVariants(first: 1) { edges { cursor node { id } } }
    }"""
    first = shop.data(document)
    rest = shop.data(document, after=first["orders"]["pageInfo"]["endCursor"])

    assert first["orders"]["pageInfo"]["hasNextPage"]
    assert not rest["orders"]["pageInfo"]["hasNextPage"]
    assert first["orders"]["nodes"] != rest["orders"]["nodes"]
    (edge,) = first["productVariants"]["edges"]
    assert shop.variants()[0]["id"] == edge["node"]["id"]


def test_products_come_by_the_time_of_their_change(shop: ShopClient) -> None:
    shop.tweak(frozen_at=LATER)
    shop.control("POST", "price", {"sku": "TEE-S", "price": "8.00"})
    nodes = shop.data(queries.PRODUCTS, first=9)["products"]["nodes"]

    assert "Tee" == nodes[-1]["title"]


def test_any_record_is_found_by_its_global_id(shop: ShopClient) -> None:
    variant = shop.variant("MUG")
    document = "query Node($id: ID!) { node(id: $id) { __typename id } }"
    ids = [variant["id"], variant["product"]["id"], variant["inventoryItem"]["id"]]
    ids += [shop.locations()["Main"], shop.start_bulk()["bulkOperation"]["id"]]
    kinds = ["ProductVariant", "Product", "InventoryItem", "Location", "BulkOperation"]

    assert kinds == [shop.data(document, id=each)["node"]["__typename"] for each in ids]
    assert shop.data(document, id="gid://shopify/Unknown/1")["node"] is None
    assert shop.data(document, id="gid://shopify/Product/1")["node"] is None


def test_what_changed_in_the_item_is_found_there(shop: ShopClient) -> None:
    shop.tweak(frozen_at=LATER)
    shop.control("POST", "variant", {"sku": "MUG", "tracked": False})
    shop.control("POST", "stock", {"sku": "TEE-S", "available": 3})
    query = f"updated_at:>='{written(LATER)}'"
    items = shop.data(queries.ITEMS, first=9, variants=3, query=query)["inventoryItems"]["nodes"]

    assert [("MUG", False)] == [(each["sku"], each["tracked"]) for each in items]


def test_price_lists_are_named(shop: ShopClient) -> None:
    document = "{ priceLists(first: 5) { nodes { id name currency } } }"
    (found,) = shop.data(document)["priceLists"]["nodes"]

    assert ("Prices for DE", "EUR") == (found["name"], found["currency"])


def test_a_variable_of_the_wrong_type_is_refused(shop: ShopClient) -> None:
    assert "INVALID_VARIABLE" in codes(shop.ask(queries.LOCATIONS, first="many"))
    two = "query A { shop { name } } query B { shop { name } }"
    assert "operation name" in shop.ask(two)["errors"][0]["message"]


def test_an_unknown_state_of_stock_is_refused(shop: ShopClient) -> None:
    document = """
    query Odd($id: ID!) {
      inventoryItem(id: $id) {
        inventoryLevels(first: 1) { nodes { quantities(names: ["odd"]) { quantity } } }
      }
    }"""
    item = shop.variant("MUG")["inventoryItem"]["id"]

    assert ["BAD_REQUEST"] == codes(shop.ask(document, id=item))

"""The small calls of the simulated API around the goods: shops and warehouses."""

from connectors.tiktok_shop.sandbox.calls import Call, World
from connectors.tiktok_shop.sandbox.state import RETURN

Data = dict[str, object]


def shops(world: World, _call: Call) -> Data:
    """Answer `GET /authorization/202309/shops`."""
    identity = world.shop.identity
    return {
        "shops": [
            {
                "id": identity.shop_id,
                "name": identity.name,
                "region": identity.region,
                "seller_type": "LOCAL",
                "cipher": identity.cipher,
                "code": identity.code,
            }
        ]
    }


def warehouses(world: World, _call: Call) -> Data:
    """Answer `GET /logistics/202309/warehouses`; the return warehouse comes first."""
    known = sorted(world.shop.warehouses.values(), key=lambda each: each.type != RETURN)
    sales = world.shop.sales_warehouses()
    return {
        "warehouses": [
            {
                "id": warehouse.id,
                "entity_id": warehouse.id,
                "name": warehouse.name,
                "type": warehouse.type,
                "sub_type": "DOMESTIC_WAREHOUSE",
                "effect_status": "ENABLED",
                "is_default": warehouse == sales[0],
                "address": {
                    "region": "United States",
                    "region_code": world.shop.identity.region,
                    "state": "Nowhere",
                    "city": "Nowhere",
                    "distict": "Nowhere",
                    "full_address": f"1 {warehouse.name} Road, Nowhere",
                },
            }
            for warehouse in known
        ]
    }

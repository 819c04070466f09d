"""Which of the app's scopes syncd uses, and what for (fact sheet 1.3; the others as clients name them)."""

from collections.abc import Mapping

NEEDED: Mapping[str, str] = {
    "seller.authorization.info": "to find the shop",
    "seller.product.basic": "to read listings and their stock",
    "seller.product.write": "to write stock and prices",
    "seller.order.info": "to read orders",
    "seller.logistics": "to read warehouses",
}

"""Every GraphQL document that is sent to Shopify's Admin API (but those of bulk reads), and its use.

All are valid on 2026-04, 2026-07 and 2026-10. Numbers of nodes are variables, so that a page can be shrunk
when Shopify finds it too dear. Nested connections always ask whether they were cut off: Shopify does not say
so by itself. `updated_at` in a search term must stand in single quotes, else it is silently misread
(fact sheet 2.4); `changed_since` writes it.
"""

from datetime import UTC, datetime
from types import MappingProxyType

MOST_NODES = 250
"""The largest `first` that any connection takes."""

QUANTITIES = '(names: ["available", "on_hand", "committed"])'

_LEVEL = f"""
fragment Level on InventoryLevel {{
  id
  isActive
  updatedAt
  location {{ id }}
  quantities{QUANTITIES} {{ name quantity updatedAt }}
}}
"""

_VARIANT = """
fragment Variant on ProductVariant {
  id
  legacyResourceId
  sku
  barcode
  title
  price
  compareAtPrice
  inventoryPolicy
  requiresComponents
  updatedAt
  contextualPricing(context: {country: $country}) @include(if: $priced) {
    price { amount currencyCode }
    compareAtPrice { amount currencyCode }
  }
  product { id title status isGiftCard updatedAt }
}
"""
"""A variant without its levels; `$priced` says whether the price that `$country` sees is wanted."""

_ITEM = """
fragment Item on InventoryItem {
  id
  sku
  tracked
  duplicateSkuCount
  updatedAt
  unitCost { amount currencyCode }
}
"""

PAGE = "pageInfo { hasNextPage endCursor }"

SHOP = """
query Shop {
  shop {
    id
    name
    myshopifyDomain
    currencyCode
    taxesIncluded
    ianaTimezone
    plan { publicDisplayName partnerDevelopment shopifyPlus }
  }
  currentAppInstallation { accessScopes { handle } }
  publicApiVersions { handle supported }
}
"""
"""Who the shop is, what the token may do, and which API versions are served: the self-check at the start."""

LOCATIONS = f"""
query Locations($first: Int!, $after: String) {{
  locations(first: $first, after: $after, includeInactive: true, includeLegacy: true) {{
    {PAGE}
    nodes {{ id name isActive isFulfillmentService fulfillsOnlineOrders }}
  }}
}}
"""
"""Every location, also those that Shopify hides by default."""

VARIANTS = f"""
query Variants(
  $first: Int!, $after: String, $query: String, $levels: Int!, $country: CountryCode, $priced: Boolean!
) {{
  productVariants(first: $first, after: $after, query: $query) {{
    {PAGE}
    nodes {{
      ...Variant
      inventoryItem {{
        ...Item
        inventoryLevels(first: $levels, includeInactive: true) {{
          {PAGE}
          nodes {{ ...Level }}
        }}
      }}
    }}
  }}
}}
{_VARIANT}{_ITEM}{_LEVEL}"""
"""A page of variants with their levels: the full read (`$query` null) and the delta (`changed_since`).

The connection cannot be sorted by `updatedAt`: a watermark may advance after the last page only.
"""

PRICES = f"""
query Prices($first: Int!, $after: String, $query: String, $country: CountryCode, $priced: Boolean!) {{
  productVariants(first: $first, after: $after, query: $query) {{
    {PAGE}
    nodes {{
      ...Variant
      inventoryItem {{ ...Item }}
    }}
  }}
}}
{_VARIANT}{_ITEM}"""
"""A page of variants without their levels, for a source that gives prices only."""

PRODUCT_VARIANTS = f"""
query ProductVariants(
  $id: ID!, $first: Int!, $after: String, $levels: Int!, $country: CountryCode, $priced: Boolean!
) {{
  product(id: $id) {{
    id
    variants(first: $first, after: $after) {{
      {PAGE}
      nodes {{
        ...Variant
        inventoryItem {{
          ...Item
          inventoryLevels(first: $levels, includeInactive: true) {{
            {PAGE}
            nodes {{ ...Level }}
          }}
        }}
      }}
    }}
  }}
}}
{_VARIANT}{_ITEM}{_LEVEL}"""
"""All variants of one product: what else a change of its status concerns. Not a search, so never late."""

LEVELS = f"""
query Levels($itemId: ID!, $first: Int!, $after: String) {{
  inventoryItem(id: $itemId) {{
    id
    inventoryLevels(first: $first, after: $after, includeInactive: true) {{
      {PAGE}
      nodes {{ ...Level }}
    }}
  }}
}}
{_LEVEL}"""
"""Further levels of one inventory item, when a page of variants could not hold them all."""

LOCATION_LEVELS = f"""
query LocationLevels(
  $locationId: ID!, $first: Int!, $after: String, $query: String,
  $variants: Int!, $country: CountryCode, $priced: Boolean!
) {{
  location(id: $locationId) {{
    id
    isActive
    inventoryLevels(first: $first, after: $after, query: $query, includeInactive: true) {{
      {PAGE}
      nodes {{
        ...Level
        item {{
          ...Item
          variants(first: $variants) {{
            {PAGE}
            nodes {{ ...Variant }}
          }}
        }}
      }}
    }}
  }}
}}
{_VARIANT}{_ITEM}{_LEVEL}"""
"""Levels of one location that changed: there is no other way to ask for changed stock but a bulk read."""

ITEM = f"""
query Item($itemId: ID!, $levels: Int!, $variants: Int!, $country: CountryCode, $priced: Boolean!) {{
  inventoryItem(id: $itemId) {{
    ...Item
    variants(first: $variants) {{
      {PAGE}
      nodes {{ ...Variant }}
    }}
    inventoryLevels(first: $levels, includeInactive: true) {{
      {PAGE}
      nodes {{ ...Level }}
    }}
  }}
}}
{_VARIANT}{_ITEM}{_LEVEL}"""
"""One inventory item with its variants and levels: what a webhook hinted at."""

ITEMS = f"""
query Items($first: Int!, $after: String, $query: String, $variants: Int!) {{
  inventoryItems(first: $first, after: $after, query: $query) {{
    {PAGE}
    nodes {{
      ...Item
      variants(first: $variants) {{
        {PAGE}
        nodes {{ id }}
      }}
    }}
  }}
}}
{_ITEM}"""
"""Item records that changed (tracked, cost). Stock does not move an item's `updatedAt`: no way to find it."""

PRODUCTS = f"""
query Products($first: Int!, $after: String, $query: String) {{
  products(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    {PAGE}
    nodes {{ id title status isGiftCard updatedAt }}
  }}
}}
"""
"""Products that changed, the earliest first: a change of status need not touch the variants."""

COMPONENTS = f"""
query Components($variantId: ID!, $first: Int!, $after: String) {{
  productVariant(id: $variantId) {{
    id
    requiresComponents
    productVariantComponents(first: $first, after: $after) {{
      {PAGE}
      nodes {{ id quantity productVariant {{ id sku }} }}
    }}
  }}
}}
"""
"""What one bundle consists of; asked only where `requiresComponents` is true."""

COUNTS = """
query Counts {
  productVariantsCount(limit: null) { count precision }
  productsCount(limit: null) { count precision }
}
"""
"""How large the catalogue is, to choose between pages and bulk. Ignores filters: useless for a delta."""

WEBHOOKS = f"""
query Webhooks($first: Int!, $after: String) {{
  webhookSubscriptions(first: $first, after: $after) {{
    {PAGE}
    nodes {{ id topic uri format filter includeFields createdAt }}
  }}
}}
"""
"""The app's subscriptions in this shop; those of the app's configuration file are not among them."""

WEBHOOK_CREATE = """
mutation WebhookCreate($topic: WebhookSubscriptionTopic!, $webhookSubscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhookSubscription) {
    webhookSubscription { id topic uri format }
    userErrors { field message }
  }
}
"""
"""Subscribe to a topic."""

WEBHOOK_DELETE = """
mutation WebhookDelete($id: ID!) {
  webhookSubscriptionDelete(id: $id) {
    deletedWebhookSubscriptionId
    userErrors { field message }
  }
}
"""
"""End a subscription."""

OWNERS = f"""
query Owners($first: Int!, $after: String, $query: String, $locationId: ID!) {{
  productVariants(first: $first, after: $after, query: $query) {{
    {PAGE}
    nodes {{
      id
      sku
      requiresComponents
      product {{ id title status isGiftCard updatedAt }}
      inventoryItem {{
        id
        tracked
        inventoryLevel(locationId: $locationId, includeInactive: true) {{ id isActive }}
      }}
    }}
  }}
}}
"""
"""Whose stock a SKU is at one location: what an adjustment needs to know, and no more."""

ADJUST = """
mutation Adjust($input: InventoryAdjustQuantitiesInput!, $key: String!) {
  inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup {
      id
      createdAt
      reason
      referenceDocumentUri
      changes { name delta quantityAfterChange item { id } location { id } }
    }
    userErrors { field message code }
  }
}
"""
"""Book units off or on. Each change names `changeFromQuantity` (null: no comparison); that and the key are
required at run time from 2026-04 on, though no schema says so. `quantityAfterChange` may be null: read back.
"""

LEVEL = f"""
query Level($itemId: ID!, $locationId: ID!) {{
  inventoryItem(id: $itemId) {{
    id
    sku
    tracked
    inventoryLevel(locationId: $locationId, includeInactive: true) {{ ...Level }}
  }}
}}
{_LEVEL}"""
"""One level, read back after it was written."""

ORDERS = f"""
query Orders($first: Int!, $after: String, $query: String!) {{
  ordersCount(query: $query) {{ count precision }}
  orders(first: $first, after: $after, query: $query, sortKey: CREATED_AT, reverse: true) {{
    {PAGE}
    nodes {{ id name createdAt sourceName tags app {{ id name }} }}
  }}
}}
"""
"""The latest orders that a search finds: whether somebody already imports a channel's orders into the shop."""

DOCUMENTS = MappingProxyType(
    {
        "SHOP": SHOP,
        "LOCATIONS": LOCATIONS,
        "VARIANTS": VARIANTS,
        "PRICES": PRICES,
        "PRODUCT_VARIANTS": PRODUCT_VARIANTS,
        "LEVELS": LEVELS,
        "LOCATION_LEVELS": LOCATION_LEVELS,
        "ITEM": ITEM,
        "ITEMS": ITEMS,
        "PRODUCTS": PRODUCTS,
        "COMPONENTS": COMPONENTS,
        "COUNTS": COUNTS,
        "WEBHOOKS": WEBHOOKS,
        "WEBHOOK_CREATE": WEBHOOK_CREATE,
        "WEBHOOK_DELETE": WEBHOOK_DELETE,
        "OWNERS": OWNERS,
        "ADJUST": ADJUST,
        "LEVEL": LEVEL,
        "ORDERS": ORDERS,
    }
)
"""All documents of this module by name, for those that check them."""


def changed_since(moment: datetime) -> str:
    """The search term for records changed at that moment (aware) or later; Shopify knows whole seconds."""
    return f"updated_at:>='{_stamp(moment)}'"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

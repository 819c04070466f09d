"""The GraphQL documents of Shopify's bulk operations, and the query that a full bulk read runs.

A bulk query has at most five connections, nested two deep, and every node must select its id: without it the
lines of the result cannot be joined (fact sheet 2.5).
"""

from types import MappingProxyType

from connectors.shopify.queries import MOST_NODES, PAGE, QUANTITIES

_BULK = """
fragment Bulk on BulkOperation {
  id
  status
  errorCode
  createdAt
  completedAt
  objectCount
  rootObjectCount
  fileSize
  url
  partialDataUrl
}
"""

BULK_RUN = f"""
mutation BulkRun($query: String!) {{
  bulkOperationRunQuery(query: $query, groupObjects: false) {{
    bulkOperation {{ ...Bulk }}
    userErrors {{ field message code }}
  }}
}}
{_BULK}"""
"""Start a bulk read of `bulk_body`. `groupObjects` is said because its default depends on the version."""

BULK_STATUS = f"""
query BulkStatus($id: ID!) {{
  bulkOperation(id: $id) {{ ...Bulk }}
}}
{_BULK}"""
"""Poll a bulk read; `url` stays null when nothing was found."""

BULK_CANCEL = f"""
mutation BulkCancel($id: ID!) {{
  bulkOperationCancel(id: $id) {{
    bulkOperation {{ ...Bulk }}
    userErrors {{ field message }}
  }}
}}
{_BULK}"""
"""Give up a bulk read, so that it does not count against the five that may run at once."""

BULK_LIST = f"""
query BulkList($first: Int!, $after: String, $query: String) {{
  bulkOperations(first: $first, after: $after, query: $query) {{
    {PAGE}
    nodes {{ ...Bulk }}
  }}
}}
{_BULK}"""
"""Bulk operations of this app, e.g. those that an earlier process left running."""

_BULK_BODY = f"""
{{
  products {{
    edges {{
      node {{
        id
        title
        status
        isGiftCard
        updatedAt
        variantsCount {{ count }}
        variants(first: {MOST_NODES}) {{
          edges {{
            node {{
              id
              legacyResourceId
              sku
              barcode
              title
              price
              compareAtPrice
              inventoryPolicy
              requiresComponents
              updatedAt@PRICING@
              productVariantComponents(first: {MOST_NODES}) {{
                edges {{ node {{ id quantity productVariant {{ id sku }} }} }}
              }}
              inventoryItem {{
                id
                sku
                tracked
                updatedAt
                duplicateSkuCount
                unitCost {{ amount currencyCode }}@LEVELS@
              }}
            }}
          }}
        }}
      }}
    }}
  }}
}}
"""
_BULK_LEVELS = f"""
                locationsCount {{ count }}
                inventoryLevels(first: {MOST_NODES}, includeInactive: true) {{
                  edges {{
                    node {{
                      id
                      isActive
                      updatedAt
                      location {{ id }}
                      quantities{QUANTITIES} {{ name quantity updatedAt }}
                    }}
                  }}
                }}"""
_BULK_PRICING = """
              contextualPricing(context: {country: @COUNTRY@}) {
                price { amount currencyCode }
                compareAtPrice { amount currencyCode }
              }"""

BULK_DOCUMENTS = MappingProxyType(
    {
        "BULK_RUN": BULK_RUN,
        "BULK_STATUS": BULK_STATUS,
        "BULK_CANCEL": BULK_CANCEL,
        "BULK_LIST": BULK_LIST,
    }
)
"""All documents of this module by name, for those that check them; `bulk_body` comes on top."""


def bulk_body(country: str | None = None) -> str:
    """The query of a full bulk read: products, their variants, and per variant components and levels.

    `country` (ISO code) adds the price that it sees; a bulk query takes no variables. The counts of variants
    and locations let a reader notice nested connections that were cut off, which Shopify does not report.
    """
    return _composed(_BULK_LEVELS, country)


def bulk_prices(country: str | None = None) -> str:
    """The same without levels, for a source that gives prices only."""
    return _composed("", country)


def _composed(levels: str, country: str | None) -> str:
    pricing = "" if country is None else _BULK_PRICING.replace("@COUNTRY@", country)
    return _BULK_BODY.replace("@PRICING@", pricing).replace("@LEVELS@", levels)

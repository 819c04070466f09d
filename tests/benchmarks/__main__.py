"""`make bench`: what syncd costs: python -m tests.benchmarks [WORD [ROWS]], without a word all of it.

Words: reading, pushing, sql, shopify, webhooks, serving, shops.
"""

import sys

from tests.benchmarks import pushing, reading, serving, shopify, shops, sql, webhooks

ROWS = 1_000_000


def main(arguments: list[str]) -> None:
    """Print every table, or the one that is named."""
    what = arguments[0] if arguments else ""
    rows = int(arguments[1]) if len(arguments) > 1 else ROWS
    if what in {"", "reading"}:
        reading.main(rows)
    if what in {"", "pushing"}:
        pushing.main()
    if what in {"", "sql"}:
        sql.main(rows)
    if what in {"", "shopify"}:
        shopify.main()
    if what in {"", "webhooks"}:
        webhooks.main()
    if what in {"", "serving"}:
        serving.main()
    if what in {"", "shops"}:
        shops.main()


if __name__ == "__main__":
    main(sys.argv[1:])

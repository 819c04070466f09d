"""`make bench`: what syncd costs: python -m tests.benchmarks [reading [ROWS] | pushing | webhooks], or all."""

import sys

from tests.benchmarks import pushing, reading, webhooks

ROWS = 1_000_000


def main(arguments: list[str]) -> None:
    """Print every table, or the one that is named."""
    what = arguments[0] if arguments else ""
    if what in {"", "reading"}:
        reading.main(int(arguments[1]) if len(arguments) > 1 else ROWS)
    if what in {"", "pushing"}:
        pushing.main()
    if what in {"", "webhooks"}:
        webhooks.main()


if __name__ == "__main__":
    main(sys.argv[1:])

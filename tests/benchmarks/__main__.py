"""`make bench`: what syncd costs, beside what a user would pick instead: python -m tests.benchmarks [ROWS]."""

import sys

from tests.benchmarks import reading

ROWS = 1_000_000


def main() -> None:
    """Print every table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    reading.main(rows)


if __name__ == "__main__":
    main()

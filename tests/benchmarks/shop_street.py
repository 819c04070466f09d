"""`python -m tests.benchmarks.shop_street SHOPS SKUS`: many simulated shops in one process, until stdin closes.

Prints one line of JSON: what is needed to connect to each.
"""

import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from connectors.tiktok_shop.sandbox.factory import FACTORY
from connectors.tiktok_shop.sandbox.seed import MAIN
from syncd.ports import SandboxOptions

UNITS = 10


def sku_of(number: int) -> str:
    """The SKU with this number; every shop lists the same."""
    return f"S{number:04}"


def main(shops: int, skus: int) -> None:
    """Serve until told to end."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as street:
        described = []
        for number in range(shops):
            seed = Path(name) / f"{number}.json"
            seed.write_text(json.dumps(_seed(number, skus)))
            sandbox = street.enter_context(FACTORY.open(SandboxOptions(seed=seed)))
            described.append(dict(sandbox.description()))
        sys.stdout.write(json.dumps(described) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


def _seed(shop: int, skus: int) -> dict[str, object]:
    return {
        "shop": {"id": f"74955407353657{shop:05}", "cipher": f"GCP_bench_{shop}"},
        "products": [
            {"title": str(number), "skus": [{"seller_sku": sku_of(number), "price": "9.00",
                                             "stock": {MAIN: UNITS}}]}
            for number in range(skus)
        ],
    }  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

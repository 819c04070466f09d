"""A large Shopify shop: a bulk file that says nothing new, and what a reading of changes takes in points."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from pydantic import SecretStr

from connectors.shopify.bulk import bulk_file
from connectors.shopify.bulk_queries import bulk_body
from connectors.shopify.calls import Account, Admin
from connectors.shopify.options import ShopifyOptions
from connectors.shopify.tokens import PermanentToken
from connectors.shopify.visiting import Shop
from connectors.transport.http_transport import HttpTransport
from syncd.domain.stock import Completeness
from syncd.ports.clock import SystemClock
from tests.benchmarks.catalogue import PLUGIN, SYNCD
from tests.benchmarks.measuring import Cost, median, process, say

VARIANTS, PER_PRODUCT = 450_000, 9
MUST, MEMORY = 4.0, 200
POINTS_VARIANTS, CHANGED, LEAST = 50_000, 1_000, 20
FULL_BUCKET = 1_000_000_000
CONFIG = """\
ledger: sqlite:///ledger.db
sources:
  webshop: {{kind: shopify, shop: {shop}, url: "{url}", token: {{credential: token}}, basis: available,
            orders: within 15m}}
channels:
  shop: {{kind: catalogue_shop, size: 1}}
"""
Described = Mapping[str, str]


def main() -> None:
    """Print both tables."""
    _unchanged()
    _points()


def _unchanged() -> None:
    with tempfile.TemporaryDirectory() as name, _served(Path(name), VARIANTS) as shop:
        folder = Path(name)
        text = CONFIG.format(shop=shop["shop"], url=shop["url"])
        (folder / "syncd.yaml").write_text(text, encoding="utf-8")
        lines, size, reference = _reference(shop)
        say(
            f"\nShopify: {lines} lines of a bulk file, {size:.0f} MB; R = json.loads of every line = "
            f"{reference:.2f} s (all in processor time, of the whole process)"
        )
        first = _ingest(folder)
        shutil.copyfile(folder / "ledger.db", folder / "first.db")
        again = median(lambda: _again(folder))
        share, ratio = first.worked / reference, again.worked / reference
        verdict = "ok" if ratio <= MUST else "MISSED"
        memory = "ok" if again.memory <= MEMORY else "MISSED"
        say(f"  first load       {first.worked:6.2f} s {share:5.1f} R  {first.memory:4.0f} MB")
        say(
            f"  nothing changed  {again.worked:6.2f} s {ratio:5.1f} R  (must {MUST:g}: {verdict})  "
            f"{again.memory:4.0f} MB (≤ {MEMORY}: {memory})"
        )
        say(f"  with waiting for the simulated shop, nothing changed took {again.seconds:.0f} s")


def _ingest(folder: Path) -> Cost:
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(PLUGIN),
        "SYNCD_TOKEN": "shpat_sandbox_token",
    }  # fmt: skip
    return process([SYNCD, "--config", "syncd.yaml", "ingest", "--full"], folder, environment)


def _again(folder: Path) -> Cost:
    for path in folder.glob("ledger.db*"):
        path.unlink()
    shutil.copyfile(folder / "first.db", folder / "ledger.db")
    return _ingest(folder)


def _reference(shop: Described) -> tuple[int, float, float]:
    """Lines, megabytes, and the seconds that the standard library takes to read them."""
    clock = SystemClock()
    account = Account(shop["url"], PermanentToken(SecretStr(shop["token"])), clock)
    with (
        HttpTransport(clock) as transport,
        bulk_file(Admin(account, transport, clock), bulk_body()) as found,
    ):
        begun = time.process_time()
        for line in found.file:
            json.loads(line)
        return found.lines, found.file.tell() / 1e6, time.process_time() - begun


def _points() -> None:
    with tempfile.TemporaryDirectory() as name, _served(Path(name), POINTS_VARIANTS) as shop:
        _control(shop, "settings", {"bucket": FULL_BUCKET})
        _control(shop, "stock", {"sku": "GEN-0000000", "available": 1})
        time.sleep(1.1)
        options = ShopifyOptions.model_validate(
            {"shop": shop["shop"], "url": shop["url"], "token": {"credential": "token"},
             "bulk_from": 10 * POINTS_VARIANTS, "overlap": "0s"}
        )  # fmt: skip
        clock = SystemClock()
        source = Shop(options, PermanentToken(SecretStr(shop["token"])), clock)
        with source.snapshot(None) as reader:
            rows = sum(len(batch.values) for batch in reader.batches())
            mark = reader.watermark
        whole = source.account.bucket.spent()
        for number in range(CHANGED):
            sku = f"GEN-{number * (POINTS_VARIANTS // CHANGED):07d}"
            _control(shop, "sell", {"sku": sku, "units": 1})
        with source.snapshot(None if mark is None else mark.moment) as reader:
            changed = sum(len(batch.values) for batch in reader.batches())
            partial = reader.completeness is Completeness.PARTIAL
        points = source.account.bucket.spent() - whole
        verdict = "ok" if partial and points * LEAST <= whole else "MISSED"
        say(f"\nShopify: {rows} rows by pages take {whole:.0f} points")
        say(
            f"  {changed} changed levels take {points:.0f}, 1/{whole / points:.0f} of it "
            f"(must 1/{LEAST}: {verdict})"
        )


@contextmanager
def _served(folder: Path, variants: int) -> Iterator[Described]:
    """The sandbox in a process of its own, so that only syncd is measured."""
    seed = folder / "seed.json"
    generated = {"variants": variants, "per_product": PER_PRODUCT}
    seed.write_text(
        json.dumps({"shopify": {"locations": [{"name": "Main"}], "generated": generated}})
    )
    command = [SYNCD, "sandbox", "--port", "0", "--seed", str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            if child.stdout is None:
                raise SystemExit("the sandbox has no output")
            yield json.loads(child.stdout.readline())["shopify"]
        finally:
            child.terminate()


def _control(shop: Described, path: str, body: Mapping[str, object]) -> None:
    url = f"{shop['control']}/{path}"
    request = Request(url, json.dumps(body).encode(), method="POST")  # noqa: S310 - loopback
    with urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
        answer.read()


if __name__ == "__main__":
    main()

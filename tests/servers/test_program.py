"""Commands over a query: everything first, then what changed, and no secret in what it says."""

import json
from pathlib import Path

from tests.fakes.databases import PASSWORD, Site
from tests.process.forking import forks

CONFIG = """\
ledger: sqlite:///ledger.db
sources:
  erp:
    kind: sql_query
    url: {credential: erp_url}
    query: SELECT sku, qty AS quantity, updated_at FROM stock WHERE updated_at > :since
    timezone: UTC
    basis: available
    orders: within 15m
channels:
  shop: {kind: tiktok_shop, app_key: k, app_secret: {credential: c}}
"""


def ingest(folder: Path, url: str) -> tuple[int, dict[str, object], str]:
    """Exit code, what is reported of the source, and all that was written."""
    done = forks().run(
        "--config", "syncd.yaml", "ingest", "--json", cwd=folder,
        environment={"PATH": "/usr/bin:/bin", "HOME": str(folder), "SYNCD_ERP_URL": url},
    )  # fmt: skip
    (source,) = json.loads(done.stdout)["sources"]
    return done.returncode, source, done.stdout + done.stderr


def test_everything_first_and_then_what_changed(site: Site, tmp_path: Path) -> None:
    (tmp_path / "syncd.yaml").write_text(CONFIG)
    site.run(f"CREATE TABLE stock (sku varchar(9), qty integer, updated_at {site.words.local})")
    site.run("INSERT INTO stock VALUES ('A', 1, '2026-01-15 12:00:00')")
    site.run("INSERT INTO stock VALUES ('B', 2, '2026-01-15 11:00:00')")

    first, everything, _ = ingest(tmp_path, site.url)
    again, nothing, _ = ingest(tmp_path, site.url)
    site.run("UPDATE stock SET qty = 5, updated_at = '2026-01-15 12:30:00' WHERE sku = 'B'")
    later, changes, _ = ingest(tmp_path, site.url)

    assert (0, 0, 0) == (first, again, later)
    assert ("ok", 2, 2) == (everything["state"], everything["rows"], everything["changed"])
    assert (2, 0) == (nothing["rows"], nothing["changed"])
    assert ("ok", 2, 1) == (changes["state"], changes["rows"], changes["changed"])


def test_a_refusal_is_reported_without_the_password(server: Site, tmp_path: Path) -> None:
    (tmp_path / "syncd.yaml").write_text(CONFIG)

    code, source, said = ingest(tmp_path, server.url)

    assert (3, "invalid") == (code, source["state"])
    assert PASSWORD not in said

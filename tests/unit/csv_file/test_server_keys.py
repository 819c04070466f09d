"""Mistakes in the keys of a file on a server, as the operator reads them."""

from pathlib import Path

import pytest

from syncd.domain.errors import ConfigError
from syncd.settings.loading import load_settings
from tests.freshness import installed_kinds

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
PIN = f"host_key: {KEY}, "
LOGIN = "auth: {password: {credential: p}}, "
HELP = "write `ssh-ed25519 AAAA…` (a line of `ssh-keyscan HOST`) or `SHA256:…`"
FORMATS = "csv, xlsx, jsonl, parquet, shopify_products, shopify_inventory"
NEEDS_KEY = "host_key is required for sftp: a line of `ssh-keyscan HOST`"
NEEDS_AUTH = "auth is required for sftp: {password} or {private_key}"
BEARER = "auth: {bearer: {credential: t}}, "


def said(folder: Path, keys: str) -> list[str]:
    """Every problem with its key, which is empty for a key that is not there."""
    path = folder / "syncd.yaml"
    path.write_text(
        f"sources:\n  stock: {{kind: csv_file, {keys}stock: none}}\n"
        "channels:\n  shop: {kind: tiktok_shop, app_key: k, app_secret: {credential: c}, "
        "price: {floor: 1}}\n"
    )
    try:
        load_settings(path, installed_kinds(), {})
    except ConfigError as error:
        return [
            f"{problem.path.removeprefix('sources.stock').lstrip('.')}: {problem.message}"
            for problem in error.problems
        ]
    return []


@pytest.mark.parametrize(
    "keys",
    [
        "path: https://files.example.com/stock.csv, ",
        f"path: https://files.example.com/stock.csv, {BEARER}timeout: 30s, max_size: 500 MB, ",
        "path: https://h/s.csv, auth: {user: acme, password: {credential: p}}, ",
        f"path: http://nas.lan/s.xlsx, {BEARER}allow_private: true, sheet: Stock 1, ",
        f"path: sftp://acme@files.example.com:2222/out/stock-*.csv, {PIN}{LOGIN}",
        f"path: 'sftp://acme@[2001:db8::1]/~/stock.csv', host_key: SHA256:{'A' * 43}, {LOGIN}",
        "path: sftp://acme@h/s.csv, " + PIN
        + "auth: {private_key: {credential: k}, passphrase: {credential: p}}, ",
    ],
)  # fmt: skip
def test_what_can_be_meant_is_taken(tmp_path: Path, keys: str) -> None:
    assert [] == said(tmp_path, keys)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("path: https://acme:geheim@h/s.csv, ",
         "path: a user or password stands in the address; write `auth` instead"),
        (f"path: 'sftp://acme:geheim@h/s.csv', {PIN}{LOGIN}",
         "path: a password stands in the address; write `auth` instead"),
        (f"path: sftp://h/s.csv, {PIN}{LOGIN}",
         "path: the address names no user; write sftp://user@host/path"),
        (f"path: sftp://u@h/out/, {PIN}{LOGIN}", "path: the address names no file"),
        (f"path: sftp://u@h:99999/s.csv, {PIN}{LOGIN}", "path: 99999 is no port"),
        (f"path: 'sftp://u@h/*/s.csv', {PIN}{LOGIN}",
         "path: a pattern may stand in the last part of the path only"),
        (f"path: sftp://u@h, {PIN}{LOGIN}",
         "path: this is no sftp address; write sftp://user@host/path"),
        ("path: ftp://h/s.csv, ",
         "path: ftp:// is not supported; files come by https, http or sftp"),
        (f"path: sftp://u@h/s.csv, {LOGIN}",
         f": {NEEDS_KEY}"),
        (f"path: sftp://u@h/s.csv, {PIN}",
         f": {NEEDS_AUTH}"),
        (f"path: sftp://u@h/s.csv, host_key: ssh-ed25519 AAAA, {LOGIN}",
         f"host_key: this host key is damaged; {HELP}"),
        (f"path: sftp://u@h/s.csv, host_key: 'ssh-ed25519 A*', {LOGIN}",
         f"host_key: this host key is damaged; {HELP}"),
        (f"path: sftp://u@h/s.csv, host_key: SHA256:AAAA, {LOGIN}",
         f"host_key: this is no host key; {HELP}"),
        (f"path: sftp://u@h/s.csv, {PIN}{BEARER}",
         "auth: sftp knows password and private_key, not bearer"),
        (f"path: sftp://u@h/s.csv, {PIN}auth: {{user: u, password: {{credential: p}}}}, ",
         "auth: for sftp the user stands in the address"),
        ("path: https://h/s.csv, auth: {private_key: {credential: k}}, ",
         "auth: private_key goes with sftp:// only"),
        (f"path: https://h/s.csv, {LOGIN}", "auth: a password needs a user"),
        (f"path: http://h/s.csv, {BEARER}",
         "auth: http:// would send the credential readable by anyone; write https://"),
        ("path: https://h/s.csv, auth: {user: u}, ",
         "auth: write exactly one of password, bearer and private_key"),
        ("path: https://h/s.csv, auth: {user: u, bearer: {credential: t}}, ",
         "auth: a user goes with password only"),
        ("path: https://h/s.csv, auth: {bearer: {credential: t}, passphrase: {credential: p}}, ",
         "auth: a passphrase goes with private_key only"),
        ("path: https://h/s.csv, auth: {bearer: geheim}, ",
         "auth.bearer: this must be {credential: NAME}"),
        ("path: sftp://u@h/s.csv, ",
         f": {NEEDS_AUTH}, and {NEEDS_KEY}"),
        ("path: s.csv, format: excel, ",
         f"format: 'excel' is not one of {FORMATS}"),
    ],
    ids=range(24),
)  # fmt: skip
def test_a_mistake_is_named_at_its_key_and_no_secret_is_repeated(
    tmp_path: Path, keys: str, problem: str
) -> None:
    problems = said(tmp_path, keys)

    assert [problem] == problems
    assert "geheim" not in " ".join(problems)

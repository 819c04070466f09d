"""Knows every kind of secret a configuration can hold; a further kind is a further line."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from syncd.service.connectors import installed_kinds

NOBODY = "127.0.0.1:1"
"""An address of this machine where nobody listens."""
KEY = base64.urlsafe_b64encode(b"planted-token-key-of-32-bytes-01").decode()

CREDENTIALS: Mapping[str, str] = {
    "app_secret": "planted-tiktok-app-secret-4f1c",
    "syncd_token_key": KEY,
    "unused": "planted-unused-6b2d",
    "heartbeat": f"http://{NOBODY}/ping/planted-heartbeat-9e0f",
    "alert_json": f"json://planted-user:planted-alert-password-a1@{NOBODY}/planted-hook-77aa",
    "alert_mail": "mailto://planted-mail-user:planted-mail-password-b2@127.0.0.1:1?from=a@b.test",
    "alert_form": f"form://{NOBODY}/planted-form-path-c3?token=planted-form-token-d4",
    "alert_slack": "slack://TPLANTED01/BPLANTED02/planted0slack0token0e5abcd/#stock",
    "erp_url": f"postgresql://planted-erp-user:planted-erp-password-f6@{NOBODY}/stock",
    "mysql_url": f"mysql://planted-my-user:planted%2Fmysql%2Fpassword-07@{NOBODY}/stock",
    "web_bearer": "planted-bearer-18",
    "web_password": "planted-web-password-29",
    "sftp_password": "planted-sftp-password-3a",
    "shopify_token": "shpat_planted-4b",
    "shopify_client_secret": "shpss_planted-5c",
    "shopify_webhook_secret": "planted-webhook-secret-6d",
}
"""Everything in the folder of credentials."""
FROM_THE_ENVIRONMENT: Mapping[str, str] = {
    "SYNCD_APP_SECRET": "planted-environment-app-secret-7e",
    "SYNCD_ALERT_JSON": f"json://{NOBODY}/planted-environment-hook-8f",
}
WRONG_SECRETS = ("planted-old-app-secret-90", "planted, with a blank and ü-a1", "planted\"quote'b2")
WRONG_KEY = base64.urlsafe_b64encode(b"planted-other-key-of-32-bytes-02").decode()
AUTH_CODE = "planted-auth-code-c3"
WRONG_CODES = ("planted-wrong-code-d4", "planted-wrong-code-e5/+ f6")

ALERTS = """\
alerts:
  urls:
    - {credential: alert_json}
    - {credential: alert_mail}
    - {credential: alert_form}
    - {credential: alert_slack}
  heartbeat: {credential: heartbeat}
"""


@dataclass(frozen=True)
class Reading:
    """A source that uses secrets, present where its kind is installed and has the option."""

    kind: str
    option: str
    line: str


SOURCES: Sequence[Reading] = (
    Reading("sql_query", "url", "erp: {kind: sql_query, url: {credential: erp_url}, stock: none, "
            "query: 'select sku, price from stock'}"),
    Reading("sql_query", "url", "shop_db: {kind: sql_query, url: {credential: mysql_url}, stock: none, "
            "query: 'select sku, price from stock'}"),
    Reading("csv_file", "auth", f"web: {{kind: csv_file, path: 'https://{NOBODY}/a.csv', stock: none, "
            "allow_private: true, auth: {bearer: {credential: web_bearer}}}"),
    Reading("csv_file", "auth", f"web2: {{kind: csv_file, path: 'https://{NOBODY}/b.csv', stock: none, "
            "allow_private: true, auth: {user: u, password: {credential: web_password}}}"),
    Reading("csv_file", "auth", f"ftp: {{kind: csv_file, path: 'sftp://u@{NOBODY}/c.csv', stock: none, "
            f"host_key: 'SHA256:{'A' * 43}', auth: {{password: {{credential: sftp_password}}}}}}"),
    Reading("shopify", "token", "store: {kind: shopify, shop: acme, stock: none, "
            f"url: 'http://{NOBODY}', token: {{credential: shopify_token}}}}"),
    Reading("shopify", "client_secret", "store2: {kind: shopify, shop: acme, stock: none, client_id: c, "
            f"url: 'http://{NOBODY}', client_secret: {{credential: shopify_client_secret}}, "
            "webhook_secret: {credential: shopify_webhook_secret}}"),
)  # fmt: skip


def sources() -> str:
    """The lines of the sources that this installation can read, to stand under `sources:`."""
    kinds = installed_kinds().sources
    return "".join(
        f"  {one.line}\n"
        for one in SOURCES
        if one.kind in kinds and one.option in kinds[one.kind].model_fields
    )


def plant(folder: Path) -> None:
    """Put every credential into its file."""
    folder.mkdir(mode=0o700)
    for name, value in CREDENTIALS.items():
        replant(folder / name, value)


def replant(path: Path, value: str) -> None:
    path.write_text(value + "\n", encoding="utf-8")
    path.chmod(0o600)


def planted() -> Iterator[str]:
    """Every secret, and alone what is secret in an address."""
    yield from CREDENTIALS.values()
    yield from FROM_THE_ENVIRONMENT.values()
    yield from (*WRONG_SECRETS, WRONG_KEY, AUTH_CODE, *WRONG_CODES)
    yield from (
        "planted-alert-password-a1", "planted-hook-77aa", "planted-mail-password-b2",
        "planted-form-path-c3", "planted-form-token-d4", "planted0slack0token0e5abcd",
        "planted-heartbeat-9e0f", "planted-erp-password-f6", "planted/mysql/password-07",
        "planted-environment-hook-8f",
    )  # fmt: skip

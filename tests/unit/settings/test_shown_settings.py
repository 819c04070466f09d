"""What the example and the README only show is valid too, once somebody uses it."""

import re
from pathlib import Path

import pytest
import yaml

from syncd.service.connectors import installed_kinds
from syncd.settings.loading import load_settings
from tests.unit.settings.test_shipped_files import ROOT

EXAMPLE = (ROOT / "config/syncd.example.yaml").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
KINDS = installed_kinds()
SHOWN = re.compile(r"^( *)# ([a-z_]+):(?: .*)?$")
SFTP = ("https://files.example.com/stock.csv", "sftp://acme@files.example.com/stock.csv")
HOST_KEY = f"SHA256:{'A' * 43}"
CHOICES = {
    "a file from the web": ("path", "auth", "allow_private", "timeout", "max_size"),
    "a file over sftp": ("path", "auth", "host_key", "timeout", "max_size"),
    "a workbook": ("format", "sheet"),
    "how texts and numbers are written": ("encoding", "decimal", "thousands"),
    "goods that are packed": ("left_when",),
    "times of the day": ("cron",),
    "whole readings": ("full_every",),
    "a database": ("erp",),
    "an app of the Dev Dashboard": ("client_id", "client_secret"),
    "webhooks of a custom app": ("webhook_secret",),
    "a simulated Shopify shop": ("url",),
    "other addresses of TikTok Shop": ("api_url", "auth_url", "authorize_url"),
    "a safety stock that follows the sales": ("safety",),
    "aliases": ("aliases",),
    "the token of the web surface": ("web.token",),
}
"""What is uncommented together; `web.token` is the key with that name which comes last."""
INSTEAD = {
    "path": "path",
    "format": "",
    "cron": "every",
    "client_id": "token",
    "url": "",
    "safety": "safety",
}
"""The active key of the same source that a shown one stands in for."""


def uncommented(text: str, key: str) -> str:
    """The shown key with what is indented below it, and without the key it stands in for."""
    lines = text.splitlines()
    name = key.rpartition(".")[2]
    found = [
        number
        for number, line in enumerate(lines)
        if (shown := SHOWN.match(line)) and shown[2] == name
    ]
    start = found[-1]
    indent = " " * lines[start].index("#")
    end = start + 1
    while end < len(lines) and lines[end].startswith(f"{indent}#   "):
        end += 1
    fresh = [line.replace("# ", "", 1) for line in lines[start:end]]
    old = INSTEAD.get(name)
    before, after = lines[:start], lines[end:]
    if old:
        place = max(n for n, line in enumerate(before) if line.startswith(f"{indent}{old}:"))
        del before[place]
    return "\n".join([*before, *fresh, *after]) + "\n"


def load(folder: Path, text: str) -> object:
    (folder / "aliases.csv").write_text("seller_sku,sku\nA,B\n")
    path = folder / "syncd.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, KINDS, {})


@pytest.mark.parametrize("choice", CHOICES)
def test_what_the_example_shows_is_valid_when_it_is_uncommented(
    tmp_path: Path, choice: str
) -> None:
    text = EXAMPLE
    for key in CHOICES[choice]:
        text = uncommented(text, key)
    if "host_key" in CHOICES[choice]:
        text = text.replace(*SFTP).replace(
            "{bearer: {credential: files_token}}", "{password: {credential: p}}"
        )
        text = re.sub("ssh-ed25519 [^ ]*", HOST_KEY, text)

    assert text != EXAMPLE
    assert load(tmp_path, text)


def test_a_database_that_is_written_to_is_valid_when_it_is_uncommented(tmp_path: Path) -> None:
    text = uncommented(uncommented(EXAMPLE, "erp"), "write_back")
    written = text.replace("orders: within 15m\n    every: 1m", "orders: write_back\n    every: 1m")

    assert written != text
    assert load(tmp_path, written)


def test_every_key_that_the_example_only_shows_is_tried() -> None:
    shown = [found[2] for line in EXAMPLE.splitlines() if (found := SHOWN.match(line))]
    tried = {key.rpartition(".")[2] for keys in CHOICES.values() for key in keys}

    assert sorted(tried) == sorted(shown)


def test_the_settings_of_the_readme_are_valid_together(tmp_path: Path) -> None:
    sources: dict[str, object] = {}
    channels: dict[str, object] = {}
    for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL):
        written = yaml.safe_load(block.replace("SHA256:…", HOST_KEY))
        sources |= written.get("sources", {})
        channels |= written.get("channels", {})
    (shop,) = channels.values()
    assert isinstance(shop, dict)
    shop |= {"kind": "tiktok_shop", "app_key": "k", "app_secret": {"credential": "s"}}
    text = yaml.safe_dump({"sources": sources, "channels": channels}, allow_unicode=True)

    assert {"warehouse", "supplier", "erp", "webshop"} == set(sources)
    assert load(tmp_path, text)

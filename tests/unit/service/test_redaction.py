"""A known secret is taken out of a text in whatever disguise it turns up."""

import json
from urllib.parse import quote

import pytest

from syncd.service.redaction import Redaction

SECRET = 'p@ss/w0rd+ü"x'


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        quote(SECRET, safe=""),
        json.dumps(SECRET),
        repr(SECRET),
        f"https://host/path?key={quote(SECRET, safe='')}&x=1",
    ],
)
def test_every_written_form_is_hidden(shown: str) -> None:
    redaction = Redaction()
    redaction.learn(SECRET)

    hidden = redaction.hide(f"before {shown} after")

    assert "[secret]" in hidden
    assert "w0rd" not in hidden
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")


@pytest.mark.parametrize(
    ("address", "parts", "kept"),
    [
        ("postgresql://erp:hunter22@db/stock", ["hunter22"], "postgresql stock"),
        ("mysql+pymysql://u:se%2Fcret@db:3306/x", ["se/cret", "se%2Fcret"], "db 3306"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general",
         ["T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ"], "general slack"),
        ("tgram://123456789:AAF_x7Qabcdef/-1001", ["123456789:AAF_x7Qabcdef"], "tgram"),
        ("https://hc-ping.com/6f1a8c12-5ad0-4c3e-9b7e-0a1b2c3d4e5f",
         ["6f1a8c12-5ad0-4c3e-9b7e-0a1b2c3d4e5f"], "hc-ping.com"),
        ("https://x.example/hook?token=abc123def456", ["abc123def456"], "x.example hook"),
    ],
)  # fmt: skip
def test_the_secret_parts_of_an_address_are_hidden_alone_and_its_names_are_kept(
    address: str, parts: list[str], kept: str
) -> None:
    redaction = Redaction()
    redaction.learn(address)

    assert ["[secret]"] * len(parts) == [redaction.hide(part) for part in parts]
    assert "[secret]" == redaction.hide(address)
    assert kept == redaction.hide(kept)


def test_each_line_of_a_key_is_hidden() -> None:
    redaction = Redaction()
    redaction.learn("-----BEGIN KEY-----\nb3BlbnNzaC1r\nZXktdjEAAAAA\n-----END KEY-----\n")

    assert "line [secret]" == redaction.hide("line ZXktdjEAAAAA")


def test_the_longer_of_two_secrets_is_hidden_whole() -> None:
    redaction = Redaction()
    redaction.learn("abcdef")
    redaction.learn("abcdef-and-more")

    assert "[secret] [secret]" == redaction.hide("abcdef-and-more abcdef")


def test_a_secret_too_short_to_protect_shreds_no_text() -> None:
    redaction = Redaction()
    redaction.learn("a")
    redaction.learn("")

    assert "a banana" == redaction.hide("a banana")

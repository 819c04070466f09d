"""How a web address is taken apart, and what of it may be shown."""

import pytest

from connectors.transport.web_address import BadAddress, WebAddress

FILE = WebAddress.parsed("https://files.example.com/a/stock.csv?token=geheim")


@pytest.mark.parametrize(
    ("text", "at", "authority"),
    [
        ("http://h", "http://192.0.2.1:80/", "h"),
        ("HTTPS://Shop.Example:8443/x", "https://192.0.2.1:8443/x", "shop.example:8443"),
        ("https://h/ä?q=ö&r=%20", "https://192.0.2.1:443/%C3%A4?q=%C3%B6&r=%20", "h"),
        ("https://h:443/x#part", "https://192.0.2.1:443/x", "h"),
        ("http://[2001:db8::1]:81/x", "http://192.0.2.1:81/x", "[2001:db8::1]:81"),
        ("https://bücher.example/x", "https://192.0.2.1:443/x", "xn--bcher-kva.example"),
    ],
)  # fmt: skip
def test_the_name_stays_in_the_header_and_the_address_in_the_connection(
    text: str, at: str, authority: str
) -> None:
    address = WebAddress.parsed(text)

    assert (at, authority) == (address.at("192.0.2.1"), address.authority)
    assert address.at("2001:db8::2").startswith(f"{address.scheme}://[2001:db8::2]:")


@pytest.mark.parametrize(
    "text",
    ["", "stock.csv", "ftp://h/x", "https://", "https:///x", "https://h:0/", "https://h:99999/",
     "https://h:x/", "https://u:geheim@h/x", "https://u@h/x", "https://@h/x", "https://h /x",
     "https://h\\@evil/x", "https://h\n/x", "https://[::1/x", "https://" + "ä" * 80 + "/x"],
)  # fmt: skip
def test_what_is_no_usable_web_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadAddress) as refused:
        WebAddress.parsed(text)
    assert "geheim" not in str(refused.value)


def test_the_query_is_never_shown() -> None:
    assert "https://files.example.com/a/stock.csv" == FILE.shown
    assert 200 == len(WebAddress.parsed(f"https://h/{'x' * 900}").shown)


@pytest.mark.parametrize(
    ("text", "name"),
    [("https://h/a/stock%201.csv?x", "stock 1.csv"), ("https://h/", "h"), ("https://h/a%0Ab", "h")],
)
def test_the_last_part_of_the_path_is_the_name(text: str, name: str) -> None:
    assert name == WebAddress.parsed(text).name


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("b.csv", "https://files.example.com/a/b.csv"),
        ("/b.csv", "https://files.example.com/b.csv"),
        ("//cdn.example/b.csv", "https://cdn.example/b.csv"),
        ("https://cdn.example/b.csv", "https://cdn.example/b.csv"),
    ],
)
def test_a_redirect_leads_from_where_it_was_given(location: str, shown: str) -> None:
    assert shown == FILE.moved(location).shown


def test_a_redirect_never_leads_out_of_tls() -> None:
    with pytest.raises(BadAddress, match="from https to http"):
        FILE.moved("http://files.example.com/a/stock.csv")


@pytest.mark.parametrize(
    ("home", "text", "belongs"),
    [
        ("https://h/a", "https://h/b", True),
        ("https://h/a", "https://h:8443/b", False),
        ("https://h/a", "https://h.evil/b", False),
        ("http://h/a", "https://h/b", True),
        ("http://h:81/a", "https://h/b", False),
        ("http://h:81/a", "http://h:81/b", True),
    ],
)
def test_a_credential_belongs_to_one_place(home: str, text: str, belongs: object) -> None:
    assert belongs is WebAddress.parsed(text).belongs_to(WebAddress.parsed(home))

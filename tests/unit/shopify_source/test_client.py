"""The traps of ShopifyAPI, one by one, against a real server."""

import subprocess
import sys

import pytest
import shopify
from pydantic import SecretStr

from connectors.shopify.client import API_VERSION, AdminApi, ShopGraphQL, ShopSession
from connectors.shopify.queries import SHOP
from connectors.transport.http_transport import HttpTransport, NoAnswer, TransportLimits
from tests.unit.shopify_source.world import World

TOKEN = SecretStr("shpat_sandbox_token")
HEADER = "X-Shopify-Access-Token"


def test_a_host_is_never_rewritten_to_myshopify() -> None:
    session = ShopSession("http://127.0.0.1:8091", API_VERSION, TOKEN)

    assert f"http://127.0.0.1:8091/admin/api/{API_VERSION}" == session.site


def test_a_request_is_what_the_package_would_send(sample: World) -> None:
    with HttpTransport(sample.clock) as transport:
        session = ShopSession(sample.url, API_VERSION, TOKEN)
        graphql = ShopGraphQL(session, transport)
        text = graphql.execute(SHOP, {}, "Shop")

    assert isinstance(graphql, shopify.GraphQL)
    assert isinstance(session, shopify.Session)
    assert graphql.endpoint == f"{session.site}/graphql.json"
    assert '"Sandbox Shop"' in text
    assert graphql.reply is not None
    assert API_VERSION == graphql.reply.headers["x-shopify-api-version"]


def test_an_object_keeps_the_token_of_its_own_session(sample: World) -> None:
    with HttpTransport(sample.clock) as transport:
        first = ShopGraphQL(ShopSession(sample.url, API_VERSION, TOKEN), transport)
        ShopGraphQL(ShopSession(sample.url, API_VERSION, SecretStr("other")), transport)

        assert TOKEN.get_secret_value() == first.headers[HEADER]
        assert '"Sandbox Shop"' in first.execute(SHOP)


def test_no_session_is_left_active(sample: World) -> None:
    with HttpTransport(sample.clock) as transport:
        AdminApi(sample.url, transport).post(TOKEN, SHOP, {})

    assert HEADER not in shopify.ShopifyResource.get_headers()
    assert None is shopify.ShopifyResource.get_site()


@pytest.mark.parametrize("kind", ["http_403", "http_429", "http_500"])
def test_a_reply_of_any_status_is_a_reply_and_nothing_is_printed(
    sample: World, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    sample.fault(kind)
    with HttpTransport(sample.clock) as transport:
        reply = AdminApi(sample.url, transport).post(TOKEN, SHOP, {})

    assert int(kind.removeprefix("http_")) == reply.status
    assert ("", "") == capfd.readouterr()


def test_a_peer_that_keeps_silent_is_not_waited_for_for_ever(sample: World) -> None:
    sample.simulator.world.behaviour.latency = 0.0
    sample.fault("no_answer")
    limits = TransportLimits(read=0.2)
    with HttpTransport(sample.clock, limits) as transport, pytest.raises(NoAnswer):
        AdminApi(sample.url, transport).post(TOKEN, SHOP, {})


def test_the_package_is_loaded_only_when_a_shop_is_read() -> None:
    code = (
        "import sys; from connectors.shopify.factory import FACTORY;"
        "from connectors.shopify.source import ShopifySource;"
        "sys.exit('shopify' in sys.modules or 'httpx' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert 0 == done.returncode

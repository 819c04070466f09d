"""The life of an authorization: granted, warned of, lost, and back again without a restart."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.tiktok_shop.errors import ApiUnauthorized
from connectors.tiktok_shop.scopes import NEEDED
from connectors.tiktok_shop.tokens import TokenGrant
from syncd.domain.authorization import Authorization
from syncd.domain.errors import LedgerUnusable
from syncd.domain.report import Attention
from syncd.engine.attention import ending_authorizations
from syncd.engine.setup import EngineSetup
from syncd.ports.authorization import Authorizer
from syncd.ports.clock import SystemClock
from syncd.ports.deliveries import Deliveries, WebhookSubscriptions
from tests.fakes.memory_channel import MemoryChannel
from tests.fakes.shopfloor import SHOP, Shopfloor
from tests.fakes.tiktok import connected

SEED: dict[str, object] = {"products": [], "orders": []}


class GrantedChannel(MemoryChannel):
    """A shop in memory whose authorization ends some day."""

    grant: Authorization | LedgerUnusable | None = None

    def authorization(self) -> Authorization | None:
        if isinstance(self.grant, LedgerUnusable):
            raise self.grant
        return self.grant

    def authorized_shops(self) -> list[str]:
        return []


def told(engine: EngineSetup) -> list[Attention]:
    return list(ending_authorizations(engine, engine.clock.now()))


@pytest.fixture
def floor(tmp_path: Path) -> Shopfloor:
    made = Shopfloor(tmp_path)
    made.shop = GrantedChannel(SHOP, made.clock)
    return made


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (40, None),
        (30, "shop: the authorization ends within 30 days, on 2026-12-23"),
        (13, "shop: the authorization ends within 14 days, on 2026-12-06"),
        (1, "shop: the authorization ends within 1 day, on 2026-11-24"),
        (-1, "shop: the authorization has ended, on 2026-11-22"),
    ],
)
def test_reports_name_an_authorization_that_ends(
    floor: Shopfloor, days: int, words: str | None
) -> None:
    ends = floor.clock.now() + timedelta(days=days)
    assert isinstance(floor.shop, GrantedChannel)
    floor.shop.grant = Authorization(holder="Acme", expires_at=ends)
    found = told(floor.engine())
    floor.close()

    assert ([] if words is None else [words]) == [one.what for one in found]
    assert {"syncd connect shop"} >= {one.help for one in found}


def test_tokens_that_do_not_open_are_named_and_stop_no_report(floor: Shopfloor) -> None:
    assert isinstance(floor.shop, GrantedChannel)
    floor.shop.grant = LedgerUnusable("the stored tokens cannot be decrypted")
    found = told(floor.engine())
    floor.close()

    assert ["shop: the stored tokens cannot be decrypted"] == [one.what for one in found]


def test_the_channel_tells_what_was_granted(tmp_path: Path) -> None:
    with connected(tmp_path, SEED) as (channel, _):
        grant = channel.authorization()
        shops = channel.authorized_shops()

    assert grant is not None
    assert ("Sandbox Shop", (), ("seller.promotion",)) == (
        grant.holder,
        grant.missing(),
        grant.superfluous(),
    )
    assert NEEDED == grant.needed
    assert ["Sandbox Shop (US, id 7495540735365777507)"] == list(shops)


def test_the_channel_keeps_the_ports_that_the_web_asks_for(tmp_path: Path) -> None:
    with connected(tmp_path, SEED) as (channel, _):
        for port in (Authorizer, Deliveries, WebhookSubscriptions):
            assert isinstance(channel, port)


def test_a_lost_authorization_comes_back_by_itself_once_it_was_given_again(tmp_path: Path) -> None:
    with connected(tmp_path, SEED) as (channel, control):
        control.post("deauthorize")
        for _ in range(2):
            with pytest.raises(ApiUnauthorized, match="syncd connect shop"):
                channel.facts()
        keeper = channel._keeper
        code = str(control.post("auth_code")["auth_code"])
        blob = keeper._issuer.exchange(SecretStr(code)).to_bytes()
        keeper._store.save(SHOP, blob)  # as another process does

        assert "Sandbox Shop" == channel.facts().name
        assert keeper.grant() == TokenGrant.from_bytes(blob)
        assert keeper.grant().refresh_expires_at > SystemClock().now()

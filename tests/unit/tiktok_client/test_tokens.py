import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from connectors.tiktok_shop.calls import App
from connectors.tiktok_shop.errors import ApiUnauthorized, ApiUnavailable
from connectors.tiktok_shop.tokens import Keeper, TokenGrant, TokenIssuer, expiry
from connectors.transport.http_transport import HttpTransport
from syncd.domain.identity import ChannelName
from tests.unit.tiktok_client.stub import NOW, MemoryStore, Reply, Stub, WoundClock, envelope

SHOP = ChannelName("shop")
APP = App(key="29a39d", secret=SecretStr("app-geheim"))
WEEK = timedelta(days=7)
GRANT = TokenGrant(
    access_token=SecretStr("access-geheim"),
    refresh_token=SecretStr("refresh-geheim"),
    issued_at=NOW,
    access_expires_at=NOW + WEEK,
    refresh_expires_at=NOW + 50 * WEEK,
    open_id="o",
    seller_name="Größe",
    region="US",
    granted_scopes=("seller.product.basic",),
)


def fresh(number: int = 2, issued_at: datetime = NOW) -> Reply:
    return envelope(
        {
            "access_token": f"access-geheim-{number}",
            "access_token_expire_in": int((issued_at + WEEK).timestamp()),
            "refresh_token": f"refresh-geheim-{number}",
            "refresh_token_expire_in": int((issued_at + 50 * WEEK).timestamp()),
            "open_id": "o",
            "seller_name": "Acme",
            "seller_base_region": "US",
            "user_type": 0,
        }
    )


@pytest.fixture
def issuer(stub: Stub, clock: WoundClock) -> Iterator[TokenIssuer]:
    with HttpTransport(clock) as transport:
        yield TokenIssuer(auth_url=stub.url, app=APP, transport=transport, clock=clock)


@pytest.fixture
def store() -> MemoryStore:
    filled = MemoryStore()
    filled.blobs[SHOP] = GRANT.to_bytes()
    return filled


@pytest.fixture
def keeper(issuer: TokenIssuer, store: MemoryStore, clock: WoundClock) -> Keeper:
    return Keeper(SHOP, store, issuer, clock)


def test_a_grant_that_another_process_stored_replaces_the_one_in_memory(
    keeper: Keeper, store: MemoryStore
) -> None:
    used = keeper.access_token()
    assert not keeper.reconnected(used)
    store.blobs[SHOP] = replace(GRANT, access_token=SecretStr("connected-geheim")).to_bytes()
    assert keeper.reconnected(used)
    assert "connected-geheim" == keeper.access_token()


def test_a_code_is_exchanged_by_an_unsigned_get(issuer: TokenIssuer, stub: Stub) -> None:
    stub.script = [fresh()]
    grant = issuer.exchange(SecretStr("code"))
    (seen,) = stub.seen
    assert ("GET", "/api/v2/token/get") == (seen.method, seen.path)
    assert {
        "app_key": "29a39d",
        "app_secret": "app-geheim",
        "auth_code": "code",
        "grant_type": "authorized_code",
    } == seen.query
    assert "access-geheim-2" == grant.access_token.get_secret_value()
    assert NOW + WEEK == grant.access_expires_at
    assert () == grant.granted_scopes


def test_a_refresh_sends_the_refresh_token(issuer: TokenIssuer, stub: Stub) -> None:
    stub.script = [fresh()]
    issuer.refresh(SecretStr("old"))
    (seen,) = stub.seen
    assert "/api/v2/token/refresh" == seen.path
    assert {
        "app_key": "29a39d",
        "app_secret": "app-geheim",
        "refresh_token": "old",
        "grant_type": "refresh_token",
    } == seen.query


def test_a_lost_exchange_is_not_repeated(issuer: TokenIssuer, stub: Stub) -> None:
    stub.script = [Reply(cut=True)]
    with pytest.raises(ApiUnavailable):
        issuer.exchange(SecretStr("code"))
    assert 1 == len(stub.seen)


def test_a_used_code_needs_a_new_authorization(issuer: TokenIssuer, stub: Stub) -> None:
    stub.script = [envelope(code=36004004, message="invalid auth code")]
    with pytest.raises(ApiUnauthorized, match="36004004"):
        issuer.exchange(SecretStr("code"))


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (1_660_556_783, datetime(2022, 8, 15, 9, 46, 23, tzinfo=UTC)),
        (604_800, NOW + WEEK),
        (0, NOW),
        (-5, NOW),
    ],
)
def test_an_expiry_is_a_moment_and_a_small_one_a_duration(value: int, moment: datetime) -> None:
    assert moment == expiry(value, NOW)


def test_a_grant_survives_the_store() -> None:
    assert GRANT == TokenGrant.from_bytes(GRANT.to_bytes())


@pytest.mark.parametrize("blob", [b"", b"{}", b"[]", b"null", b'{"grant.1":{}}', b"\xff", b'"x"'])
def test_a_damaged_grant_is_refused(blob: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        TokenGrant.from_bytes(blob)


def test_the_tokens_do_not_show_in_a_repr() -> None:
    assert "geheim" not in repr(GRANT)


def test_a_token_in_the_first_half_of_its_life_is_used_as_it_is(
    keeper: Keeper, stub: Stub, clock: WoundClock
) -> None:
    clock.at += WEEK / 2 - timedelta(seconds=1)
    assert "access-geheim" == keeper.access_token()
    assert [] == stub.seen


def test_a_token_past_half_of_its_life_is_renewed(
    keeper: Keeper, stub: Stub, clock: WoundClock, store: MemoryStore
) -> None:
    clock.at += WEEK / 2
    stub.script = [fresh(2, clock.at)]
    assert "access-geheim-2" == keeper.access_token()
    assert "access-geheim-2" == keeper.access_token()
    assert 1 == len(stub.seen)
    kept = TokenGrant.from_bytes(store.blobs[SHOP])
    assert "refresh-geheim-2" == kept.refresh_token.get_secret_value()


def test_both_tokens_are_stored_under_the_lock_after_reading_it_again(
    keeper: Keeper, stub: Stub, clock: WoundClock, store: MemoryStore
) -> None:
    clock.at += WEEK
    stub.script = [fresh(2, clock.at)]
    keeper.access_token()
    assert ["load", "lock shop", "load", "save", "unlock"] == store.trail


def test_a_token_another_process_renewed_is_taken_from_the_store(
    keeper: Keeper, stub: Stub, store: MemoryStore
) -> None:
    used = keeper.access_token()
    store.blobs[SHOP] = replace(GRANT, access_token=SecretStr("theirs")).to_bytes()
    assert "theirs" == keeper.refresh_after_expiry(used)
    assert [] == stub.seen


def test_a_token_refused_by_the_shop_is_renewed(keeper: Keeper, stub: Stub) -> None:
    stub.script = [fresh()]
    assert "access-geheim-2" == keeper.refresh_after_expiry(keeper.access_token())
    assert "refresh-geheim" == stub.seen[0].query["refresh_token"]


def test_many_calls_refused_for_one_token_renew_it_once(keeper: Keeper, stub: Stub) -> None:
    stub.script = [fresh(2), fresh(3)]
    used = keeper.access_token()
    assert ["access-geheim-2"] * 3 == [keeper.refresh_after_expiry(used) for _ in range(3)]
    assert 1 == len(stub.seen)


def test_a_lost_renewal_is_tried_once_more_with_the_same_token(
    keeper: Keeper, stub: Stub, clock: WoundClock
) -> None:
    clock.at += WEEK
    stub.script = [Reply(cut=True), fresh(2, clock.at)]
    assert "access-geheim-2" == keeper.access_token()
    assert ["refresh-geheim"] * 2 == [seen.query["refresh_token"] for seen in stub.seen]


def test_a_renewal_lost_twice_leaves_an_expired_token_unavailable(
    keeper: Keeper, stub: Stub, clock: WoundClock, store: MemoryStore
) -> None:
    clock.at += WEEK
    stub.script = [Reply(cut=True)]
    with pytest.raises(ApiUnavailable):
        keeper.access_token()
    assert 2 == len(stub.seen)
    assert GRANT.to_bytes() == store.blobs[SHOP]


@pytest.mark.parametrize("before", [[], [Reply(cut=True)]])
def test_an_unknown_refresh_token_names_the_command_that_helps(
    keeper: Keeper, stub: Stub, clock: WoundClock, before: list[Reply]
) -> None:
    clock.at += WEEK
    stub.script = [*before, envelope(code=36004005)]
    with pytest.raises(ApiUnauthorized) as refused:
        keeper.access_token()
    assert 1 == str(refused.value).count("syncd connect")
    assert "run `syncd connect shop`; a new scope needs" in str(refused.value)


def test_a_refusal_that_names_no_command_gets_the_one_that_helps(
    keeper: Keeper, stub: Stub, clock: WoundClock
) -> None:
    clock.at += WEEK
    stub.script = [envelope(code=36009004, message="Invalid app_key")] * 2
    with pytest.raises(
        ApiUnauthorized, match=r"check app_key of the channel; run `syncd connect shop`$"
    ):
        keeper.access_token()


def test_a_valid_token_is_used_on_while_it_cannot_be_renewed_and_not_tried_at_each_call(
    keeper: Keeper, stub: Stub, clock: WoundClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    clock.at += WEEK / 2
    stub.script = [Reply(status=503, body=b"app-geheim")]
    assert ["access-geheim"] * 3 == [keeper.access_token() for _ in range(3)]
    assert 2 == len(stub.seen)
    clock.at += timedelta(minutes=16)
    stub.script = [fresh(2, clock.at)]
    assert "access-geheim-2" == keeper.access_token()
    assert "could not be renewed ahead of time" in caplog.text
    assert "geheim" not in caplog.text


@pytest.mark.parametrize("blob", [None, b"damaged"])
def test_a_channel_without_tokens_names_the_command_that_helps(
    keeper: Keeper, store: MemoryStore, blob: bytes | None
) -> None:
    store.blobs = {} if blob is None else {SHOP: blob}
    with pytest.raises(ApiUnauthorized, match="syncd connect shop"):
        keeper.access_token()


def test_connecting_keeps_the_new_tokens(keeper: Keeper, stub: Stub, store: MemoryStore) -> None:
    store.blobs = {}
    stub.script = [fresh(7)]
    keeper.connect(SecretStr("code"))
    assert "access-geheim-7" == keeper.access_token()
    assert "access-geheim-7" == keeper.grant().access_token.get_secret_value()
    assert SHOP in store.blobs


@pytest.mark.parametrize(
    "reply",
    [
        envelope(code=36004005, message="unknown refresh-geheim of app-geheim"),
        envelope({"access_token": "access-geheim-9"}),
        Reply(body=b"refresh-geheim"),
        Reply(cut=True),
        Reply(status=302, headers={"location": "http://127.0.0.1:1/?app_secret=app-geheim"}),
    ],
)
def test_no_secret_enters_an_error_or_a_log(
    keeper: Keeper, stub: Stub, clock: WoundClock, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    caplog.set_level(logging.DEBUG)
    clock.at += WEEK
    stub.script = [reply]
    with pytest.raises((ApiUnauthorized, ApiUnavailable)) as refusal:
        keeper.access_token()
    chain = [refusal.value, refusal.value.__cause__]
    assert "geheim" not in caplog.text + "".join(str(one) + repr(one) for one in chain)

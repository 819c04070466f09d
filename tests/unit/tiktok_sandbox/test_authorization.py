import time

from tests.unit.tiktok_sandbox.shop_client import ShopClient

WAREHOUSES = "/logistics/202309/warehouses"


def fresh(shop: ShopClient) -> dict[str, object]:
    code = shop.control("POST", "auth_code")["auth_code"]
    data: dict[str, object] = shop.connect(code)["data"]
    return data


def test_expiries_are_absolute_unix_seconds(shop: ShopClient) -> None:
    data = fresh(shop)
    access, refresh = data["access_token_expire_in"], data["refresh_token_expire_in"]
    assert isinstance(access, int)
    assert isinstance(refresh, int)
    assert abs(access - time.time() - 604_800) < 5
    assert abs(refresh - time.time() - 31_536_000) < 5
    assert 0 == data["user_type"]


def test_an_auth_code_works_once(shop: ShopClient) -> None:
    assert 36004004 == shop.exchange(shop.about["auth_code"])["code"]
    code = shop.control("POST", "auth_code")["auth_code"]
    assert [0, 36004004] == [shop.exchange(code)["code"] for _ in range(2)]


def test_a_fresh_auth_code_lives_for_half_an_hour(shop: ShopClient) -> None:
    code = shop.control("POST", "auth_code")["auth_code"]
    shop.tweak(clock_offset=1801)
    assert 36004004 == shop.exchange(code)["code"]


def test_a_refresh_gives_new_tokens_and_uses_up_the_old_refresh_token(shop: ShopClient) -> None:
    data = fresh(shop)
    first = shop.refresh(str(data["refresh_token"]))
    assert 0 == first["code"]
    assert data["refresh_token"] != first["data"]["refresh_token"]
    assert data["access_token"] != first["data"]["access_token"]
    assert data["refresh_token_expire_in"] == first["data"]["refresh_token_expire_in"]
    assert 36004005 == shop.refresh(str(data["refresh_token"]))["code"]
    shop.token = first["data"]["access_token"]
    assert 0 == shop.call("GET", WAREHOUSES)["code"]


def test_a_token_past_its_life_is_refused(shop: ShopClient) -> None:
    shop.tweak(token_life=60)
    fresh(shop)
    assert 0 == shop.call("GET", WAREHOUSES)["code"]
    shop.tweak(clock_offset=61)
    late = shop.send("GET", WAREHOUSES, timestamp=int(time.time()) + 61)
    assert 105002 == late.json()["code"]


def test_an_old_refresh_token_may_be_granted_a_grace_and_shortens_no_life(shop: ShopClient) -> None:
    data = fresh(shop)
    shop.tweak(refresh_grace=60)
    first, again = (shop.refresh(str(data["refresh_token"])) for _ in range(2))

    assert 0 == again["code"]
    assert first["data"]["refresh_token"] != again["data"]["refresh_token"]
    assert data["refresh_token_expire_in"] == again["data"]["refresh_token_expire_in"]


def test_tokens_can_be_expired_by_hand_and_refreshed(shop: ShopClient) -> None:
    data = fresh(shop)
    shop.control("POST", "tokens/expire")
    assert 105002 == shop.call("GET", WAREHOUSES)["code"]
    assert 0 == shop.refresh(str(data["refresh_token"]))["code"]


def test_after_a_deauthorization_nothing_helps_but_a_new_code(shop: ShopClient) -> None:
    data = fresh(shop)
    shop.control("POST", "deauthorize")
    assert 105002 == shop.call("GET", WAREHOUSES)["code"]
    assert 36004005 == shop.refresh(str(data["refresh_token"]))["code"]
    fresh(shop)
    assert 0 == shop.call("GET", WAREHOUSES)["code"]


def test_token_calls_are_get_only_and_check_app_and_grant_type(shop: ShopClient) -> None:
    assert 404 == shop.http.post("/api/v2/token/get").status_code
    app = {"app_key": shop.about["app_key"], "app_secret": shop.about["app_secret"]}
    code = shop.control("POST", "auth_code")["auth_code"]
    wrong = [
        {**app, "auth_code": code, "grant_type": "authorization_code"},
        {**app, "auth_code": code, "grant_type": "authorized_code", "app_secret": "x"},
        {**app, "auth_code": code, "grant_type": "authorized_code", "app_key": "x"},
    ]
    answers = [shop.http.get("/api/v2/token/get", params=query).json() for query in wrong]
    assert [36009004] * 3 == [answer["code"] for answer in answers]
    assert 0 == shop.exchange(code)["code"]


def test_neither_state_nor_journal_shows_a_token_or_the_secret(shop: ShopClient) -> None:
    data = fresh(shop)
    shop.refresh(str(data["refresh_token"]))
    shop.call("GET", WAREHOUSES)
    for name in ("state", "journal", "stats", "settings"):
        text = shop.http.get(f"/control/{name}").text
        for secret in (data["access_token"], data["refresh_token"], shop.about["app_secret"]):
            assert str(secret) not in text

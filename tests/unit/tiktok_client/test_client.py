import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest
from pydantic import SecretStr

from connectors.tiktok_shop.bodies import OrderFilter, PriceWrite, ProductFilter, StockWrite
from connectors.tiktok_shop.calls import App, SignedCalls
from connectors.tiktok_shop.client import TikTokClient
from connectors.tiktok_shop.codes import ErrorClass
from connectors.tiktok_shop.errors import ApiRefused, ApiUnauthorized, ApiUnavailable, ApiUnknown
from connectors.tiktok_shop.signing import sign
from connectors.transport.http_transport import HttpTransport
from connectors.transport.pacing import Pacer, never
from connectors.transport.rate import known
from connectors.transport.retrying import PacedCaller, Traffic
from tests.unit.tiktok_client.stub import (
    NOW,
    Reply,
    Seen,
    Stub,
    WoundClock,
    closed_port,
    envelope,
    http_date,
)

APP = App(key="29a39d", secret=SecretStr("app-geheim"))
PRODUCT_ID = "1729592969712207008"
WRITE = [StockWrite(sku_id="1729592969712207013", quantities={"7068517275539719942": 42})]


@dataclass
class Tokens:
    """Tokens without a shop behind them."""

    tokens: list[str] = field(default_factory=lambda: ["token-geheim", "token-new"])
    used: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    def access_token(self) -> str:
        return self.tokens[0]

    def refresh_after_expiry(self, used: str) -> str:
        self.used.append(used)
        self.tokens.pop(0)
        return self.tokens[0]

    def reconnected(self, used: str) -> bool:
        newer = [token for token in self.connected if token != used]
        self.tokens = newer or self.tokens
        return bool(newer)


@dataclass(frozen=True)
class Bench:
    client: TikTokClient
    stub: Stub
    clock: WoundClock
    tokens: Tokens


Opening = Callable[..., TikTokClient]


@pytest.fixture
def transport(clock: WoundClock) -> Iterator[HttpTransport]:
    with HttpTransport(clock) as opened:
        yield opened


@pytest.fixture
def opening(transport: HttpTransport, clock: WoundClock) -> Opening:
    def opened(url: str, tokens: Tokens, stop: Callable[[], bool] = never) -> TikTokClient:
        caller = PacedCaller(transport, Pacer(known(1000), clock), clock, Random(1), stop)
        calls = SignedCalls(api_url=url, app=APP, tokens=tokens, caller=caller, clock=clock)
        return TikTokClient(calls, SecretStr("GCP_cipher"))

    return opened


@pytest.fixture
def bench(stub: Stub, clock: WoundClock, opening: Opening) -> Bench:
    tokens = Tokens()
    return Bench(opening(stub.url, tokens), stub, clock, tokens)


def test_every_call_is_signed_over_what_the_server_receives(bench: Bench) -> None:
    bench.client.update_inventory(PRODUCT_ID, WRITE)
    (seen,) = bench.stub.seen
    expected = sign("app-geheim", seen.path, seen.query, seen.body)
    assert expected == seen.query["sign"]
    assert "token-geheim" == seen.headers["x-tts-access-token"]
    assert "application/json" == seen.headers["content-type"]
    assert "identity" == seen.headers["accept-encoding"]
    assert "access_token" not in seen.query
    assert str(int(NOW.timestamp())) == seen.query["timestamp"]


def test_a_page_token_with_reserved_characters_arrives_and_is_signed_decoded(bench: Bench) -> None:
    bench.client.search_orders(OrderFilter(), page_token="a+b/c= d&e%41é")
    (seen,) = bench.stub.seen
    assert "a+b/c= d&e%41é" == seen.query["page_token"]
    assert sign("app-geheim", seen.path, seen.query, seen.body) == seen.query["sign"]


CALLS: dict[str, Callable[[TikTokClient], object]] = {
    "/authorization/202309/shops": lambda c: c.authorized_shops(),
    "/logistics/202309/warehouses": lambda c: c.warehouses(),
    "/product/202502/products/search": lambda c: c.search_products(ProductFilter()),
    f"/product/202309/products/{PRODUCT_ID}": lambda c: c.product(PRODUCT_ID),
    "/product/202309/inventory/search": lambda c: c.search_inventory(sku_ids=["1"]),
    f"/product/202309/products/{PRODUCT_ID}/inventory/update": lambda c: c.update_inventory(
        PRODUCT_ID, WRITE
    ),
    f"/product/202309/products/{PRODUCT_ID}/prices/update": lambda c: c.update_prices(
        PRODUCT_ID, [PriceWrite(sku_id="1", currency="PHP", amount="1.00")]
    ),
    "/product/202309/products/activate": lambda c: c.activate(["1"]),
    "/product/202309/products/deactivate": lambda c: c.deactivate(["1"]),
    "/order/202309/orders/search": lambda c: c.search_orders(OrderFilter()),
}
WRITES = [path for path in CALLS if path.endswith(("update", "activate"))]
READS = [path for path in CALLS if path not in WRITES]


@pytest.mark.parametrize("path", CALLS)
def test_the_shop_cipher_goes_exactly_where_it_is_wanted(bench: Bench, path: str) -> None:
    bench.stub.script = [envelope({"id": "1"})]
    CALLS[path](bench.client)
    (seen,) = bench.stub.seen
    assert path == seen.path
    wanted = not path.startswith(("/authorization/", "/seller/"))
    assert wanted == ("shop_cipher" in seen.query)


@pytest.mark.parametrize("status", [200, 429])
@pytest.mark.parametrize("path", CALLS)
def test_a_throttled_call_is_sent_again_later_with_a_new_signature(
    bench: Bench, path: str, status: int
) -> None:
    bench.stub.script = [envelope(code=36009002, status=status), envelope({"id": "1"})]
    CALLS[path](bench.client)
    first, second = bench.stub.seen
    assert first.query["timestamp"] < second.query["timestamp"]
    assert first.query["sign"] != second.query["sign"]
    assert Traffic(sent=2, throttled=1, retried=1) == bench.client.traffic()


def test_retry_after_is_obeyed(bench: Bench) -> None:
    bench.stub.script = [envelope(code=36009002, status=429, retry_after="7"), envelope({})]
    bench.client.warehouses()
    first, second = bench.stub.seen
    assert int(second.query["timestamp"]) - int(first.query["timestamp"]) >= 7


def test_throttling_without_end_is_unavailable_and_for_a_write_surely_without_effect(
    bench: Bench,
) -> None:
    bench.stub.script = [envelope(code=36009002)]
    with pytest.raises(ApiUnavailable):
        bench.client.update_inventory(PRODUCT_ID, WRITE)
    assert 3 == len(bench.stub.seen)
    with pytest.raises(ApiUnavailable):
        bench.client.warehouses()
    assert 3 + 5 == len(bench.stub.seen)


HTML = Reply(body=b"<html>busy</html>", headers={"content-type": "text/html"})
NO_ANSWERS = {
    "html with 200": HTML,
    "truncated": Reply(body=b'{"code":0', claims=500),
    "cut": Reply(cut=True),
    "internal error": envelope(code=36009003),
    "gateway timeout": envelope(code=36009007, status=504),
    "503": Reply(status=503),
}


@pytest.mark.parametrize("trouble", NO_ANSWERS)
@pytest.mark.parametrize("path", READS)
def test_a_read_without_a_usable_answer_is_repeated(bench: Bench, path: str, trouble: str) -> None:
    bench.stub.script = [NO_ANSWERS[trouble], envelope({"id": "1"})]
    CALLS[path](bench.client)
    assert 2 == len(bench.stub.seen)


def test_a_read_that_never_gets_a_usable_answer_is_unavailable(bench: Bench) -> None:
    bench.stub.script = [HTML]
    with pytest.raises(ApiUnavailable, match="HTTP 200"):
        bench.client.warehouses()
    assert 5 == len(bench.stub.seen)


@pytest.mark.parametrize("trouble", NO_ANSWERS)
@pytest.mark.parametrize("path", WRITES)
def test_a_write_without_a_usable_answer_is_unknown_and_not_repeated(
    bench: Bench, path: str, trouble: str
) -> None:
    bench.stub.script = [NO_ANSWERS[trouble], envelope({})]
    with pytest.raises(ApiUnknown):
        CALLS[path](bench.client)
    assert 1 == len(bench.stub.seen)


def test_a_write_whose_refusals_cannot_be_read_is_unknown(bench: Bench) -> None:
    bench.stub.script = [envelope({"errors": [{"message": "no code"}]})]
    with pytest.raises(ApiUnknown, match="errors"):
        bench.client.update_inventory(PRODUCT_ID, WRITE)


def test_a_write_that_was_never_sent_is_unavailable(clock: WoundClock, opening: Opening) -> None:
    client = opening(f"http://127.0.0.1:{closed_port()}", Tokens())
    with pytest.raises(ApiUnavailable):
        client.update_inventory(PRODUCT_ID, WRITE)
    assert 2 == len([slept for slept in clock.slept if slept >= 1])


def test_an_expired_token_is_refreshed_once_and_the_call_repeated_once(bench: Bench) -> None:
    bench.stub.script = [envelope(code=105002, status=401), envelope({})]
    bench.client.update_inventory(PRODUCT_ID, WRITE)
    assert ["token-geheim"] == bench.tokens.used
    sent = [seen.headers["x-tts-access-token"] for seen in bench.stub.seen]
    assert ["token-geheim", "token-new"] == sent


def test_a_token_refused_after_its_refresh_needs_an_operator(bench: Bench) -> None:
    bench.stub.script = [envelope(code=105002)]
    with pytest.raises(ApiUnauthorized):
        bench.client.warehouses()
    assert 2 == len(bench.stub.seen)


def on_time(now: Callable[[], float]) -> Callable[[Seen], Reply]:
    def answer(seen: Seen) -> Reply:
        date = http_date(NOW.fromtimestamp(now(), NOW.tzinfo))
        if -300 <= int(seen.query["timestamp"]) - now() <= 30:
            return envelope({}, date=date)
        return envelope(code=36009004, message="Invalid timestamp", status=400, date=date)

    return answer


@pytest.mark.parametrize("off", [-86_400, -600, 3600])
def test_a_wrong_clock_is_corrected_by_the_servers_and_stays_corrected(
    bench: Bench, off: int
) -> None:
    bench.stub.answering = on_time(lambda: bench.clock.now().timestamp() - off)
    bench.client.warehouses()
    assert 2 == len(bench.stub.seen)
    bench.client.warehouses()
    assert 3 == len(bench.stub.seen)
    offset = bench.client.clock_offset()
    assert offset is not None
    assert abs(offset + timedelta(seconds=off)) < timedelta(seconds=2)


def test_a_clock_the_server_still_refuses_is_reported(bench: Bench) -> None:
    bench.stub.script = [envelope(code=36009004, message="timestamp", date=http_date(NOW))]
    with pytest.raises(ApiUnavailable, match="NTP"):
        bench.client.warehouses()
    assert 2 == len(bench.stub.seen)


def test_a_refusal_carries_its_code_meaning_and_request(bench: Bench) -> None:
    bench.stub.script = [envelope(code=12052393, message="locked", status=400)]
    with pytest.raises(ApiRefused) as refusal:
        bench.client.update_inventory(PRODUCT_ID, WRITE)
    assert (12052393, "locked", ErrorClass.STOCK_LOCKED, "r-1") == (
        refusal.value.code,
        refusal.value.message,
        refusal.value.entry.kind,
        refusal.value.request_id,
    )
    assert 1 == len(bench.stub.seen)


@pytest.mark.parametrize("code", [105005, 101000, 106001, 36009033, 36009043, 36009044])
def test_what_an_operator_must_settle_is_unauthorized_and_not_repeated(
    bench: Bench, code: int
) -> None:
    bench.stub.script = [envelope(code=code, status=401)]
    with pytest.raises(ApiUnauthorized):
        bench.client.warehouses()
    assert 1 == len(bench.stub.seen)


def test_a_new_connection_by_another_process_is_taken_up_where_the_old_grant_was_refused(
    bench: Bench,
) -> None:
    bench.tokens.connected = ["token-connected"]
    bench.stub.script = [envelope(code=105005, status=401), envelope({"warehouses": []})]
    assert () == tuple(bench.client.warehouses())
    assert ["token-geheim", "token-connected"] == [
        seen.headers["x-tts-access-token"] for seen in bench.stub.seen
    ]


def test_the_hourly_budget_of_a_test_shop_is_not_hammered(bench: Bench) -> None:
    bench.stub.script = [envelope(code=36009037, status=429)]
    with pytest.raises(ApiUnavailable, match="hour"):
        bench.client.warehouses()
    assert 1 == len(bench.stub.seen)


def test_partial_refusals_of_an_accepted_write_reach_the_caller(bench: Bench) -> None:
    error = {"code": 12052990, "message": "x", "detail": {"sku_id": "5", "extra_errors": []}}
    bench.stub.script = [envelope({"errors": [error]})]
    written = bench.client.update_inventory(PRODUCT_ID, WRITE)
    assert ["5"] == [one.detail.sku_id for one in written.errors]


def test_no_secret_enters_an_error_or_a_log(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bench.stub.script = [envelope(code=98001004, message="bad token-geheim app-geheim")]
    with pytest.raises(ApiRefused) as refusal:
        bench.client.warehouses()
    said = str(refusal.value) + repr(refusal.value) + caplog.text + repr(APP)
    assert "geheim" not in said
    assert "GCP_cipher" not in said


def test_a_stopped_program_sends_nothing_more(stub: Stub, opening: Opening) -> None:
    client = opening(stub.url, Tokens(), lambda: True)
    with pytest.raises(ApiUnavailable, match="stop"):
        client.update_inventory(PRODUCT_ID, WRITE)
    assert [] == stub.seen


@pytest.mark.parametrize("odd", ["", "1/../2", "1?x=1", "１２", "abc"])
def test_an_id_that_is_none_never_becomes_part_of_a_path(bench: Bench, odd: str) -> None:
    with pytest.raises(ValueError, match="no TikTok Shop id"):
        bench.client.product(odd)
    assert [] == bench.stub.seen


def test_an_inventory_search_beyond_its_limits_is_refused_before_sending(bench: Bench) -> None:
    with pytest.raises(ValueError, match="too many"):
        bench.client.search_inventory(product_ids=["1"] * 101)
    with pytest.raises(ValueError, match="or for SKUs"):
        bench.client.search_inventory()
    assert [] == bench.stub.seen


def test_the_servers_time_is_known_after_the_first_answer(bench: Bench) -> None:
    bench.stub.script = [envelope({}, date=http_date(NOW + timedelta(minutes=3)))]
    assert bench.client.clock_offset() is None
    bench.client.warehouses()
    assert NOW + timedelta(minutes=3) == bench.client.server_now()

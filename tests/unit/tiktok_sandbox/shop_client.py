"""A small signing client of our own for tests of the simulated shop; the product's client is not used here."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from connectors.tiktok_shop.sandbox.factory import FACTORY, Sandbox
from connectors.tiktok_shop.sandbox.options import SandboxOptions

MAIN = "7068517275539719942"
EAST = "7068517275539719943"
CIPHER = "GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3"
P1, P2, P3, P4, P5 = "101", "102", "103", "104", "105"
SEED: dict[str, Any] = {
    "products": [
        {
            "id": P1,
            "title": "Tee",
            "skus": [
                {
                    "id": "1001",
                    "seller_sku": "TEE-S",
                    "price": "12.00",
                    "stock": {MAIN: 10, EAST: 5},
                },
                {"id": "1002", "seller_sku": "TEE-M", "stock": {MAIN: 7}},
            ],
        },
        {"id": P2, "title": "Mug", "skus": [{"id": "1003", "seller_sku": "MUG", "stock": 20}]},
        {
            "id": P3,
            "price_locked": True,
            "skus": [{"id": "1004", "seller_sku": "HAT", "stock": 9, "locked": 4}],
        },
        {"id": P4, "fbt": True, "skus": [{"id": "1005", "seller_sku": "LAMP", "stock": 3}]},
        {"id": P5, "combo": True, "skus": [{"id": "1006", "seller_sku": "SET", "stock": 3}]},
    ]
}
Reply = dict[str, Any]


def sign(secret: str, path: str, query: Mapping[str, str], body: bytes) -> str:
    """The fact sheet's own words in code."""
    names = sorted(name for name in query if name not in ("sign", "access_token"))
    text = path + "".join(name + query[name] for name in names)
    raw = secret.encode() + text.encode() + body + secret.encode()
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


class ShopClient:
    """Calls one running sandbox."""

    def __init__(self, sandbox: Sandbox, http: httpx.Client) -> None:
        self.sandbox = sandbox
        self.http = http
        self.about = sandbox.description()
        self.token = ""

    def connect(self, auth_code: str | None = None) -> Reply:
        """Exchange an auth code for tokens."""
        answer = self.exchange(auth_code or self.about["auth_code"])
        self.token = answer["data"]["access_token"]
        return answer

    def exchange(self, auth_code: str) -> Reply:
        query = {**self._app(), "auth_code": auth_code, "grant_type": "authorized_code"}
        return self._json(self.http.get("/api/v2/token/get", params=query))

    def refresh(self, refresh_token: str) -> Reply:
        query = {**self._app(), "refresh_token": refresh_token, "grant_type": "refresh_token"}
        return self._json(self.http.get("/api/v2/token/refresh", params=query))

    def send(
        self,
        method: str,
        path: str,
        body: object | None = None,
        *,
        timestamp: int | None = None,
        headers: Mapping[str, str] | None = None,
        **query: str | None,
    ) -> httpx.Response:
        """Send a signed request; a query value of None leaves the parameter out."""
        content = b"" if body is None else json.dumps(body).encode()
        stamp = str(int(time.time()) if timestamp is None else timestamp)
        wanted: dict[str, str | None] = {"shop_cipher": CIPHER, "app_key": "29a39d"}
        wanted |= {"timestamp": stamp, **query}
        sent = {name: value for name, value in wanted.items() if value is not None}
        sent.setdefault("sign", sign("e59af819cc", path, sent, content))
        usual = {"content-type": "application/json", "x-tts-access-token": self.token}
        return self.http.request(
            method, path, params=sent, content=content, headers={**usual, **(headers or {})}
        )

    def call(
        self, method: str, path: str, body: object | None = None, **query: str | None
    ) -> Reply:
        return self._json(self.send(method, path, body, timestamp=None, headers=None, **query))

    def post(self, path: str, body: object, **query: str | None) -> Reply:
        return self.call("POST", path, body, **query)

    def set_stock(self, product_id: str, **skus: Mapping[str, int]) -> Reply:
        """Write quantities: `set_stock(P1, s1001={MAIN: 3})`."""
        rows = [
            {
                "id": name.removeprefix("s"),
                "inventory": [
                    {"warehouse_id": warehouse, "quantity": n} for warehouse, n in levels.items()
                ],
            }
            for name, levels in skus.items()
        ]
        path = f"/product/202309/products/{product_id}/inventory/update"
        return self.post(path, {"skus": rows})

    def set_price(
        self, product_id: str, sku_id: str, amount: object, currency: str = "USD"
    ) -> Reply:
        path = f"/product/202309/products/{product_id}/prices/update"
        price = {"amount": amount, "currency": currency}
        return self.post(path, {"skus": [{"id": sku_id, "price": price}]})

    def stock(self, sku_id: str) -> dict[str, tuple[int, int]]:
        """Available and committed units by warehouse, as inventory search shows them."""
        answer = self.post("/product/202309/inventory/search", {"sku_ids": [sku_id]})
        (product,) = answer["data"]["inventory"]
        (sku,) = product["skus"]
        return {
            row["warehouse_id"]: (row["available_quantity"], row["committed_quantity"])
            for row in sku["warehouse_inventory"]
        }

    def orders(self, body: object | None = None, **query: str | None) -> Reply:
        query.setdefault("page_size", "50")
        return self.post("/order/202309/orders/search", body or {}, **query)

    def control(self, method: str, name: str, body: object | None = None) -> Reply:
        response = self.http.request(method, f"/control/{name}", json=body)
        assert 200 == response.status_code, response.text
        return self._json(response)

    def tweak(self, **settings: object) -> Reply:
        return self.control("POST", "settings", settings)

    def freeze(self, at: float) -> None:
        """Let the shop's clock stand, with a token that is valid then."""
        self.tweak(frozen_at=at)
        self.connect(self.control("POST", "auth_code")["auth_code"])

    def buy(self, seller_sku: str, units: int, **more: object) -> str:
        order = {"seller_sku": seller_sku, "units": units, **more}
        return str(self.control("POST", "orders", order)["order_id"])

    def move(self, order_id: str, status: str, **more: object) -> Reply:
        return self.control("POST", f"orders/{order_id}/status", {"status": status, **more})

    def journal(self) -> list[Reply]:
        entries: list[Reply] = self.control("GET", "journal")["entries"]
        return entries

    def _app(self) -> dict[str, str]:
        return {"app_key": self.about["app_key"], "app_secret": self.about["app_secret"]}

    @staticmethod
    def _json(response: httpx.Response) -> Reply:
        answer: Reply = response.json()
        return answer


@contextmanager
def open_shop(tmp_path: Path, seed: object = None, **options: Any) -> Iterator[ShopClient]:  # noqa: ANN401
    """A connected client of a sandbox with the small seed of this module."""
    file = tmp_path / "seed.json"
    file.write_text(json.dumps(SEED if seed is None else seed), encoding="utf-8")
    with (
        FACTORY.open(SandboxOptions(seed=file, **options)) as sandbox,
        httpx.Client(base_url=sandbox.url, timeout=5.0, trust_env=False) as http,
    ):
        client = ShopClient(sandbox, http)
        if not options.get("faults"):
            client.connect()
        yield client


def sku_codes(answer: Reply) -> dict[str, list[int]]:
    """The extra error codes of an answer by SKU id."""
    assert 0 == answer["code"], answer
    return {
        error["detail"]["sku_id"]: [extra["code"] for extra in error["detail"]["extra_errors"]]
        for error in answer["data"].get("errors", [])
    }

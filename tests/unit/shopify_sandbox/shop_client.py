"""A small client of our own for tests of the simulated shop; the product's client is not used here."""

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors.shopify import bulk_queries, queries
from connectors.shopify.sandbox.factory import FACTORY, Sandbox
from syncd.ports.sandbox import SandboxOptions

SEED: dict[str, Any] = {
    "locations": [
        {"name": "Main"},
        {"name": "Store", "fulfills_online": False},
        {"name": "Closed", "active": False},
        {"name": "Service", "fulfillment_service": True},
    ],
    "products": [
        {
            "title": "Tee",
            "variants": [
                {"sku": "TEE-S", "title": "S", "price": "12.00", "compare_at_price": "15.00",
                 "cost": "4.10", "levels": {"Main": {"available": 10, "committed": 2}, "Store": 5}},
                {"sku": "TEE-M", "title": "M", "price": "12.00", "levels": {"Main": 7},
                 "country_prices": {"DE": {"price": "13.50", "currency": "EUR"}}},
            ],
        },
        {"title": "Mug", "variants": [{"sku": "MUG", "price": "9.50", "levels": {"Main": 20}}]},
        {"title": "Draft", "status": "DRAFT", "variants": [{"price": "1.00", "tracked": False}]},
        {"title": "Set", "variants": [
            {"sku": "SET", "price": "20.00", "components": {"TEE-S": 1, "MUG": 2},
             "levels": {"Main": 0}}]},
    ],
    "orders": [{"source_name": "tiktok", "app": "Importer"}, {"source_name": "web"}],
}  # fmt: skip
Reply = dict[str, Any]


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        return json.loads(self.body)


class ShopClient:
    """Calls one running sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.about = sandbox.description()
        self.token = self.about["token"]

    def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Response:
        """One plain request; redirects are not followed."""
        address = urlsplit(self.about["url"])
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            sent = {key.lower(): value for key, value in answer.getheaders()}
            return Response(answer.status, sent, answer.read())
        finally:
            connection.close()

    def post(
        self, document: str, variables: Mapping[str, object], version: str = "2026-07"
    ) -> Response:
        body = json.dumps({"query": document, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", "X-Shopify-Access-Token": self.token}
        return self.request("POST", f"/admin/api/{version}/graphql.json", body, headers)

    def ask(self, document: str, **variables: object) -> Reply:
        """The whole answer of GraphQL."""
        answer: Reply = self.post(document, variables).json()
        return answer

    def data(self, document: str, **variables: object) -> Reply:
        """The data of an answer without errors."""
        answer = self.ask(document, **variables)
        assert "errors" not in answer, answer
        found: Reply = answer["data"]
        return found

    def variants(self, **variables: object) -> list[Reply]:
        """One page of variants."""
        usual = {"first": 50, "levels": 10, "priced": False}
        page = self.data(queries.VARIANTS, **(usual | variables))["productVariants"]
        nodes: list[Reply] = page["nodes"]
        return nodes

    def variant(self, sku: str) -> Reply:
        (found,) = [each for each in self.variants() if each["sku"] == sku]
        return found

    def locations(self) -> dict[str, str]:
        """Global ids by name."""
        nodes = self.data(queries.LOCATIONS, first=50)["locations"]["nodes"]
        return {each["name"]: each["id"] for each in nodes}

    def level(self, sku: str, location: str) -> dict[str, int] | None:
        """Quantities by state."""
        item = self.variant(sku)["inventoryItem"]["id"]
        place = self.locations()[location]
        asked = self.data(queries.LEVEL, itemId=item, locationId=place)["inventoryItem"]
        found = asked["inventoryLevel"]
        if found is None:
            return None
        return {each["name"]: each["quantity"] for each in found["quantities"]}

    def adjust(
        self, sku: str, location: str, delta: int, *, key: str = "key-1", **change: object
    ) -> Reply:
        """Adjust what is available; the payload of the mutation."""
        row = {
            "inventoryItemId": self.variant(sku)["inventoryItem"]["id"],
            "locationId": self.locations()[location],
            "delta": delta,
            "changeFromQuantity": None,
            **change,
        }
        given = {"name": "available", "reason": "correction", "changes": [row]}
        payload: Reply = self.data(queries.ADJUST, input=given, key=key)[
            "inventoryAdjustQuantities"
        ]
        return payload

    def start_bulk(self, query: str | None = None) -> Reply:
        text = bulk_queries.bulk_body() if query is None else query
        payload: Reply = self.data(bulk_queries.BULK_RUN, query=text)["bulkOperationRunQuery"]
        return payload

    def poll(self, number: str) -> Reply:
        found: Reply = self.data(bulk_queries.BULK_STATUS, id=number)["bulkOperation"]
        return found

    def finish_bulk(self, query: str | None = None) -> Reply:
        """Start a bulk operation and poll it to its end."""
        operation: Reply = self.start_bulk(query)["bulkOperation"]
        while operation["status"] in {"CREATED", "RUNNING", "CANCELING"}:
            operation = self.poll(operation["id"])
        return operation

    def fetch(self, url: str) -> Response:
        parts = urlsplit(url)
        return self.request("GET", f"{parts.path}?{parts.query}")

    def control(self, method: str, name: str, body: object | None = None) -> Reply:
        text = b"" if body is None else json.dumps(body).encode()
        response = self.request(method, f"/control/{name}", text)
        assert 200 == response.status, response.body
        answer: Reply = response.json()
        return answer

    def tweak(self, **settings: object) -> None:
        self.control("POST", "settings", settings)

    def spoil(self, kind: str, **more: object) -> None:
        self.control("POST", "faults", {"kind": kind, **more})

    def journal(self) -> list[Reply]:
        entries: list[Reply] = self.control("GET", "journal")["entries"]
        return entries


@contextmanager
def open_shop(
    folder: Path, seed: object = None, *, raw: str | None = None, **options: Any,  # noqa: ANN401
) -> Iterator[ShopClient]:  # fmt: skip
    """A client of a sandbox with the small seed of this module."""
    file = folder / "seed.json"
    text = json.dumps({"shopify": SEED if seed is None else seed}) if raw is None else raw
    file.write_text(text, encoding="utf-8")
    with FACTORY.open(SandboxOptions(seed=file, **options)) as sandbox:
        yield ShopClient(sandbox)


def codes(answer: Reply) -> list[object]:
    """The error codes of an answer."""
    return [each.get("extensions", {}).get("code") for each in answer["errors"]]

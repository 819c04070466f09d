"""Every operation of the served description, tried by machine: answers as described and nothing fails."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from syncd.service.web.rates import Rate, Rates
from tests.fakes.web import TOKEN, stage_of

GENEROUS = Rate(per_second=1e6, burst=1e6)
BEARER = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    rates = Rates(peer=GENEROUS, total=GENEROUS)
    with stage_of(tmp_path_factory.mktemp("fuzz"), rates=rates) as stage:
        stage.floor.source.set(A=5)
        stage.floor.cycle()
        url = f"{stage.web.url}/openapi.json"
        yield schemathesis.openapi.from_url(url, headers=BEARER)
        assert 200 == stage.web.get("/healthz").status


OPERATIONS = [
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/oauth/callback"),
    ("POST", "/webhooks/{kind}/{name}"),
]


def test_everything_that_is_described_is_tried(described: schemathesis.BaseSchema) -> None:
    paths = described.raw_schema["paths"]
    found = [(verb.upper(), path) for path, verbs in paths.items() for verb in verbs]

    assert sorted(OPERATIONS) == sorted(found)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_keeps_to_its_description(
    described: schemathesis.BaseSchema, method: str, path: str
) -> None:
    @given(described[path][method].as_strategy())
    @settings(
        max_examples=40, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def attempt(case: Any) -> None:  # noqa: ANN401 - the library's own generic
        case.call_and_validate(
            checks=[
                not_a_server_error, status_code_conformance, content_type_conformance,
                response_schema_conformance,
            ],
            timeout=10,
        )  # fmt: skip

    attempt()

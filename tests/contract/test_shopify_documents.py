from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

import pytest
from graphql import (
    FieldNode,
    GraphQLSchema,
    Visitor,
    build_schema,
    parse,
    validate,
    visit,
)

from connectors.shopify.bulk_queries import bulk_body
from connectors.shopify.queries import changed_since
from tests.trimmed_schema import FULL, OTHER_CLIENTS, TRIMMED, documents, is_fresh, trimmed

ALL: Mapping[str, str] = {**documents(), **OTHER_CLIENTS}
needs_full = pytest.mark.skipif(not FULL.exists(), reason=f"{FULL.name} is not beside this tree")


@pytest.fixture(scope="module")
def shipped() -> GraphQLSchema:
    return build_schema(TRIMMED.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def full() -> GraphQLSchema:
    return build_schema(FULL.read_text(encoding="utf-8"), assume_valid=True)


@pytest.mark.parametrize("name", ALL)
def test_a_document_is_valid_on_the_shipped_schema(shipped: GraphQLSchema, name: str) -> None:
    assert [] == validate(shipped, parse(ALL[name]))


@needs_full
@pytest.mark.parametrize("name", ALL)
def test_a_document_is_valid_on_the_whole_schema(full: GraphQLSchema, name: str) -> None:
    assert [] == validate(full, parse(ALL[name]))


@needs_full
def test_the_shipped_schema_is_what_the_whole_one_gives() -> None:
    assert is_fresh()
    assert TRIMMED.read_text("utf-8") == trimmed(FULL.read_text("utf-8"))


def test_a_field_that_no_document_selects_is_unknown_in_the_shipped_schema(
    shipped: GraphQLSchema,
) -> None:
    (error,) = validate(shipped, parse("{ shop { email } }"))
    assert "Cannot query field 'email' on type 'Shop'." == error.message


@pytest.mark.parametrize("name", ALL)
def test_every_nested_connection_says_whether_it_was_cut_off(name: str) -> None:
    if name in OTHER_CLIENTS or name.startswith("bulk_body"):
        return
    assert [] == _silent_connections(ALL[name])


@pytest.mark.parametrize("country", [None, "DE"])
def test_a_bulk_query_keeps_to_the_platforms_limits(country: str | None) -> None:
    depths = _connection_depths(bulk_body(country))
    assert len(depths) <= 5
    assert max(depths) <= 2


def test_a_moment_in_a_search_term_is_quoted_and_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    moment = datetime(2026, 11, 23, 14, 5, 6, 999_999, tzinfo=east)

    assert "updated_at:>='2026-11-23T12:05:06Z'" == changed_since(moment)
    assert changed_since(moment) == changed_since(moment.astimezone(UTC))


class _Connections(Visitor):
    """Collects the connections of a document: how deep they are nested, and which are silent."""

    def __init__(self) -> None:
        super().__init__()
        self.open = 0
        self.depths: list[int] = []
        self.silent: list[str] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        names = _selected(node)
        if names & {"nodes", "edges"}:
            self.depths.append(self.open)
            self.open += 1
            if "pageInfo" not in names:
                self.silent.append(node.name.value)

    def leave_field(self, node: FieldNode, *_: object) -> None:
        if _selected(node) & {"nodes", "edges"}:
            self.open -= 1


def _selected(node: FieldNode) -> set[str]:
    chosen = node.selection_set.selections if node.selection_set else ()
    return {one.name.value for one in chosen if isinstance(one, FieldNode)}


def _connection_depths(document: str) -> list[int]:
    found = _Connections()
    visit(parse(document), found)
    return found.depths


def _silent_connections(document: str) -> list[str]:
    found = _Connections()
    visit(parse(document), found)
    return found.silent

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.shopify.sandbox.search import Misread, Searchable, compile_search


@dataclass
class Thing:
    sku: str
    number: int
    updated_at: int


FIELDS = {
    "sku": Searchable("text", lambda thing: thing.sku),
    "id": Searchable("number", lambda thing: thing.number),
    "updated_at": Searchable("time", lambda thing: thing.updated_at),
}
THINGS = [Thing("A B", 1, 0), Thing("a-1", 2, 86_400), Thing("it's", 3, 90_000)]


def found(query: str) -> tuple[list[int], list[str]]:
    """Numbers of what is found, and the codes of the warnings."""
    warnings: list[Misread] = []
    keep = compile_search(query, FIELDS, warnings.append)
    kept = [thing.number for thing in THINGS if keep is None or keep(thing)]
    return kept, [each.code for each in warnings]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3]),
        ("sku:'A B'", [1]),
        ('sku:"a b"', [1]),
        (r"sku:'it\'s'", [3]),
        ("sku:a-1,it", [2]),
        ("sku:a*", [1, 2]),
        ("-sku:a*", [3]),
        ("a", [1, 2]),
        ("id:>1 id:<3", [2]),
        ("id:1 OR id:3", [1, 3]),
        ("id:gid AND id:1", [1]),
        ("updated_at:>='1970-01-02T00:00:00Z'", [2, 3]),
        ("updated_at:>='1970-01-02T00:00:00.9Z'", [2, 3]),
        ("updated_at:<'1970-01-02T02:00:00+02:00'", [1]),
        ("updated_at:>=1970-01-02", [2, 3]),
    ],
)
def test_a_term_finds_what_it_says(query: str, numbers: list[int]) -> None:
    assert numbers == found(query)[0]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("updated_at:>=2030-01-01T00:00:00Z", "invalid_field"),
        ("nonsense:1", "invalid_field"),
        ("id:gid://shopify/Thing/1", "invalid_field"),
        ("updated_at:>=yesterday", "invalid_value"),
        ("id:one", "invalid_value"),
        ("sku:>a", "invalid_value"),
        ("sku:'a", "invalid_syntax"),
    ],
)
def test_a_term_that_makes_no_sense_is_reported_and_otherwise_ignored(
    query: str, code: str
) -> None:
    assert ([1, 2, 3], [code]) == found(query)


@given(st.text(alphabet="ab:'\"\\ -><=*,OR1gid/", max_size=40))
def test_no_search_text_breaks_the_search(query: str) -> None:
    kept, _ = found(query)

    assert set(kept) <= {1, 2, 3}

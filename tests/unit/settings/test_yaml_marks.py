"""YAML as text with positions: what cannot bite, and that hostile files are refused at once."""

import sys
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.domain.errors import ConfigError
from syncd.settings.yaml_marks import LARGEST_FILE, Mark, load


def refused(data: bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        load(data, "f")
    return str(caught.value)


def test_scalars_stay_the_text_that_was_written() -> None:
    document = load(b"a: [NO, 00123, 12:30:45, 1e3, 0x1F, 2024-01-01, 'x y', \"\", .5]\n", "f")

    expected = ["NO", "00123", "12:30:45", "1e3", "0x1F", "2024-01-01", "x y", "", ".5"]
    assert {"a": expected} == document.tree


def test_marks_count_lines_and_columns_from_one() -> None:
    document = load("ä: {b: [x,\n  y]}\n".encode(), "f")

    assert Mark(1, 1) == document.mark(("ä",))
    assert Mark(1, 5) == document.mark(("ä", "b"))
    assert Mark(2, 3) == document.mark(("ä", "b", 1))
    assert Mark(1, 5) == document.mark(("ä", "b", "absent"))


def test_a_utf8_byte_order_mark_is_ignored() -> None:
    document = load(b"\xef\xbb\xbfa: x", "f")

    assert ({"a": "x"}, Mark(1, 4)) == (document.tree, document.mark(("a",)))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_unicode_encodings_are_refused_with_a_way_out(encoding: str) -> None:
    assert "UTF-8" in refused("a: x".encode(encoding))


def test_what_is_not_text_is_refused_at_its_place() -> None:
    assert refused(b"a: x\nb: \xe4").startswith("f:2:4: this is not UTF-8")
    assert refused(b"a: x\nb: \0").startswith("f:2:4: a NUL byte")
    assert refused(b"a: x\nb: \x07").startswith("f:2:4: the control character U+0007")


def test_a_large_file_is_refused_unread() -> None:
    assert "more than 262144 bytes" in refused(b"#" * (LARGEST_FILE + 1))


def test_every_trap_of_a_file_is_told_at_once() -> None:
    document = load(b"a: &x 1\na: 2\nb: *x\nc:\nd: !tag y\n", "f")

    told = [(problem.line, problem.message) for problem in document.problems]
    expected = [
        (1, "&x is an anchor, which is not accepted"),
        (2, "this key is written twice"),
        (3, "*x is an alias, and aliases are not accepted"),
        (4, "this has no value"),
        (5, "the tag !tag is not accepted"),
    ]
    assert expected == told
    assert {"a": "1", "d": "y"} == document.tree


def test_the_inside_of_a_second_key_does_not_replace_the_first() -> None:
    document = load(b"a: {b: 1}\na: {b: 2, c: [3]}\n", "f")

    assert {"a": {"b": "1"}} == document.tree
    assert Mark(1, 8) == document.mark(("a", "b"))


MOST_CALLS_A_BYTE = 40


def bomb() -> bytes:
    lines = ['a0: &a0 ["lol"]']
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    "data",
    [bomb(), b"a: " + b"[" * 3000, b"a: " + b"{b: " * 3000, b"- " * 3000, b"? " * 3000],
    ids=["aliases", "brackets", "braces", "dashes", "questions"],
)
def test_a_bomb_costs_no_more_calls_than_its_length_explains(data: bytes) -> None:
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        del frame, argument
        nonlocal calls
        calls += event in {"call", "c_call"}

    former = sys.getprofile()
    sys.setprofile(count)
    try:
        problems = load(data, "f").problems
    except ConfigError as error:
        problems = error.problems
    finally:
        sys.setprofile(former)

    assert problems
    assert calls < MOST_CALLS_A_BYTE * len(data), calls / len(data)


def outcome(data: bytes) -> object:
    """The tree, or the problems; any other error fails the test."""
    try:
        return load(data, "f").tree
    except ConfigError as error:
        return error.problems


@given(st.binary(max_size=80))
def test_any_bytes_give_a_document_or_a_config_error(data: bytes) -> None:
    found = outcome(data)

    assert isinstance(found, dict) or found


@given(st.text(alphabet="ab:-*&!?|>%@`#'\"{}[], \n\t~", max_size=60))
def test_any_punctuation_gives_a_document_or_a_config_error(text: str) -> None:
    found = outcome(text.encode())

    assert isinstance(found, dict) or found

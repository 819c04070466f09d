"""No text of pydantic's own reaches an operator."""

from typing import get_args

import pytest
from pydantic_core import ErrorDetails, PydanticKnownError
from pydantic_core.core_schema import ErrorType

from syncd.settings.wording import worded

KINDS = sorted(get_args(ErrorType))


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_of_pydantic_is_said_in_our_words(kind: str) -> None:
    pydantics = f"Input should be something, says {kind}"
    error: ErrorDetails = {
        "type": kind,
        "loc": ("a",),
        "msg": pydantics,
        "input": "x",
        "ctx": {"expected": "'a' or 'b'", "error": ValueError("our own")},
    }

    message, hint = worded(error)

    assert message
    assert pydantics not in message + hint
    assert "Input" not in message + hint


def test_the_error_types_come_from_the_installed_pydantic() -> None:
    assert "missing" in KINDS
    assert "missing" == PydanticKnownError("missing").type


def test_an_error_of_a_connector_keeps_its_own_words() -> None:
    error: ErrorDetails = {"type": "acme", "loc": ("a",), "msg": "not by Acme", "input": "x"}

    assert ("not by Acme", "") == worded(error)

"""The wire form of answers: the envelope, refusals by code, and answers that never come."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

OK = 0
INTERNAL = 36009003
INVALID_PARAMETER = 36009004
HTTP_OK = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer; a `Content-Length` among the headers wins over the length of the body."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):  # noqa: N818 - a refusal is an ordinary answer of a shop
    """The shop answers with a code other than 0."""

    def __init__(self, code: int, message: str, status: int = HTTP_OK) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class ConnectionDropped(Exception):  # noqa: N818 - a scripted fault, no error of the sandbox
    """No answer: after so many seconds the connection is closed."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(f"connection dropped after {seconds} s")
        self.seconds = seconds


def envelope(code: int, message: str, request_id: str, data: object | None = None) -> bytes:
    """The JSON that wraps every answer of the API."""
    answer: dict[str, object] = {"code": code, "message": message, "request_id": request_id}
    if data is not None:
        answer["data"] = data
    return encode(answer)


def encode(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def invalid(message: str) -> Refused:
    """The refusal for a missing or impossible parameter."""
    return Refused(INVALID_PARAMETER, message, 400)

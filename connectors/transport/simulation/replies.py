"""What a simulated shop answers over HTTP, and the answer that never comes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from syncd.ports.wire import Unanswered

HTTP_OK = 200
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
Body = bytes | Iterator[bytes]
"""All at once, or piece by piece for what is too large to hold; pieces need a `Content-Length`."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer; a `Content-Length` among the headers wins over the length of the body."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class ConnectionDropped(Unanswered):
    """No answer: after so many seconds the connection is closed."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(f"connection dropped after {seconds} s")
        self.seconds = seconds


def encode(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return _COMPACT.encode(value).encode()

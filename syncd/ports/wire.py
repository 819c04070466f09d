"""How requests reach a shop that is simulated in this very process: the bytes of HTTP without its sockets."""

from collections.abc import Mapping
from typing import Protocol


class Unanswered(Exception):  # noqa: N818 - reads as a state
    """No answer came; nobody who sent the request knows whether it had an effect."""


class Wire(Protocol):
    """Carries one request to a shop and its answer back."""

    def __call__(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body; `target` is the path with its query, as it goes over a line.

        Raises Unanswered. A `Content-Length` that says more than the body holds is an answer cut off.
        """
        ...

"""The wire form of answers: the envelope, and refusals by code."""

from connectors.transport.simulation.replies import HTTP_OK, encode

OK = 0
INTERNAL = 36009003
INVALID_PARAMETER = 36009004


class Refused(Exception):  # noqa: N818 - a refusal is an ordinary answer of a shop
    """The shop answers with a code other than 0."""

    def __init__(self, code: int, message: str, status: int = HTTP_OK) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def envelope(code: int, message: str, request_id: str, data: object | None = None) -> bytes:
    """The JSON that wraps every answer of the API."""
    answer: dict[str, object] = {"code": code, "message": message, "request_id": request_id}
    if data is not None:
        answer["data"] = data
    return encode(answer)


def invalid(message: str) -> Refused:
    """The refusal for a missing or impossible parameter."""
    return Refused(INVALID_PARAMETER, message, 400)

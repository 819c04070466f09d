"""Knows the ways in which a call to TikTok Shop fails, ordered by what the channel does next."""

from connectors.tiktok_shop.codes import Entry
from syncd.domain.errors import ChannelError, ChannelUnauthorized, ChannelUnavailable


class ApiRefused(ChannelError):  # noqa: N818 - reads as a state
    """The shop understood the call and refused it: nothing was changed.

    `code` and `message` are the shop's, `entry` is what the code table makes of them.
    """

    def __init__(self, code: int, message: str, entry: Entry, request_id: str) -> None:
        super().__init__(f"{code} {entry.meaning}: {message} (request {request_id or '?'})")
        self.code = code
        self.message = message
        self.entry = entry
        self.request_id = request_id


class ApiUnavailable(ChannelUnavailable):
    """The call surely had no effect, or only reads; try again next time."""


class ApiUnauthorized(ChannelUnauthorized):
    """The shop refuses us until an operator acts; the message says what to do."""


class ApiUnknown(ChannelError):  # noqa: N818 - reads as a state
    """A write was sent and no usable answer came: read back, then decide."""

"""How a channel is authorized by a person: the link, the state that comes back with the code, the outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from syncd.domain.authorization import Authorization
from syncd.domain.identity import ChannelName


@runtime_checkable
class AuthorizeLink(Protocol):
    """Options of a kind that a person authorizes on a page of the shop."""

    def authorize_link(self, state: str) -> str | None:
        """Where the shop's owner grants access; None when the options do not tell."""
        ...


@runtime_checkable
class Authorizer(Protocol):
    """A channel whose grant can be looked at."""

    def authorization(self) -> Authorization | None:
        """The grant that is kept, without asking the shop; None when there is none."""
        ...

    def authorized_shops(self) -> Sequence[str]:
        """The shops it covers, in words. Raises ChannelUnauthorized or ChannelUnavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectOutcome:
    """What became of one authorize link. `connected` is None while nobody came back."""

    channel: ChannelName
    connected: bool | None
    message: str


class AuthorizationLedger(Protocol):
    """Authorize links that were given out. Only digests of their states are kept."""

    def begin_authorization(self, channel: ChannelName, digest: str) -> None:
        """A link with this state was given out."""
        ...

    def use_authorization(self, digest: str, not_before: datetime) -> ChannelName | None:
        """Take a state for good; None when it is unknown, was taken before, or is older than that."""
        ...

    def settle_authorization(self, digest: str, *, connected: bool, message: str) -> None:
        """What came of a state that was taken."""
        ...

    def authorization_outcome(self, digest: str) -> ConnectOutcome | None:
        """What came of a state; None when it is unknown."""
        ...

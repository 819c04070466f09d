"""How commands and the running service speak through the ledger: who runs, what is asked, what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from syncd.domain.identity import ChannelName, RunId, Sku


class Word(StrEnum):
    """What the service can be asked."""

    APPLY = "apply"
    PUBLISH = "publish"
    RELOAD = "reload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A daemon that lives: its process, and when it began."""

    pid: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing asked; no SKUs means all."""

    number: int
    word: Word
    channels: Sequence[ChannelName]
    skus: Sequence[Sku]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of a request: an exit code, a sentence, and the run that holds the report."""

    code: int
    text: str
    run: RunId | None = None


class ServiceLedger(Protocol):
    """The service's own part of the ledger."""

    def begin_service(self) -> None:
        """Serve with this process from now on; LeaseHeld when another one lives."""
        ...

    def beat(self) -> None:
        """It still lives; LeaseLost when another daemon took its place meanwhile."""
        ...

    def end_service(self) -> None:
        """It ends; what was asked and not answered is refused with a sentence."""
        ...

    def running(self) -> Running | None:
        """The daemon, if one lives."""
        ...

    def ask(self, word: Word, channels: Sequence[ChannelName], skus: Sequence[Sku]) -> int:
        """Put a request down; answers its number."""
        ...

    def take_requests(self) -> Sequence[Request]:
        """Everything asked that nobody took yet, oldest first; it is taken now."""
        ...

    def reply(self, number: int, reply: Reply) -> None:
        """Answer a request."""
        ...

    def reply_to(self, number: int) -> Reply | None:
        """The answer, once there is one."""
        ...

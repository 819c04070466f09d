"""What the ledger remembers for alerts, so that a restart neither repeats nor forgets one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syncd.domain.alerting import Alert, Notice, Sample, Step
from syncd.domain.conditions import ChannelTrouble, HeldPlan
from syncd.domain.identity import ChannelName
from syncd.domain.report import ChannelState


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Notices that wait for one address, oldest first; `numbers` are given back once they are sent."""

    address: str
    numbers: Sequence[int]
    notices: Sequence[Notice]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressTrouble:
    """An address that alerts cannot be sent to, since when, and how often that was tried."""

    address: str
    since: datetime
    failures: int
    message: str


class AlertLedger(Protocol):
    """Open alerts, what waits to be told of them, and the few facts they are derived from.

    An address is the name of its credential, never the address itself.
    """

    def alerts(self) -> Sequence[Alert]:
        """Alerts that are not over."""
        ...

    def step_alerts(
        self, decide: Callable[[Sequence[Alert]], Step], addresses: Sequence[str]
    ) -> Sequence[Notice]:
        """One look: what `decide` makes of the open alerts is kept with its notices in one transaction.

        Every notice then waits for each of these addresses; what waits for any other is dropped.
        """
        ...

    def claim_letter(self, address: str, now: datetime, until: datetime) -> Letter | None:
        """What waits for an address, unless nothing does or it is not time yet.

        Nobody else gets it before `until`: a process killed while sending sends it again, once.
        """
        ...

    def letter_sent(self, letter: Letter, not_before: datetime) -> AddressTrouble | None:
        """It arrived; the next one goes out no earlier. Answers the trouble that is over by this."""
        ...

    def letter_failed(
        self, letter: Letter, now: datetime, message: str, pause: Callable[[int], datetime]
    ) -> AddressTrouble:
        """It did not arrive; `pause` says from the number of failures when to try again."""
        ...

    def address_troubles(self) -> Sequence[AddressTrouble]:
        """Addresses whose last sending failed."""
        ...

    def record_backlog(self, channel: ChannelName, sample: Sample, keep_from: datetime) -> None:
        """Remember how many SKUs wait; samples before `keep_from` are forgotten."""
        ...

    def backlog(self, channel: ChannelName) -> Sequence[Sample]:
        """The samples kept, oldest first."""
        ...

    def record_standing(self, channel: ChannelName, state: ChannelState, message: str) -> None:
        """What became of the channel in its last run; the time a trouble began stays while it lasts."""
        ...

    def channel_troubles(self) -> Mapping[ChannelName, ChannelTrouble]:
        """Channels that could not be used in their last run."""
        ...

    def held_plan(self, channel: ChannelName) -> HeldPlan | None:
        """The latest plan's rows that wait for a person; None when there are none."""
        ...

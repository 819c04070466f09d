"""Tells people what is wrong: looks, keeps what it saw in the ledger, and has it sent."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from pydantic import SecretStr

from syncd.domain.alerting import Alert, Event, Notice, Step, transitions
from syncd.domain.conditions import View, conditions
from syncd.domain.duration import age
from syncd.domain.report import Report
from syncd.engine.setup import EngineSetup
from syncd.engine.watching import look
from syncd.ports import Credentials
from syncd.ports.alerts import Letter
from syncd.reporting.alerts import Message, compose
from syncd.service.heartbeat import Heartbeat
from syncd.service.posting import post_apart
from syncd.settings.settings import Settings
from syncd.settings.surroundings import Alerts as AlertSettings

logger = logging.getLogger(__name__)

Post = Callable[[str, Message], bool]
"""Sends a message to an Apprise address; whether it was taken."""

CLAIMED_FOR = timedelta(minutes=2)
"""How long a message under way is nobody else's: longer than any sending takes."""
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where alerts are sent: the name of its credential, which may be shown, and the secret behind it."""

    name: str
    url: SecretStr

    @property
    def service(self) -> str:
        """What the address begins with (`slack`, `mailtos`); never more of it."""
        scheme, mark, _ = self.url.get_secret_value().partition("://")
        return scheme if mark and scheme.isalnum() else "no service"


def addresses_of(settings: AlertSettings | None, credentials: Credentials) -> tuple[Address, ...]:
    """The configured addresses; ConfigError for a credential that cannot be had."""
    references = () if settings is None else settings.urls
    names = dict.fromkeys(references)
    return tuple(
        Address(name=reference.credential, url=credentials.secret(reference)) for reference in names
    )


def watching(settings: Settings, engine: EngineSetup, credentials: Credentials) -> "Alerts | None":
    """What the configuration's `alerts` ask for; None without them. ConfigError as above."""
    if settings.alerts is None:
        return None
    reference = settings.alerts.heartbeat
    return Alerts(
        engine, settings.alerts, addresses_of(settings.alerts, credentials),
        None if reference is None else Heartbeat(credentials.secret(reference)),
        settings.timezone,
    )  # fmt: skip


class Alerts:
    """Alerts and heartbeat of one process; several processes on one ledger never tell anything twice."""

    def __init__(
        self, engine: EngineSetup, settings: AlertSettings, addresses: Sequence[Address],
        heartbeat: Heartbeat | None, timezone: tzinfo, post: Post = post_apart,
    ) -> None:  # fmt: skip
        self._engine = engine
        self._settings = settings
        self._addresses = tuple(addresses)
        self._heartbeat = heartbeat
        self._timezone = timezone
        self._post = post

    def look(self, now: datetime) -> None:
        """Look once at everything: tell what began and what is over, and send the heartbeat.

        Run it as a job of its own, each minute and after each run: sending may take some seconds. What
        cannot be sent waits in the ledger and is tried again after growing pauses; nothing but
        LedgerError is raised.
        """
        view = look(self._engine, now, self._settings.backlog)
        notices = self._engine.ledger.step_alerts(
            lambda alerts: self._decide(alerts, view), [item.name for item in self._addresses]
        )
        for notice in notices:
            _log(notice)
        for address in self._addresses:
            self._send(address, now)
        if self._heartbeat is not None:
            self._heartbeat.look(view.health)

    def _decide(self, alerts: Sequence[Alert], view: View) -> Step:
        found = conditions(view, self._settings.parked_above)
        return transitions(alerts, found, view.health.at, self._settings.quiet_for)

    def _send(self, address: Address, now: datetime) -> None:
        ledger = self._engine.ledger
        letter = ledger.claim_letter(address.name, now, now + CLAIMED_FOR)
        if letter is None:
            return
        message = compose(letter.notices, self._timezone)
        if not self._post(address.url.get_secret_value(), message):
            self._failed(address, letter, now)
            return
        over = ledger.letter_sent(letter, now + self._settings.digest_every)
        if over is not None:
            logger.info(
                "alerts: %s takes messages again, after %s", address.name, age(now - over.since),
                extra={"action": "alert_address_back", "address": address.name},
            )  # fmt: skip

    def _failed(self, address: Address, letter: Letter, now: datetime) -> None:
        trouble = self._engine.ledger.letter_failed(
            letter, now, undelivered(address), lambda failures: now + pause_after(failures)
        )
        level = logging.WARNING if trouble.failures == 1 else logging.DEBUG
        logger.log(
            level, "alerts: %s; tried again in %s", trouble.message,
            age(pause_after(trouble.failures)),
            extra={"action": "alert_not_sent", "address": address.name},
        )  # fmt: skip


class News:
    """Tells runs after which alerts should look from those of sources that say what the ones before said.

    A source may be read every second; looking at everything each time would be most of what a daemon does.
    """

    def __init__(self) -> None:
        self._said: dict[str, tuple[object, ...]] = {}

    def is_in(self, report: Report) -> bool:
        """Whether to look at once; each minute it is looked at anyway."""
        said = (report.status(), *(item.what for item in report.attention))
        before = self._said.get(report.trigger)
        self._said[report.trigger] = said
        return bool(report.channels) or said != before


def pause_after(failures: int) -> timedelta:
    """1, 2, 4 … minutes, at most an hour."""
    doublings = min(max(failures, 1) - 1, MOST_DOUBLINGS)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def undelivered(address: Address) -> str:
    """What is said of an address that takes no message; nothing of the address itself."""
    return (
        f"address {address.name} ({address.service}) takes no message: check what the credential "
        "holds, then syncd alerts test"
    )


def _log(notice: Notice) -> None:
    level = logging.INFO if notice.event is Event.ENDED else logging.WARNING
    logger.log(
        level, "alert %s: %s", notice.event.value, notice.condition.what,
        extra={"action": f"alert_{notice.event.value}", "alert": notice.condition.key},
    )  # fmt: skip

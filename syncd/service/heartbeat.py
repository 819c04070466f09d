"""Calls an outside address while everything is in time, so that silence tells of trouble nobody here can."""

import logging
import ssl
from datetime import datetime, timedelta

import httpx
from pydantic import SecretStr

from syncd.domain.health import Health

logger = logging.getLogger(__name__)

TIMEOUT = 10.0
"""Seconds, for connecting and for the answer each."""
_SUCCESS_BELOW = 300
LEAST_BETWEEN = timedelta(seconds=30)
"""Services that take heartbeats refuse more than some pings a minute (healthchecks.io: five)."""


class Heartbeat:
    """Pings one address (healthchecks.io and the like: a plain GET) after good cycles."""

    def __init__(self, url: SecretStr) -> None:
        self._url = url
        self._tls: ssl.SSLContext | None = None  # every new one costs 20 ms and memory that stays
        self._told: tuple[datetime | None, ...] = ()
        self._pinged: datetime | None = None
        self._failing = False

    def look(self, health: Health) -> None:
        """Ping once for every good cycle, and only while all ages are good; never raises.

        Cycles that follow each other within LEAST_BETWEEN are told by one ping.
        A cycle is good when it moved something forward: a source was read, orders were polled to the
        end, or a listing was confirmed. A quiet shop has such cycles, too.
        """
        moments = tuple(vital.at for vital in health.vitals)
        if not any(moments) or moments == self._told or not health.ready:
            return
        if self._pinged is not None and abs(health.at - self._pinged) < LEAST_BETWEEN:
            return
        if self._ping():
            self._told, self._pinged = moments, health.at

    def _ping(self) -> bool:
        why = self._refusal()
        if why and not self._failing:
            logger.warning(
                "heartbeat: %s; tried again each minute", why, extra={"action": "heartbeat_lost"}
            )
        elif not why and self._failing:
            logger.info("heartbeat: taken again", extra={"action": "heartbeat_back"})
        self._failing = bool(why)
        return not why

    def _refusal(self) -> str:
        """Why the ping was not taken, or nothing; the address is a secret and stays out of it."""
        try:
            self._tls = self._tls or httpx.create_ssl_context()
            with httpx.Client(timeout=TIMEOUT, follow_redirects=False, verify=self._tls) as client:
                status = client.get(self._url.get_secret_value()).status_code
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            return f"no answer ({type(error).__name__})"
        return "" if status < _SUCCESS_BELOW else f"answered with HTTP status {status}"

"""The daemon's right to write: kept for as long as it lives, so that nobody comes between two cycles."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock

from syncd.domain.errors import LeaseHeld, LeaseLost
from syncd.domain.identity import ChannelName
from syncd.ports.ledger import Lease, Ledger

logger = logging.getLogger(__name__)


class HeldLeases:
    """One kept lease per channel; a lost one is asked for again at the next cycle."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = Lock()
        self._held: dict[ChannelName, tuple[Lease, ExitStack]] = {}

    def keep(self, channels: Iterable[ChannelName]) -> None:
        """Hold exactly these; LeaseHeld, with nothing taken, when another process has one of them."""
        wanted = list(channels)
        taken: list[ChannelName] = []
        try:
            for channel in wanted:
                if channel not in self._held:
                    self._take(channel)
                    taken.append(channel)
        except LeaseHeld:
            for channel in taken:
                self._drop(channel)
            raise
        for channel in set(self._held) - set(wanted):
            self._drop(channel)

    @contextmanager
    def lease(self, channel: ChannelName) -> Iterator[Lease]:
        """The kept lease for one cycle; LeaseHeld or LeaseLost when another process has it."""
        with self._lock:
            if channel not in self._held:
                self._take(channel)
            lease, _ = self._held[channel]
        try:
            lease.confirm()
            yield lease
        except LeaseLost:
            self._lose(channel)
            raise

    def confirm(self) -> None:
        """Renew every heartbeat; a lease that is gone is logged and given up."""
        for channel, (lease, _) in list(self._held.items()):
            try:
                lease.confirm()
            except LeaseLost as error:
                logger.warning("%s", error, extra={"action": "lease_lost", "channel": channel})
                self._lose(channel)

    def release(self) -> None:
        """Give everything back."""
        for channel in list(self._held):
            self._drop(channel)

    def _take(self, channel: ChannelName) -> None:
        stack = ExitStack()
        self._held[channel] = (stack.enter_context(self._ledger.lease(channel)), stack)

    def _lose(self, channel: ChannelName) -> None:
        with self._lock:
            self._drop(channel)

    def _drop(self, channel: ChannelName) -> None:
        kept = self._held.pop(channel, None)
        if kept is not None:
            kept[1].close()

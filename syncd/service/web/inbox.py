"""Stores deliveries durably before they are answered: one thread, one commit for all that wait at a time.

A long transaction of somebody else (a million rows are taken in) would make senders give up: then a file
beside the ledger is written first, and taken in as soon as the ledger is free.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, Full, Queue
from threading import Thread

from syncd.domain.errors import LedgerError
from syncd.ports.clock import Clock
from syncd.ports.deliveries import Arrival, Delivery, InboxLedger, Receipt

MOST_WAITING = 2_000
MOST_AT_ONCE = 500
AGAIN_AFTER = 1.0
"""Seconds until what is kept beside a busy ledger is tried again."""
KEPT = timedelta(days=90)
CLEANED_EVERY = timedelta(days=1)

logger = logging.getLogger(__name__)


class InboxFull(Exception):  # noqa: N818 - reads as a state
    """More deliveries wait to be stored than are taken; the sender will send this one again."""


@dataclass(slots=True)
class _Waiting:
    arrival: Arrival
    future: Future[Receipt] = field(default_factory=Future)


class Inbox:
    """Takes deliveries in. `wake` is told the receiver once its news is safe, outside of any request."""

    def __init__(self, ledger: InboxLedger, clock: Clock, wake: Callable[[str], None]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._wake = wake
        self._queue: Queue[_Waiting | None] = Queue(MOST_WAITING)
        self._cleaned: datetime | None = None
        self._spooled = False
        self._again_at = 0.0
        self._thread = Thread(target=self._work, name="syncd-inbox", daemon=True)

    def start(self) -> None:
        """Begin storing."""
        self._thread.start()

    def stop(self) -> None:
        """Store what waits, then end."""
        self._queue.put(None)
        self._thread.join()

    def post(self, receiver: str, delivery: Delivery) -> Future[Receipt]:
        """Have a delivery stored: the future is done when it is durable, or failed with LedgerError.

        Raises InboxFull.
        """
        arrival = Arrival(receiver=receiver, delivery=delivery, received_at=self._clock.now())
        waiting = _Waiting(arrival)
        try:
            self._queue.put_nowait(waiting)
        except Full:
            raise InboxFull from None
        return waiting.future

    def _work(self) -> None:
        going = True
        self._unspool()
        while going:
            batch, going = self._batch()
            if batch:
                self._store(batch)
            if self._spooled and (not going or self._clock.monotonic() >= self._again_at):
                self._unspool()
            elif batch and not self._spooled:
                self._clean()

    def _batch(self) -> tuple[list[_Waiting], bool]:
        """What waits now, and whether more is to come; empty when only the spool is to be tried again."""
        batch: list[_Waiting] = []
        try:
            item = self._queue.get(timeout=AGAIN_AFTER if self._spooled else None)
        except Empty:
            return batch, True
        while item is not None:
            # a request that gave up waiting was not answered with 200, so nothing is owed to it
            if item.future.set_running_or_notify_cancel():
                batch.append(item)
            if len(batch) == MOST_AT_ONCE:
                return batch, True
            try:
                item = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _store(self, batch: list[_Waiting]) -> None:
        arrivals = [item.arrival for item in batch]
        if self._spooled:
            self._spool(batch, arrivals)
            return
        try:
            receipts = self._ledger.record_deliveries(arrivals)
        except LedgerError:
            self._spool(batch, arrivals)
            return
        except (
            Exception
        ) as error:  # the thread must outlive any mistake, or nothing is taken any more
            logger.exception("webhooks could not be stored", extra={"action": "inbox_error"})
            for item in batch:
                item.future.set_exception(error)
            return
        news: dict[str, None] = {}
        for item, receipt in zip(batch, receipts, strict=True):
            item.future.set_result(receipt)
            if receipt is Receipt.STORED and item.arrival.delivery.hints:
                news[item.arrival.receiver] = None
        for receiver in news:
            self._tell(receiver)

    def _spool(self, batch: list[_Waiting], arrivals: list[Arrival]) -> None:
        """The ledger is busy, or worse: a sender is not kept waiting for that."""
        try:
            self._ledger.spool_deliveries(arrivals)
        except LedgerError as error:
            logger.error(  # noqa: TRY400 - the message says all there is
                "%s webhooks could not be stored and will be sent again: %s", len(batch), error,
                extra={"action": "inbox_error"},
            )  # fmt: skip
            for item in batch:
                item.future.set_exception(error)
            return
        if not self._spooled:
            self._again_at = self._clock.monotonic() + AGAIN_AFTER
        self._spooled = True
        for item in batch:
            item.future.set_result(Receipt.STORED)

    def _unspool(self) -> None:
        """Take in what was kept beside the ledger, by us or by a process before us."""
        try:
            receivers = self._ledger.unspool_deliveries()
        except LedgerError as error:
            self._spooled = True
            self._again_at = self._clock.monotonic() + AGAIN_AFTER
            logger.info("stored webhooks wait beside the ledger: %s", error)
            return
        self._spooled = False
        for receiver in receivers:
            self._tell(receiver)

    def _tell(self, receiver: str) -> None:
        try:
            self._wake(receiver)
        except Exception:  # the delivery is safe; the next poll finds it
            logger.exception("%s could not be woken", receiver, extra={"action": "inbox_error"})

    def _clean(self) -> None:
        """Once a day, forget what is older than senders repeat."""
        now = self._clock.now()
        if self._cleaned is not None and now - self._cleaned < CLEANED_EVERY:
            return
        self._cleaned = now
        try:
            self._ledger.forget_deliveries(now - KEPT)
        except LedgerError:
            logger.exception("old webhooks stay for now", extra={"action": "inbox_error"})

"""Stores deliveries durably before they are answered: one thread, one commit for all that wait at a time."""

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
        while going:
            batch, going = self._batch()
            if batch:
                self._store(batch)
                self._clean()

    def _batch(self) -> tuple[list[_Waiting], bool]:
        """What waits now, at least one; and whether more is to come."""
        batch: list[_Waiting] = []
        item = self._queue.get()
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
        try:
            receipts = self._ledger.record_deliveries([item.arrival for item in batch])
        except LedgerError as error:
            logger.error(  # noqa: TRY400 - the message says all there is
                "%s webhooks could not be stored and will be sent again: %s", len(batch), error,
                extra={"action": "inbox_error"},
            )  # fmt: skip
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

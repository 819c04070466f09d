"""The inbox of webhook deliveries: each is stored once, and waits until somebody looked where it points."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros, micros_or_none, moment
from syncd.ledger.connection import Connection, Row
from syncd.ledger.hints import hint_rows, hints_of
from syncd.ledger.spool import DeliverySpool
from syncd.ports.deliveries import Arrival, Delivery, Receipt, WaitingDelivery

NO_HINTS = "[]"
PATIENCE = 200
"""Milliseconds to wait for the write lock: a sender waits for an answer, and there is the spool."""
_INSERT = (
    "INSERT INTO delivery (receiver, notification, event, topic, sent_at, received_at, hints, handled_at) "
    "VALUES (:receiver, :notification, :event, :topic, :sent, :received, :hints, "
    "CASE WHEN :event <> '' AND EXISTS (SELECT 1 FROM delivery WHERE receiver = :receiver "
    "AND event = :event AND event <> '') OR :hints = '[]' THEN :received END) "
    "ON CONFLICT (receiver, notification) DO NOTHING RETURNING handled_at"
)
# not `handled_at IS NULL`: SQLite 3.40 answers that wrongly where a partial index has the same condition


class InboxStore(StorePart):
    """Webhook deliveries by receiver."""

    def record_deliveries(self, arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
        """Store all of them in one transaction; one receipt each, in order. Waits for others only shortly."""
        with self._database.impatient_write(PATIENCE) as connection:
            return tuple(_record(connection, arrival) for arrival in arrivals)

    def spool_deliveries(self, arrivals: Sequence[Arrival]) -> None:
        """Keep them durably beside the ledger, which is busy; `unspool_deliveries` takes them in."""
        DeliverySpool(self._database.path).append(arrivals)

    def unspool_deliveries(self) -> Sequence[str]:
        """Take in what was kept beside the ledger; the receivers that have news by it.

        A crash between the two steps only takes the same in again.
        """
        spool = DeliverySpool(self._database.path)
        arrivals = spool.read()
        if not arrivals:
            return ()
        receipts = self.record_deliveries(arrivals)
        spool.clear()
        news = zip(arrivals, receipts, strict=True)
        return tuple({row.receiver: None for row, receipt in news if receipt is Receipt.STORED})

    def waiting_deliveries(
        self, receiver: str, limit: int, after: int = 0
    ) -> Sequence[WaitingDelivery]:
        """The oldest deliveries of a receiver that are not settled, with a number above `after`."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT id, topic, received_at, hints FROM delivery "
                "WHERE receiver = ? AND handled_at IS NULL AND id > ? ORDER BY id LIMIT ?",
                (receiver, after, limit),
            )
            return tuple(_waiting(row) for row in rows)

    def settle_deliveries(self, receiver: str, until: int) -> int:
        """What was hinted at up to this number has been looked at; answers how many that were."""
        with self._database.write() as connection:
            return connection.exec_driver_sql(
                "UPDATE delivery SET handled_at = ? "
                "WHERE receiver = ? AND handled_at IS NULL AND id <= ?",
                (micros(self._clock.now()), receiver, until),
            ).rowcount

    def settle_each(self, receiver: str, numbers: Sequence[int]) -> None:
        """These deliveries ask for no look, and those before them may still."""
        if not numbers:
            return
        with self._database.write() as connection:
            now = micros(self._clock.now())
            connection.exec_driver_sql(
                "UPDATE delivery SET handled_at = ? "
                "WHERE receiver = ? AND handled_at IS NULL AND id = ?",
                [(now, receiver, number) for number in numbers],
            )

    def waiting_counts(self) -> Mapping[str, int]:
        """How many deliveries wait, by receiver; receivers without any are absent."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT receiver, COUNT(*) AS waiting FROM delivery "
                "WHERE handled_at IS NULL GROUP BY receiver"
            )
            return {row.receiver: row.waiting for row in rows}

    def forget_deliveries(self, before: datetime) -> int:
        """Drop what was received before then; answers how much that was. Waits for others only shortly."""
        with self._database.impatient_write(PATIENCE) as connection:
            return connection.exec_driver_sql(
                "DELETE FROM delivery WHERE received_at < ?", (micros(before),)
            ).rowcount


def _record(connection: Connection, arrival: Arrival) -> Receipt:
    delivery = arrival.delivery
    hints = _hints_text(delivery)
    row = connection.exec_driver_sql(
        _INSERT,
        {
            "receiver": arrival.receiver,
            "notification": delivery.notification,
            "event": delivery.event,
            "topic": delivery.topic,
            "sent": micros_or_none(delivery.sent_at),
            "received": micros(arrival.received_at),
            "hints": hints,
        },
    ).first()
    news = row is not None and (row.handled_at is None or hints == NO_HINTS)
    return Receipt.STORED if news else Receipt.DUPLICATE


def _hints_text(delivery: Delivery) -> str:
    return json.dumps(hint_rows(delivery.hints), separators=(",", ":"))


def _waiting(row: Row) -> WaitingDelivery:
    return WaitingDelivery(
        number=row.id,
        topic=row.topic,
        received_at=moment(row.received_at),
        hints=tuple(hints_of(json.loads(row.hints))),
    )

"""Where deliveries rest while the ledger is busy: lines of a file beside it, each durable before it counts."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from syncd.domain.errors import LedgerUnusable
from syncd.ledger.columns import micros, micros_or_none, moment, moment_or_none
from syncd.ledger.hints import hint_rows, hints_of
from syncd.ports.deliveries import Arrival, Delivery


class DeliverySpool:
    """A file of deliveries. One process uses it, from one thread at a time."""

    def __init__(self, ledger: Path) -> None:
        self._path = ledger.with_name(f"{ledger.name}.inbox")

    def append(self, arrivals: Sequence[Arrival]) -> None:
        """Keep these durably. Raises LedgerUnusable when the disk does not take them."""
        # a line break in front too, in case a power cut left half a line behind
        text = "".join(f"\n{_line(arrival)}\n" for arrival in arrivals).encode()
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                view = memoryview(text)
                while view:
                    view = view[os.write(file, view) :]
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise LedgerUnusable(f"{self._path} cannot be written: {error.strerror}") from error

    def read(self) -> tuple[Arrival, ...]:
        """Everything that is kept; half a line is nothing, for it was never acknowledged."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return ()
        return tuple(found for line in lines if (found := _arrival(line)) is not None)

    def clear(self) -> None:
        """All of it is in the ledger."""
        self._path.unlink(missing_ok=True)


def _line(arrival: Arrival) -> str:
    delivery = arrival.delivery
    return json.dumps(
        {
            "receiver": arrival.receiver,
            "received": micros(arrival.received_at),
            "notification": delivery.notification,
            "event": delivery.event,
            "topic": delivery.topic,
            "sent": micros_or_none(delivery.sent_at),
            "hints": hint_rows(delivery.hints),
        }
    )


def _arrival(line: bytes) -> Arrival | None:
    try:
        fields = json.loads(line)
        delivery = Delivery(
            topic=fields["topic"], notification=fields["notification"], event=fields["event"],
            sent_at=moment_or_none(fields["sent"]), hints=tuple(hints_of(fields["hints"])),
        )  # fmt: skip
        received_at = moment(fields["received"])
    except (ValueError, KeyError, TypeError):
        return None
    return Arrival(receiver=fields["receiver"], delivery=delivery, received_at=received_at)

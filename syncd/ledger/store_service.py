"""Which daemon lives, and the requests that commands hand over to it."""

import json
import os
from collections.abc import Sequence

from syncd.domain.errors import LeaseLost
from syncd.domain.identity import ChannelName, RunId, Sku
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros, moment
from syncd.ledger.connection import Connection
from syncd.ledger.processes import already_served, boot_id, living
from syncd.ports.service import Reply, Request, Running, Word

_ENDED = "the daemon ended before it came to this; run the command again"
_UNAVAILABLE = 5


class ServiceStore(StorePart):
    """The service and its requests."""

    def begin_service(self) -> None:
        """Serve with this process from now on; LeaseHeld when another one lives."""
        now = micros(self._clock.now())
        with self._database.write() as connection:
            other = self._living(connection)
            if other is not None and other.pid != os.getpid():
                raise already_served(self._database.path, other)
            connection.exec_driver_sql(
                "INSERT OR REPLACE INTO service (id, pid, boot_id, started_at, beat_at) "
                "VALUES (1, ?, ?, ?, ?)",
                (os.getpid(), boot_id(), now, now),
            )
            self._refuse_open(connection)

    def beat(self) -> None:
        """It still lives; LeaseLost when another daemon began to serve, because this one stood still."""
        with self._database.write() as connection:
            beaten = connection.exec_driver_sql(
                "UPDATE service SET beat_at = ? WHERE pid = ? AND boot_id = ?",
                (micros(self._clock.now()), os.getpid(), boot_id()),
            )
        if not beaten.rowcount:
            raise LeaseLost(
                "this daemon stood still for so long that another one serves the ledger now; it ends"
            )

    def end_service(self) -> None:
        """It ends; what was asked and not answered is refused with a sentence."""
        with self._database.write() as connection:
            ended = connection.exec_driver_sql(
                "UPDATE service SET ended_at = ? WHERE pid = ? AND boot_id = ?",
                (micros(self._clock.now()), os.getpid(), boot_id()),
            )
            if ended.rowcount:
                self._refuse_open(connection)

    def running(self) -> Running | None:
        """The daemon, if one lives."""
        with self._database.read() as connection:
            return self._living(connection)

    def ask(self, word: Word, channels: Sequence[ChannelName], skus: Sequence[Sku]) -> int:
        """Put a request down; answers its number."""
        with self._database.write() as connection:
            number = connection.exec_driver_sql(
                "INSERT INTO request (word, channels, skus, asked_at, text) VALUES (?, ?, ?, ?, '') "
                "RETURNING id",
                (
                    word.value,
                    json.dumps(list(channels)),
                    json.dumps(list(skus)),
                    micros(self._clock.now()),
                ),
            ).scalar_one()
        return int(number)

    def take_requests(self) -> Sequence[Request]:
        """Everything asked that nobody took yet, oldest first; it is taken now."""
        with self._database.read() as connection:
            waiting = connection.exec_driver_sql(
                "SELECT 1 FROM request WHERE answered_at IS NULL AND taken_at IS NULL LIMIT 1"
            ).first()
        if waiting is None:
            return ()
        with self._database.write() as connection:
            rows = connection.exec_driver_sql(
                "UPDATE request SET taken_at = ? WHERE answered_at IS NULL AND taken_at IS NULL "
                "RETURNING id, word, channels, skus",
                (micros(self._clock.now()),),
            ).all()
        return tuple(
            Request(
                number=row.id,
                word=Word(row.word),
                channels=tuple(ChannelName(name) for name in json.loads(row.channels)),
                skus=tuple(Sku(sku) for sku in json.loads(row.skus)),
            )
            for row in sorted(rows, key=lambda row: int(row.id))
        )

    def reply(self, number: int, reply: Reply) -> None:
        """Answer a request."""
        with self._database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE request SET answered_at = ?, run = ?, code = ?, text = ? WHERE id = ?",
                (micros(self._clock.now()), reply.run, reply.code, reply.text, number),
            )

    def reply_to(self, number: int) -> Reply | None:
        """The answer, once there is one."""
        with self._database.read() as connection:
            row = connection.exec_driver_sql(
                "SELECT run, code, text FROM request WHERE id = ? AND answered_at IS NOT NULL",
                (number,),
            ).first()
        if row is None:
            return None
        run = None if row.run is None else RunId(row.run)
        return Reply(code=row.code, text=row.text, run=run)

    def _living(self, connection: Connection) -> Running | None:
        row = connection.exec_driver_sql(
            "SELECT * FROM service WHERE id = 1 AND ended_at IS NULL"
        ).first()
        if row is None:
            return None
        found = Running(pid=row.pid, since=moment(row.started_at))
        return living(found, row.boot_id, moment(row.beat_at), self._clock.now())

    def _refuse_open(self, connection: Connection) -> None:
        connection.exec_driver_sql(
            "UPDATE request SET answered_at = ?, code = ?, text = ? WHERE answered_at IS NULL",
            (micros(self._clock.now()), _UNAVAILABLE, _ENDED),
        )

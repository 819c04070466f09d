"""Open alerts, what waits to be told to whom, and the facts only alerts ask for."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from syncd.domain.alerting import Alert, Condition, Event, Kind, Notice, Sample, Step
from syncd.domain.conditions import ChannelTrouble, HeldPlan
from syncd.domain.identity import ChannelName
from syncd.domain.report import ChannelState
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros, micros_or_none, moment, moment_or_none
from syncd.ledger.connection import Connection, Row
from syncd.ledger.database import chunks, marks
from syncd.ledger.names import ID_OF_CHANNEL, channel_id, known_channel
from syncd.ports.alerts import AddressTrouble, Letter

KEPT = timedelta(days=7)
"""A notice that could not be told for so long is dropped: what is still open is repeated daily anyway."""
MOST_IN_LETTER = 200
_ALERT = (
    "INSERT INTO alert (key, kind, what, help, since, seen_at, told_at, reminded_at, away_since) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_NOTICE = (
    "INSERT INTO alert_notice (address, event, key, kind, what, help, since, at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_ADDRESS = (
    "INSERT INTO alert_address (address, not_before, failures, message, failing_since) "
    "VALUES (:address, :not_before, 0, '', NULL) "
    "ON CONFLICT (address) DO UPDATE SET not_before = excluded.not_before"
)
_FAILED = (
    "UPDATE alert_address SET failures = failures + 1, message = :message, "
    "failing_since = COALESCE(failing_since, :now) WHERE address = :address "
    "RETURNING address, failing_since, failures, message"
)
_TROUBLED = (
    "SELECT address, failing_since, failures, message FROM alert_address WHERE failures > 0 "
)
_STANDING = (
    "INSERT INTO channel_state (channel_id, trouble_state, trouble, trouble_since) "
    "VALUES (:channel, :state, :message, :now) ON CONFLICT (channel_id) DO UPDATE SET "
    "trouble_since = CASE WHEN trouble_state = excluded.trouble_state "
    "THEN trouble_since ELSE excluded.trouble_since END, "
    "trouble_state = excluded.trouble_state, trouble = excluded.trouble"
)
_STANDS_SO = (
    f"SELECT 1 FROM channel_state WHERE channel_id = {ID_OF_CHANNEL} "
    "AND trouble_state = ? AND trouble = ?"
)
_LATEST_PLAN = (
    "SELECT p.id, p.digest, p.saved_at FROM plan p JOIN channel c ON c.id = p.channel_id "
    "WHERE c.name = ? ORDER BY p.saved_at DESC, p.run_id DESC, p.id DESC LIMIT 1"
)
_HELD = (
    "SELECT held_by, COUNT(*) AS rows FROM plan_row "
    "WHERE plan_id = ? AND held_by IS NOT NULL GROUP BY held_by ORDER BY 2 DESC, 1"
)
_TROUBLES = frozenset({ChannelState.UNAUTHORIZED, ChannelState.UNAVAILABLE})


class AlertStore(StorePart):
    """Alerts, letters, and what becomes of channels."""

    def alerts(self) -> Sequence[Alert]:
        """Alerts that are not over, by their key."""
        with self._database.read() as connection:
            return _alerts(connection)

    def step_alerts(
        self, decide: Callable[[Sequence[Alert]], Step], addresses: Sequence[str]
    ) -> Sequence[Notice]:
        """One look: what `decide` makes of the open alerts is kept with its notices in one transaction."""
        with self._database.write() as connection:
            before = _alerts(connection)
            step = decide(before)
            if step.alerts != before:
                connection.exec_driver_sql("DELETE FROM alert")
                for part in chunks(step.alerts):
                    connection.exec_driver_sql(_ALERT, [_alert_values(alert) for alert in part])
            forgotten = micros(self._clock.now() - KEPT)
            for table in ("alert_notice", "alert_address"):
                connection.exec_driver_sql(
                    f"DELETE FROM {table} WHERE address NOT IN ({marks(addresses)})",
                    tuple(addresses),
                )
            connection.exec_driver_sql("DELETE FROM alert_notice WHERE at < ?", (forgotten,))
            rows = [
                (
                    address,
                    notice.event.value,
                    *_condition_values(notice.condition),
                    micros(notice.at),
                )
                for notice in step.notices
                for address in addresses
            ]
            for rows_part in chunks(rows):
                connection.exec_driver_sql(_NOTICE, rows_part)
        return step.notices

    def claim_letter(self, address: str, now: datetime, until: datetime) -> Letter | None:
        """What waits for an address, unless nothing does or it is not time yet; oldest first."""
        with self._database.write() as connection:
            rows = connection.exec_driver_sql(
                "SELECT n.* FROM alert_notice n LEFT JOIN alert_address a ON a.address = n.address "
                "WHERE n.address = ? AND (a.not_before IS NULL OR a.not_before <= ?) "
                "ORDER BY n.id LIMIT ?",
                (address, micros(now), MOST_IN_LETTER),
            ).all()
            if not rows:
                return None
            connection.exec_driver_sql(_ADDRESS, {"address": address, "not_before": micros(until)})
        return Letter(
            address=address,
            numbers=tuple(row.id for row in rows),
            notices=tuple(
                Notice(event=Event(row.event), condition=_condition(row), at=moment(row.at))
                for row in rows
            ),
        )

    def letter_sent(self, letter: Letter, not_before: datetime) -> AddressTrouble | None:
        """It arrived; the next one goes out no earlier. Answers the trouble that is over by this."""
        with self._database.write() as connection:
            over = connection.exec_driver_sql(
                _TROUBLED + "AND address = ?", (letter.address,)
            ).first()
            for part in chunks(letter.numbers):
                connection.exec_driver_sql(
                    f"DELETE FROM alert_notice WHERE id IN ({marks(part)})", tuple(part)
                )
            connection.exec_driver_sql(
                "UPDATE alert_address SET not_before = ?, failures = 0, message = '', "
                "failing_since = NULL WHERE address = ?",
                (micros(not_before), letter.address),
            )
        return None if over is None else _trouble(over)

    def letter_failed(
        self, letter: Letter, now: datetime, message: str, pause: Callable[[int], datetime]
    ) -> AddressTrouble:
        """It did not arrive; `pause` says from the number of failures when to try again."""
        with self._database.write() as connection:
            row = connection.exec_driver_sql(
                _FAILED, {"address": letter.address, "now": micros(now), "message": message}
            ).one()
            connection.exec_driver_sql(
                _ADDRESS, {"address": letter.address, "not_before": micros(pause(row.failures))}
            )
        return _trouble(row)

    def address_troubles(self) -> Sequence[AddressTrouble]:
        """Addresses whose last sending failed."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(_TROUBLED + "ORDER BY address").all()
        return tuple(_trouble(row) for row in rows)

    def record_backlog(self, channel: ChannelName, sample: Sample, keep_from: datetime) -> None:
        """Remember how many SKUs wait; samples before `keep_from` are forgotten."""
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            connection.exec_driver_sql(
                "INSERT OR REPLACE INTO backlog (channel_id, at, waiting) VALUES (?, ?, ?)",
                (number, micros(sample.at), sample.waiting),
            )
            connection.exec_driver_sql(
                "DELETE FROM backlog WHERE channel_id = ? AND at < ?", (number, micros(keep_from))
            )

    def backlog(self, channel: ChannelName) -> Sequence[Sample]:
        """The samples kept, oldest first."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT at, waiting FROM backlog WHERE channel_id = ? ORDER BY at",
                (known_channel(connection, channel),),
            ).all()
        return tuple(Sample(at=moment(row.at), waiting=row.waiting) for row in rows)

    def record_standing(self, channel: ChannelName, state: ChannelState, message: str) -> None:
        """What became of the channel in its last run; the time a trouble began stays while it lasts."""
        troubled = state in _TROUBLES
        told = (state.value, message) if troubled else ("", "")
        with self._database.read() as connection:
            if connection.exec_driver_sql(_STANDS_SO, (channel, *told)).first() is not None:
                return  # as it does after nearly every run
        with self._database.write() as connection:
            connection.exec_driver_sql(
                _STANDING,
                {
                    "channel": channel_id(connection, channel),
                    "state": told[0],
                    "message": told[1],
                    "now": micros(self._clock.now()) if troubled else None,
                },
            )

    def channel_troubles(self) -> Mapping[ChannelName, ChannelTrouble]:
        """Channels that could not be used in their last run."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT c.name, s.trouble_state, s.trouble, s.trouble_since FROM channel_state s "
                "JOIN channel c ON c.id = s.channel_id WHERE s.trouble_state <> ''"
            ).all()
        return {
            ChannelName(row.name): ChannelTrouble(
                state=ChannelState(row.trouble_state),
                message=row.trouble,
                since=moment(row.trouble_since),
            )
            for row in rows
        }

    def held_plan(self, channel: ChannelName) -> HeldPlan | None:
        """The latest plan's rows that wait for a person; None when there are none."""
        with self._database.read() as connection:
            plan = connection.exec_driver_sql(_LATEST_PLAN, (channel,)).first()
            if plan is None:
                return None
            held = connection.exec_driver_sql(_HELD, (plan.id,)).all()
        if not held:
            return None
        return HeldPlan(
            digest=plan.digest,
            rows=sum(row.rows for row in held),
            guards=tuple(row.held_by for row in held),
            saved_at=moment(plan.saved_at),
        )


def _alerts(connection: Connection) -> tuple[Alert, ...]:
    rows: Iterable[Row] = connection.exec_driver_sql("SELECT * FROM alert ORDER BY key")
    return tuple(
        Alert(
            condition=_condition(row),
            seen_at=moment(row.seen_at),
            told_at=moment_or_none(row.told_at),
            reminded_at=moment_or_none(row.reminded_at),
            away_since=moment_or_none(row.away_since),
        )
        for row in rows
    )


def _condition(row: Row) -> Condition:
    return Condition(
        key=row.key,
        kind=Kind(row.kind),
        what=row.what,
        since=moment_or_none(row.since),
        help=row.help,
    )


def _condition_values(condition: Condition) -> tuple[object, ...]:
    return (
        condition.key,
        condition.kind.value,
        condition.what,
        condition.help,
        micros_or_none(condition.since),
    )


def _alert_values(alert: Alert) -> tuple[object, ...]:
    return (
        *_condition_values(alert.condition),
        micros(alert.seen_at),
        micros_or_none(alert.told_at),
        micros_or_none(alert.reminded_at),
        micros_or_none(alert.away_since),
    )


def _trouble(row: Row) -> AddressTrouble:
    return AddressTrouble(
        address=row.address,
        since=moment(row.failing_since),
        failures=row.failures,
        message=row.message,
    )

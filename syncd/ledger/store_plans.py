"""Plans by their digest, and the approvals people gave them."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

import re
from collections.abc import Sequence
from datetime import datetime

from syncd.domain.errors import UsageError
from syncd.domain.identity import ChannelName, Digest, RunId
from syncd.domain.plan import Plan
from syncd.ledger.base import StorePart
from syncd.ledger.change_rows import COLUMNS, change_of, columns
from syncd.ledger.columns import micros, moment
from syncd.ledger.connection import Connection, Row
from syncd.ledger.database import chunks, marks
from syncd.ledger.dirty import mark_skus
from syncd.ledger.names import ID_OF_CHANNEL, channel_id, name_items, run_id
from syncd.ports.records import Approval, StoredPlan, StoredRow

_ALGORITHM = "sha256:"
_PREFIX = re.compile(r"[0-9a-f]{8,64}")
_SELECT = (
    "SELECT p.*, r.key AS run, c.name AS channel FROM plan p "
    "JOIN run r ON r.id = p.run_id JOIN channel c ON c.id = p.channel_id "
)
_INSERT_ROW = (
    f"INSERT INTO plan_row (plan_id, place, held_by, {COLUMNS}) VALUES ({marks(range(14))})"
)


class PlanStore(StorePart):
    """Plans and approvals."""

    def save_plan(self, run: RunId, plan: Plan) -> None:
        """Keep a plan by its digest; saved again it bears the new run, time and reasons."""
        rows = [
            *((change, None) for change in plan.changes),
            *((held.change, held.hazard) for held in plan.held),
        ]
        with self._database.write() as connection:
            number = connection.exec_driver_sql(
                "INSERT INTO plan (channel_id, digest, run_id, saved_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (channel_id, digest) DO UPDATE SET run_id = excluded.run_id, "
                "saved_at = excluded.saved_at RETURNING id",
                (
                    channel_id(connection, plan.channel),
                    plan.digest,
                    run_id(connection, run),
                    micros(self._clock.now()),
                ),
            ).scalar_one()
            connection.exec_driver_sql("DELETE FROM plan_row WHERE plan_id = ?", (number,))
            for part in chunks(enumerate(rows), 5000):
                connection.exec_driver_sql(
                    _INSERT_ROW,
                    [(number, place, held, *columns(change)) for place, (change, held) in part],
                )

    def plan(self, channel: ChannelName, digest: str) -> StoredPlan | None:
        """A saved plan by digest or a unique prefix of at least 8 hex digits."""
        prefix = digest.removeprefix(_ALGORITHM)
        if _PREFIX.fullmatch(prefix) is None:
            return None
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                _SELECT + "WHERE c.name = ? AND p.digest >= ? AND p.digest < ? LIMIT 2",
                (channel, _ALGORITHM + prefix, f"{_ALGORITHM}{prefix}g"),
            ).all()
            return _plan(connection, rows[0]) if len(rows) == 1 else None

    def latest_plan(self, channel: ChannelName) -> StoredPlan | None:
        """The plan saved last."""
        with self._database.read() as connection:
            row = connection.exec_driver_sql(
                _SELECT
                + "WHERE c.name = ? ORDER BY p.saved_at DESC, p.run_id DESC, p.id DESC LIMIT 1",
                (channel,),
            ).first()
            return None if row is None else _plan(connection, row)

    def approve(self, channel: ChannelName, digest: Digest, reason: str, until: datetime) -> None:
        """Release a saved plan and mark its SKUs dirty; UsageError when there is no such plan."""
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            plan = connection.exec_driver_sql(
                "SELECT id FROM plan WHERE channel_id = ? AND digest = ?", (number, digest)
            ).scalar()
            if plan is None:
                raise UsageError(
                    f"channel {channel} has no plan {digest}; `syncd plan` shows plans"
                )
            connection.exec_driver_sql(
                "INSERT INTO approval (plan_id, reason, given_at, until) VALUES (?, ?, ?, ?)",
                (plan, reason, micros(self._clock.now()), micros(until)),
            )
            skus = connection.exec_driver_sql(
                "SELECT DISTINCT sku FROM plan_row WHERE plan_id = ?", (plan,)
            ).scalars()
            named = list(skus)
            name_items(connection, named)
            mark_skus(connection, number, named)

    def approvals(self, channel: ChannelName, now: datetime) -> Sequence[Approval]:
        """Approvals still in force, newest last."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT a.*, p.digest FROM approval a CROSS JOIN plan p ON p.id = a.plan_id "
                f"WHERE p.channel_id = {ID_OF_CHANNEL} AND a.until > ? ORDER BY a.id",
                (channel, micros(now)),
            ).all()
            return tuple(
                Approval(
                    digest=Digest(row.digest),
                    reason=row.reason,
                    given_at=moment(row.given_at),
                    until=moment(row.until),
                    rows=tuple(part.change for part in _rows(connection, row.plan_id)),
                )
                for row in rows
            )


def _plan(connection: Connection, row: Row) -> StoredPlan:
    return StoredPlan(
        digest=Digest(row.digest),
        channel=ChannelName(row.channel),
        run=RunId(row.run),
        saved_at=moment(row.saved_at),
        rows=_rows(connection, row.id),
    )


def _rows(connection: Connection, plan: int) -> tuple[StoredRow, ...]:
    rows = connection.exec_driver_sql(
        "SELECT * FROM plan_row WHERE plan_id = ? ORDER BY place", (plan,)
    )
    return tuple(StoredRow(change=change_of(row), held_by=row.held_by) for row in rows)

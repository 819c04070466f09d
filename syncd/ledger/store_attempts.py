"""What was sent and what became of it: intents before, outcomes after, verdicts once read back."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Iterable, Sequence
from datetime import datetime

from syncd.domain.change import Cause, Change, Field
from syncd.domain.errors import LeaseLost
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, RunId, Sku
from syncd.domain.outcome import Accepted, Outcome, Rejected, Verdict
from syncd.ledger.base import StorePart
from syncd.ledger.change_rows import COLUMNS, KEY, change_of, columns, key
from syncd.ledger.columns import micros, moment, moment_or_none
from syncd.ledger.connection import Connection, Row
from syncd.ledger.database import marks
from syncd.ledger.names import ID_OF_CHANNEL, ID_OF_NAMED_CHANNEL, channel_id, known_channel, run_id
from syncd.ports.records import Attempt, Intent, Window

_INSERT = (
    "INSERT INTO change (channel_id, run_id, fence, sent, released, intent_at, verdict, "
    f"{COLUMNS}) VALUES ({marks(range(18))})"
)
_SELECT = "SELECT c.*, r.key AS run FROM change c JOIN run r ON r.id = c.run_id "
_LATEST = f"SELECT MAX(id) FROM change WHERE channel_id = :channel AND {KEY}"
_NEWER = (
    "SELECT 1 FROM change n WHERE n.channel_id = c.channel_id AND n.product_id = c.product_id "
    "AND n.listing_id = c.listing_id AND n.warehouse_id = c.warehouse_id AND n.field = c.field "
    "AND n.id > c.id"
)
_OF_LISTING = "channel_id = :channel AND product_id = :product AND listing_id = :listing"
_UNSETTLED = f"('{Verdict.UNKNOWN}', '{Verdict.ACCEPTED}')"
_REFUSED = f"('{Verdict.REJECTED}', '{Verdict.SKIPPED}')"


class AttemptStore(StorePart):
    """Push attempts and the published state they leave."""

    def record_intents(
        self, run: RunId, channel: ChannelName, fence: int, intents: Sequence[Intent]
    ) -> None:
        """Durable before anything is sent; LeaseLost when the fencing number is not the current one."""
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            current = connection.exec_driver_sql(
                "SELECT fence FROM lease WHERE channel_id = ? AND released_at IS NULL", (number,)
            ).scalar()
            if current != fence:
                raise LeaseLost(
                    f"channel {channel} was taken over by another process; nothing was sent"
                )
            if not intents:
                return
            head = (
                number,
                run_id(connection, run),
                fence,
            )
            now = micros(self._clock.now())
            connection.exec_driver_sql(
                _INSERT,
                [
                    (
                        *head,
                        intent.sent,
                        intent.released,
                        now,
                        Verdict.UNKNOWN.value,
                        *columns(intent.change),
                    )
                    for intent in intents
                ],
            )

    def record_outcomes(
        self, run: RunId, channel: ChannelName, outcomes: Sequence[Outcome]
    ) -> None:
        """What the channel answered; Accepted moves `published`."""
        del run
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            now = micros(self._clock.now())
            for outcome in outcomes:
                place = {**key(outcome.change), "channel": number, "now": now}
                connection.exec_driver_sql(
                    "UPDATE change SET verdict = :verdict, outcome_at = :now, code = :code, "
                    "sent = COALESCE(:sent, sent), acknowledged = :verdict = 'accepted', "
                    f"message = :message WHERE id = ({_LATEST})",
                    {**place, **_answer(outcome)},
                )
                if isinstance(outcome, Accepted):
                    _publish(connection, outcome.change, {**place, "now": micros(outcome.at)})

    def record_verdicts(
        self,
        run: RunId,
        channel: ChannelName,
        verdicts: Sequence[tuple[Change, Verdict, str | None]],
    ) -> None:
        """What reading back showed; VERIFIED sets `confirmed`, and `published` if no answer had come."""
        del run
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            now = micros(self._clock.now())
            for change, verdict, message in verdicts:
                place = {**key(change), "channel": number, "now": now}
                answered = connection.exec_driver_sql(
                    "UPDATE change SET verdict = :verdict, message = COALESCE(:message, message), "
                    "verified_at = CASE WHEN :verdict = 'verified' THEN :now ELSE verified_at END "
                    f"WHERE id = ({_LATEST}) RETURNING outcome_at, intent_at",
                    {**place, "verdict": verdict.value, "message": message},
                ).first()
                if verdict is not Verdict.VERIFIED:
                    continue
                if answered is not None:
                    written = answered.outcome_at or answered.intent_at
                    _publish(connection, change, {**place, "now": written})
                connection.exec_driver_sql(
                    f"UPDATE listing SET confirmed_at = :now WHERE {_OF_LISTING}",
                    place,
                )

    def remember_basis(
        self, channel: ChannelName, bases: Iterable[tuple[ListingRef, int | None, int]]
    ) -> None:
        """(listing, offer by the sources alone, units subtracted for orders) of the published state."""
        rows = [
            {"product": ref.product_id, "listing": ref.listing_id, "offer": offer, "unseen": unseen}
            for ref, offer, unseen in bases
        ]
        if not rows:
            return
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            connection.exec_driver_sql(
                f"UPDATE listing SET source_offer = :offer, unseen = :unseen WHERE {_OF_LISTING}",
                [{**row, "channel": number} for row in rows],
            )

    def unresolved(self, channel: ChannelName) -> Sequence[Attempt]:
        """Changes sent whose result was never settled, oldest first; a later attempt settles them."""
        return self._attempts(
            f"c.verdict IN {_UNSETTLED} AND NOT EXISTS ({_NEWER}) ORDER BY c.id", channel, {}
        )

    def attempts(self, channel: ChannelName, sku: Sku, limit: int) -> Sequence[Attempt]:
        """The latest push attempts of a SKU, newest first."""
        return self._attempts(
            "c.sku = :sku ORDER BY c.id DESC LIMIT :limit", channel, {"sku": sku, "limit": limit}
        )

    def confirmed_at(self, channel: ChannelName) -> datetime | None:
        """When a listing of the channel was last read back or found as it should be."""
        with self._database.read() as connection:
            return moment_or_none(
                connection.exec_driver_sql(
                    "SELECT MAX(confirmed_at) FROM listing WHERE channel_id = ?",
                    (known_channel(connection, channel),),
                ).scalar()
            )

    def window(self, channel: ChannelName, since: datetime) -> Window:
        """What was sent since then and the guard counts: nothing refused, released, or caused by sales."""
        changed, zeroed, priced = set(), set(), set()
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT DISTINCT product_id, listing_id, field, cause, sent, before FROM change "
                f"WHERE channel_id = {ID_OF_CHANNEL} AND intent_at >= ? AND NOT released "
                f"AND verdict NOT IN {_REFUSED}",
                (channel, micros(since)),
            )
            for row in rows:
                ref = ListingRef(ProductId(row.product_id), ListingId(row.listing_id))
                if row.field == Field.PRICE:
                    priced.add(ref)
                elif _counts(row):
                    changed.add(ref)
                    if row.sent == 0 and row.before != 0:
                        zeroed.add(ref)
        return Window(
            changed=frozenset(changed), to_zero=frozenset(zeroed), price_moved=frozenset(priced)
        )

    def _attempts(
        self, condition: str, channel: ChannelName, parameters: dict[str, object]
    ) -> Sequence[Attempt]:
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                f"{_SELECT} WHERE c.channel_id = {ID_OF_NAMED_CHANNEL} AND {condition}",
                {**parameters, "channel": channel},
            )
            return tuple(_attempt(row) for row in rows)


def _counts(row: Row) -> bool:
    """Whether a quantity change counts for the guard.

    Adaptive safety, decreases by orders and what a listing owns never do.
    """
    if row.cause in {Cause.SAFETY, Cause.ESCROW}:
        return False
    return row.cause != Cause.ORDERS or row.before is None or row.sent > row.before


def _answer(outcome: Outcome) -> dict[str, object]:
    if isinstance(outcome, Accepted):
        said = outcome.note or None
        return {
            "verdict": Verdict.ACCEPTED.value,
            "code": None,
            "message": said,
            "sent": outcome.sent,
        }
    if isinstance(outcome, Rejected):
        verdict = Verdict.SKIPPED if outcome.skip else Verdict.REJECTED
        return {
            "verdict": verdict.value,
            "code": outcome.code,
            "message": outcome.message,
            "sent": None,
        }
    return {"verdict": Verdict.UNKNOWN.value, "code": None, "message": outcome.reason, "sent": None}


def _publish(connection: Connection, change: Change, place: dict[str, object]) -> None:
    """What was sent is what the channel shows now, as far as we know."""
    sent = f"(SELECT sent FROM change WHERE id = ({_LATEST}))"
    if change.field is Field.PRICE:
        connection.exec_driver_sql(
            f"UPDATE listing SET published_price = COALESCE({sent}, :after), "
            f"published_currency = :currency, published_at = :now WHERE {_OF_LISTING}",
            {**place, "after": change.after, "currency": change.currency},
        )
        return
    listing = f"SELECT id FROM listing WHERE {_OF_LISTING}"
    connection.exec_driver_sql(
        f"UPDATE listing_stock SET published = COALESCE({sent}, :after) "
        f"WHERE listing_id = ({listing}) AND (warehouse_id = :warehouse OR :warehouse = '')",
        {**place, "after": change.after},
    )
    connection.exec_driver_sql(
        f"UPDATE listing SET published_at = :now WHERE {_OF_LISTING}",
        place,
    )


def _attempt(row: Row) -> Attempt:
    return Attempt(
        run=RunId(row.run),
        change=change_of(row),
        sent=row.sent,
        verdict=Verdict(row.verdict),
        intent_at=moment(row.intent_at),
        outcome_at=moment_or_none(row.outcome_at),
        verified_at=moment_or_none(row.verified_at),
        code=row.code,
        message=row.message,
    )

"""The ledger as a whole: how it is opened, and that its parts together keep every promise of the port."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from syncd.ledger.history import HistoryStore
from syncd.ledger.schema import open_current, open_migrated
from syncd.ledger.store_alerts import AlertStore
from syncd.ledger.store_attempts import AttemptStore
from syncd.ledger.store_authorizations import AuthorizationStore
from syncd.ledger.store_bookings import BookingStore
from syncd.ledger.store_drift import DriftStore
from syncd.ledger.store_escrow import EscrowStore
from syncd.ledger.store_inbox import InboxStore
from syncd.ledger.store_listings import ListingStore
from syncd.ledger.store_operator import OperatorStore
from syncd.ledger.store_orders import OrderStore
from syncd.ledger.store_plans import PlanStore
from syncd.ledger.store_runs import RunStore
from syncd.ledger.store_selling import SellingStore
from syncd.ledger.store_service import ServiceStore
from syncd.ledger.store_sources import SourceStore
from syncd.ports.clock import Clock

if TYPE_CHECKING:
    from syncd.ledger.facts import SqlFactStore
    from syncd.ledger.tokens import Keys, SqlTokenStore


class SqlLedger(
    RunStore,
    SourceStore,
    HistoryStore,
    ListingStore,
    OrderStore,
    BookingStore,
    SellingStore,
    PlanStore,
    AttemptStore,
    EscrowStore,
    OperatorStore,
    DriftStore,
    AlertStore,
    ServiceStore,
    InboxStore,
    AuthorizationStore,
):
    """The memory between cycles in one SQLite file; safe to share between threads."""

    def tokens(self, keys: "Keys") -> "SqlTokenStore":
        """Where tokens rest, encrypted with the first of these keys of 32 bytes."""
        # loads OpenSSL and the models, which cost a fifth of a second and most commands never need
        from syncd.ledger.tokens import SqlTokenStore

        return SqlTokenStore(self._database, self._clock, keys)

    def facts(self) -> "SqlFactStore":
        """What connectors learned about their shops."""
        from syncd.ledger.facts import SqlFactStore  # loads the models, see above

        return SqlFactStore(self._database, self._clock)

    def at_one_moment(self) -> AbstractContextManager[None]:
        """All that this thread reads is of the same moment; nothing may be written meanwhile."""
        return self._database.at_one_moment()

    def in_one_step(self) -> AbstractContextManager[None]:
        """All that this thread writes is committed together at the end, or none of it."""
        return self._database.in_one_step()

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_ledger(url: str, clock: Clock) -> SqlLedger:
    """Open a ledger as it is; LedgerOutdated when it is missing or has another schema."""
    return SqlLedger(open_current(url), clock)


def open_ledger_for_writing(url: str, clock: Clock) -> SqlLedger:
    """Open a ledger, making or migrating the file first when that is needed."""
    return SqlLedger(open_migrated(url), clock)

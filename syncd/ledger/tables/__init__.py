"""Every table of the ledger; importing this package fills `SQLModel.metadata`."""

from syncd.ledger.tables.alerts import AlertAddressRow, AlertNoticeRow, AlertRow, BacklogRow
from syncd.ledger.tables.bookings import BookingRow
from syncd.ledger.tables.drift import DriftRow, MoveRow
from syncd.ledger.tables.escrow import EscrowAccountRow, EscrowMoveRow
from syncd.ledger.tables.listings import ChannelStateRow, DirtyRow, ListingRow, ListingStockRow
from syncd.ledger.tables.operator import (
    FactRow,
    LeaseRow,
    LedgerStateRow,
    ParkRow,
    PauseRow,
    TokenRow,
)
from syncd.ledger.tables.orders import OrderCursorRow, OrderLineRow
from syncd.ledger.tables.plans import ApprovalRow, ChangeRow, PlanLineRow, PlanRow
from syncd.ledger.tables.service import RequestRow, ServiceRow
from syncd.ledger.tables.sources import (
    AcceptanceRow,
    ChannelRow,
    ItemRow,
    LocationRow,
    MovementRow,
    PositionRow,
    RejectRow,
    RunRow,
    SnapshotRow,
    SourceRow,
    SourceStateRow,
)
from syncd.ledger.tables.web import DeliveryRow, OAuthStateRow

__all__ = [
    "AcceptanceRow",
    "AlertAddressRow",
    "AlertNoticeRow",
    "AlertRow",
    "ApprovalRow",
    "BacklogRow",
    "BookingRow",
    "ChangeRow",
    "ChannelRow",
    "ChannelStateRow",
    "DeliveryRow",
    "DirtyRow",
    "DriftRow",
    "EscrowAccountRow",
    "EscrowMoveRow",
    "FactRow",
    "ItemRow",
    "LeaseRow",
    "LedgerStateRow",
    "ListingRow",
    "ListingStockRow",
    "LocationRow",
    "MoveRow",
    "MovementRow",
    "OAuthStateRow",
    "OrderCursorRow",
    "OrderLineRow",
    "ParkRow",
    "PauseRow",
    "PlanLineRow",
    "PlanRow",
    "PositionRow",
    "RejectRow",
    "RequestRow",
    "RunRow",
    "ServiceRow",
    "SnapshotRow",
    "SourceRow",
    "SourceStateRow",
    "TokenRow",
]

"""Every table of the ledger; importing this package fills `SQLModel.metadata`."""

from syncd.ledger.tables.alerts import AlertAddressRow, AlertNoticeRow, AlertRow, BacklogRow
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

__all__ = [
    "AcceptanceRow",
    "AlertAddressRow",
    "AlertNoticeRow",
    "AlertRow",
    "ApprovalRow",
    "BacklogRow",
    "ChangeRow",
    "ChannelRow",
    "ChannelStateRow",
    "DirtyRow",
    "FactRow",
    "ItemRow",
    "LeaseRow",
    "LedgerStateRow",
    "ListingRow",
    "ListingStockRow",
    "LocationRow",
    "MovementRow",
    "OrderCursorRow",
    "OrderLineRow",
    "ParkRow",
    "PauseRow",
    "PlanLineRow",
    "PlanRow",
    "PositionRow",
    "RejectRow",
    "RunRow",
    "SnapshotRow",
    "SourceRow",
    "SourceStateRow",
    "TokenRow",
]

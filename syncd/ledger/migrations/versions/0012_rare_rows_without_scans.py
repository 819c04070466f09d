"""Rare rows found without reading all of their table: orders cancelled for want of stock, stock below zero

A receiver's webhooks are told when they came and when they were handled by their index alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "order_line_out_of_stock",
        "order_line",
        ["channel_id"],
        sqlite_where=sa.text("out_of_stock"),
    )
    op.create_index(
        "position_below_zero", "position", ["location_id"], sqlite_where=sa.text("quantity < 0")
    )
    op.drop_index("delivery_of_receiver", table_name="delivery")
    op.create_index(
        "delivery_of_receiver", "delivery", ["receiver", "received_at", "handled_at", "sent_at"]
    )

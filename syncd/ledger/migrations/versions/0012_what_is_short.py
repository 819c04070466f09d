"""Readings below zero and orders cancelled for want of stock, found without a look at all others"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "position_below_zero", "position", ["item_id"], sqlite_where=sa.text("quantity < 0")
    )
    op.create_index(
        "order_line_out_of_stock",
        "order_line",
        ["channel_id"],
        sqlite_where=sa.text("out_of_stock"),
    )

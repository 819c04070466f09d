"""What an adaptive safety stock withholds of a listing; sales of a SKU and webhooks of a receiver by time"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("listing", sa.Column("safety", sa.Integer(), nullable=True))
    op.add_column("listing", sa.Column("safety_until", sa.Integer(), nullable=True))
    op.create_index(
        "listing_safety",
        "listing",
        ["channel_id", "safety_until"],
        sqlite_where=sa.text("safety_until IS NOT NULL"),
    )
    op.drop_index("order_line_by_sku", table_name="order_line")
    op.create_index("order_line_of_sku", "order_line", ["sku", "created_at"])
    op.create_index("order_line_by_creation", "order_line", ["created_at"])
    op.create_index("delivery_of_receiver", "delivery", ["receiver", "received_at"])

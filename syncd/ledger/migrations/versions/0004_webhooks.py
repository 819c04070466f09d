"""What comes in over the web: webhook deliveries, and the states of authorize links"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("notification", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("sent_at", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.Integer(), nullable=False),
        sa.Column("hints", sa.String(), nullable=False),
        sa.Column("handled_at", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("receiver", "notification"),
    )
    op.create_index("ix_delivery_received_at", "delivery", ["received_at"])
    op.create_index(
        "delivery_event", "delivery", ["receiver", "event"], sqlite_where=sa.text("event <> ''")
    )
    op.create_index(
        "delivery_waiting",
        "delivery",
        ["receiver", "id"],
        sqlite_where=sa.text("handled_at IS NULL"),
    )
    op.create_table(
        "oauth_state",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.Integer(), nullable=True),
        sa.Column("connected", sa.Boolean(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"]),
        sa.PrimaryKeyConstraint("digest"),
    )

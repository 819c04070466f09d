"""Bookings: what is written into sources for order lines, and how far lines and sources have come with it"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "booking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("stored_at", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.Integer(), nullable=True),
        sa.Column("mark", sa.Integer(), nullable=True),
        sa.Column("contained", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"]),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"]),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint(
            "channel_id", "order_id", "line_id", "item_id", "location_id", "effect"
        ),
    )
    op.create_index("ix_booking_item_id", "booking", ["item_id"])
    for name, columns, where in (
        ("booking_waiting", ["channel_id", "due_at"], "state IN ('new', 'sent', 'unknown')"),
        ("booking_open", ["state"], "state NOT IN ('done', 'dropped')"),
        ("booking_to_contain", ["location_id"], "state = 'done' AND NOT contained"),
        (
            "booking_in_play",
            ["channel_id", "order_id", "line_id"],
            "effect = 'deduct' AND state <> 'dropped' AND NOT contained",
        ),
    ):
        op.create_index(name, "booking", columns, sqlite_where=sa.text(where))

    op.add_column("source_state", sa.Column("written_since", sa.Integer(), nullable=True))
    op.add_column(
        "source_state",
        sa.Column("confirmations", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )

    op.add_column(
        "order_line",
        sa.Column("booking_step", sa.Integer(), nullable=False, server_default=sa.text("2")),
    )
    op.add_column(
        "order_line",
        sa.Column("written", sa.Boolean(), nullable=False, server_default=sa.text("0")),
    )
    op.drop_index("ix_order_line_left_at", "order_line")
    op.create_index(
        "order_line_in_play",
        "order_line",
        ["left_at"],
        sqlite_where=sa.text(
            "NOT platform_fulfilled AND NOT (state = 'CANCELLED' AND left_at IS NULL) AND NOT written"
        ),
    )
    op.create_index(
        "order_line_to_book",
        "order_line",
        ["channel_id", "left_at"],
        sqlite_where=sa.text("booking_step > 0"),
    )

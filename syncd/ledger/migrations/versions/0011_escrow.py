"""Escrow: what each listing owns, the moves of its units, and which order lines were sold from them"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "escrow_account",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.String(), nullable=False),
        sa.Column("listing_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("need", sa.Integer(), nullable=False),
        sa.Column("booked", sa.Boolean(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("exposed", sa.Integer(), nullable=False),
        sa.Column("lands_until", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.Integer(), nullable=True),
        sa.Column("zero_at", sa.Integer(), nullable=True),
        sa.Column("lowered_from", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"]),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"]),
        sa.PrimaryKeyConstraint("channel_id", "product_id", "listing_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_escrow_account_item_id", "escrow_account", ["item_id"])
    op.create_table(
        "escrow_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.String(), nullable=False),
        sa.Column("listing_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=True),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("stored_at", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"]),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"]),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_escrow_move_item_id", "escrow_move", ["item_id"])
    op.create_index(
        "escrow_move_open", "escrow_move", ["channel_id"], sqlite_where=sa.text("ended_at IS NULL")
    )

    op.add_column("booking", sa.Column("quantity_after", sa.Integer(), nullable=True))
    op.create_index(
        "booking_of_moves",
        "booking",
        ["item_id"],
        sqlite_where=sa.text("order_id = '' AND NOT contained"),
    )
    op.add_column(
        "order_line",
        sa.Column("own", sa.Boolean(), nullable=False, server_default=sa.text("0")),
    )
    op.add_column("order_line", sa.Column("given_up_at", sa.Integer(), nullable=True))
    op.create_index(
        "order_line_own",
        "order_line",
        ["channel_id", "product_id", "listing_id"],
        sqlite_where=sa.text("own"),
    )

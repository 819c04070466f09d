"""Items know whether a source ever named them, and three questions of every cycle get an index"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "item", sa.Column("sourced", sa.Boolean(), nullable=False, server_default=sa.text("0"))
    )
    op.execute("UPDATE item SET sourced = 1 WHERE id IN (SELECT item_id FROM position)")
    op.create_index("item_unsourced", "item", ["id"], sqlite_where=sa.text("NOT sourced"))
    op.create_index(
        "listing_alive",
        "listing",
        ["channel_id", "item_id"],
        sqlite_where=sa.text("status <> 'gone'"),
    )
    op.create_index(
        "position_counted",
        "position",
        ["counted_at"],
        sqlite_where=sa.text("counted_at IS NOT NULL"),
    )

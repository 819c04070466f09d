"""The running service and what other processes ask of it; in which form rows of a source were read"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("boot_id", sa.String(), nullable=False),
        sa.Column("started_at", sa.Integer(), nullable=False),
        sa.Column("beat_at", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("channels", sa.String(), nullable=False),
        sa.Column("skus", sa.String(), nullable=False),
        sa.Column("asked_at", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.Integer(), nullable=True),
        sa.Column("run", sa.String(), nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("source_state", sa.Column("form", sa.String(), nullable=True))
    op.create_index("request_open", "request", ["id"], sqlite_where=sa.text("answered_at IS NULL"))

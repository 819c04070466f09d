"""Sources that can be asked for changes only: when all was read, and from when on changes are asked"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("source_state", sa.Column("full_at", sa.Integer(), nullable=True))
    op.add_column("source_state", sa.Column("watermark", sa.Integer(), nullable=True))
    op.add_column("source_state", sa.Column("scope", sa.String(), nullable=True))

"""Of every write is kept whether the shop said that it took it: one that never arrived nobody overwrote.

Of those before this it is not known, so they count as never taken unless they were read back.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "change",
        sa.Column("acknowledged", sa.Boolean(), nullable=False, server_default=sa.text("0")),
    )

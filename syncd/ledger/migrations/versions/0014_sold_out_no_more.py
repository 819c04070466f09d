"""Why a person said that there are units again after an order was cancelled for want of stock"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_line", sa.Column("restocked", sa.String(), nullable=True))

"""When a line was cancelled for want of stock, and why a person said that there are units again"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_line", sa.Column("sold_out_at", sa.Integer(), nullable=True))
    op.add_column("order_line", sa.Column("restocked", sa.String(), nullable=True))
    op.execute("UPDATE order_line SET sold_out_at = updated_at WHERE out_of_stock")

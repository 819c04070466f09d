"""How Alembic reaches the ledger: through the connection `schema.migrate` hands over, never by itself."""

from alembic import context
from sqlmodel import SQLModel

import syncd.ledger.tables  # noqa: F401 - fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transactional_ddl=True,
    transaction_per_migration=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

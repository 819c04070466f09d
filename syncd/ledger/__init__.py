"""The memory between cycles: the only place in syncd that knows SQL, SQLModel and Alembic."""

from syncd.ledger.store import SqlLedger, open_ledger, open_ledger_for_writing

__all__ = ["SqlLedger", "open_ledger", "open_ledger_for_writing"]

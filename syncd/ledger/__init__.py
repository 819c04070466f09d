"""The memory between cycles: the only place in syncd that knows SQL, SQLModel and Alembic."""

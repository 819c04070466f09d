"""What the doctor says of a PostgreSQL user: whether it could write, and how to make one that cannot."""

# ruff: noqa: S608 - statements are put together from constants only

from typing import Any

from psycopg import Connection

from syncd.ports.probe import Check, Verdict

_WHO = (
    "SELECT current_setting('server_version'), current_user, rolsuper::text, current_database() "
    "FROM pg_catalog.pg_roles WHERE rolname = current_user"
)
_OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
_WRITABLE = (
    "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    f"WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OURS} "
    "AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') ORDER BY 1"
)
_FILLABLE = (
    f"SELECT format('schema %I', n.nspname) FROM pg_catalog.pg_namespace n WHERE {_OURS} "
    "AND has_schema_privilege(n.oid, 'CREATE') ORDER BY 1"
)
_HELP = (
    "read as a user that can only read: CREATE ROLE syncd_reader LOGIN PASSWORD '…'; "
    "GRANT CONNECT ON DATABASE {database} TO syncd_reader; GRANT USAGE ON SCHEMA … TO syncd_reader; "
    "GRANT SELECT ON … TO syncd_reader; ALTER ROLE syncd_reader SET default_transaction_read_only = on"
)


def rights(driver: Connection[tuple[Any, ...]]) -> tuple[Check, ...]:
    """Version and user; a warning when the user could write somewhere."""
    ((version, user, is_super, database),) = driver.execute(_WHO).fetchall()
    served = Check(text=f"PostgreSQL {version}, read as {user}")
    found = [name for query in (_WRITABLE, _FILLABLE) for (name,) in driver.execute(query)]
    if is_super == "true":
        reason = f"the user {user} is a superuser"
    elif found:
        reason = f"the user {user} could write to {found[0]}"
        reason += f" and {len(found) - 1} more" if len(found) > 1 else ""
    else:
        return (served, Check(text=f"the user {user} can only read"))
    return (
        served,
        Check(text=reason, verdict=Verdict.WARN, help=_HELP.format(database=database)),
    )

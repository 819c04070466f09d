"""What the doctor says of a MySQL or MariaDB user: whether it could write, and how to make one that cannot."""

import re
from collections.abc import Iterable
from typing import Any

from pymysql import Connection

from syncd.ports.probe import Check, Verdict

_READING = {
    "USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "PROCESS", "EXECUTE", "REPLICATION CLIENT",
    "BINLOG MONITOR", "SLAVE MONITOR", "PROXY",
}  # fmt: skip
_GRANT = re.compile(r"GRANT (.+?) ON (.+?) TO ")
_COLUMNS = re.compile(r"\s*\([^)]*\)")
_HELP = (
    "read as a user that can only read: CREATE USER syncd_reader IDENTIFIED BY '…'; "
    "GRANT SELECT ON {database}.… TO syncd_reader"
)


def rights(driver: "Connection[Any]", database: str) -> tuple[Check, ...]:
    """Version and user; a warning when the user could write somewhere."""
    with driver.cursor() as cursor:
        cursor.execute("SELECT VERSION(), CURRENT_USER()")
        ((version, user),) = cursor.fetchall()
        cursor.execute("SHOW GRANTS")
        # Lines may hold the hash of a password: only privileges and objects are ever shown.
        found = sorted(writing(str(line[0]) for line in cursor.fetchall()))
    served = Check(text=f"{'' if 'Maria' in version else 'MySQL '}{version}, read as {user}")
    if not found:
        return (served, Check(text=f"the user {user} can only read"))
    text = f"the user {user} could write: {', '.join(found[:5])}{' …' if len(found) > 5 else ''}"  # noqa: PLR2004 - enough to see
    return (
        served,
        Check(text=text, verdict=Verdict.WARN, help=_HELP.format(database=database)),
    )


def writing(grants: Iterable[str]) -> set[str]:
    """Every privilege that is more than reading, with what it is on."""
    found = set()
    for line in grants:
        match = _GRANT.match(line)
        if match is None:
            continue
        for privilege in _COLUMNS.sub("", match[1]).split(","):
            if privilege.strip().upper() not in _READING:
                found.add(f"{privilege.strip()} on {match[2].replace('`', '')}")
    return found

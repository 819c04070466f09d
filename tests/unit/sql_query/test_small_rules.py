"""Rights as servers write them, wall clocks, the newest of times, and what is loaded when."""

import subprocess
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.sql_query.mysql_rights import writing
from connectors.sql_query.newest import Newest, wall_clock


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        ("GRANT USAGE ON *.* TO `r`@`%` IDENTIFIED BY PASSWORD '*ABC'", set()),
        ("GRANT SELECT, SHOW VIEW ON `erp`.* TO `r`@`%`", set()),
        ("GRANT SELECT (`a`, `b`) ON `erp`.`t` TO `r`@`%`", set()),
        ("GRANT `reading` TO `r`@`%`", set()),
        ("GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION", {"ALL PRIVILEGES on *.*"}),
        ("GRANT SELECT, FILE ON *.* TO `r`@`%`", {"FILE on *.*"}),
        (
            "GRANT SELECT (`a`), UPDATE (`a`, `b`), INSERT ON `erp`.`t` TO `r`@`%`",
            {"UPDATE on erp.t", "INSERT on erp.t"},
        ),
    ],
)
def test_rights_that_are_more_than_reading_are_found(grant: str, expected: set[str]) -> None:
    assert expected == writing([grant])


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "2026-07-15T12:00:00+00:00"),
        ("Europe/Berlin", "2026-07-15T13:00:00+01:00"),
        ("America/St_Johns", "2026-07-15T08:30:00-03:30"),
        ("Australia/Lord_Howe", "2026-07-15T22:30:00+10:30"),
        ("Asia/Kolkata", "2026-07-15T17:30:00+05:30"),
    ],
)
def test_a_wall_clock_has_the_offset_of_winter(zone: str, expected: str) -> None:
    moment = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)

    assert expected == wall_clock(moment, ZoneInfo(zone)).isoformat()


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        (["2026-01-01 10:00:00.5+00", "2026-01-01 10:00:00+00"], "10:00:00.500000"),
        (["2026-01-01T12:00:00+01:00", "2026-01-01T10:30:00Z"], "11:00:00"),
        (["2026-01-01 12:00:00", "2026-01-01T10:30:00Z"], "11:00:00"),
        (["", "2026-01-01 12:00:00", "infinity", "0000-00-00 00:00:00"], "11:00:00"),
    ],
)
def test_the_newest_time_is_found_however_times_are_written(
    batch: list[str], expected: str
) -> None:
    newest = Newest(ZoneInfo("Europe/Berlin"))

    newest.see([])
    newest.see(batch)

    assert newest.moment is not None
    assert expected == newest.moment.time().isoformat()


def test_absent_and_unreadable_times_are_counted() -> None:
    newest = Newest(None)

    newest.see(["", "", "infinity"])

    assert newest.moment is None
    assert (
        "rows without updated_at: 2; rows whose updated_at is no ISO 8601 time: 1; "
        "only a full reading sees their changes" == newest.note
    )


OPENED = """
import sys
from pathlib import Path
from pydantic import SecretStr
from connectors.sql_query.factory import FACTORY
from connectors.sql_query.options import SqlQueryOptions

class Given:
    pass

for scheme in ("postgresql", "mysql"):
    Given.secret = lambda self, reference: SecretStr(scheme + "://user@host/erp")
    options = SqlQueryOptions(url={"credential": "x"}, query="SELECT 1 AS sku, 2 AS quantity")
    FACTORY.open("erp", options, folder=Path(), credentials=Given(), clock=None)
print([name for name in ("psycopg", "pymysql") if name in sys.modules])
"""


def test_no_driver_is_loaded_before_a_database_is_asked() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPENED], capture_output=True, text=True, check=True
    )

    assert "[]\n" == done.stdout

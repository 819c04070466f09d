"""The installed program, as an operator types it."""

import json
import signal
import sqlite3
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.process.conftest import SYNCD, Shopkeeper
from tests.process.daemons import shows, until

ALL = {f"S{number:03}": 10 for number in range(50)}


def channel(document: dict[str, object]) -> dict[str, object]:
    channels = document["channels"]
    assert isinstance(channels, list)
    first: dict[str, object] = channels[0]
    return first


def test_a_first_hour(keeper: Shopkeeper) -> None:
    keeper.stock({**ALL, "S001": 3, "S002": 12})

    planned = keeper.report("plan")
    untouched = keeper.shown()
    applied = keeper.report("apply")
    again = keeper.report("apply")

    assert ("changed", 10) == (planned["status"], untouched["S001"])
    assert "changed" == applied["status"]
    assert (3, 12) == (keeper.shown()["S001"], keeper.shown()["S002"])
    assert "clean" == again["status"]
    assert 1 == applied["schema"]
    explained = keeper.syncd("explain", "S001")
    assert 0 == explained.returncode
    assert "stock.csv:3" in explained.stdout


def test_observe_sends_nothing_and_names_the_line(keeper: Shopkeeper) -> None:
    path = keeper.folder / "syncd.yaml"
    path.write_text(path.read_text().replace("mode: apply", "mode: observe"))

    done = keeper.syncd("apply")

    assert 2 == done.returncode
    assert "syncd.yaml:1: mode is observe" in done.stderr


def test_a_wrong_key_is_named_with_its_place(keeper: Shopkeeper) -> None:
    path = keeper.folder / "syncd.yaml"
    path.write_text(path.read_text().replace("app_key:", "app_kye:"))

    done = keeper.syncd("check-config")

    assert 2 == done.returncode
    assert "syncd.yaml:9:5" in done.stderr
    assert "app_key" in done.stderr


def test_a_truncated_file_is_refused_and_changes_nothing(keeper: Shopkeeper) -> None:
    keeper.stock(ALL)
    keeper.syncd("apply")
    path = keeper.folder / "stock.csv"
    path.write_text(path.read_text().replace(",10", ",4")[:-40])

    done = keeper.report("apply")

    sources = done["sources"]
    assert isinstance(sources, list)
    assert "invalid" == sources[0]["state"]
    assert "held" == done["status"]
    assert {10} == set(keeper.shown().values())


def test_a_shrunken_file_is_taken_once_when_accepted(keeper: Shopkeeper) -> None:
    keeper.stock(ALL)
    keeper.syncd("apply")
    keeper.stock({f"S{number:03}": 10 for number in range(30)})
    refused = keeper.report("ingest")
    sources = refused["sources"]
    assert isinstance(sources, list)

    unsaid = keeper.syncd("ingest", "stock", "--accept", sources[0]["fingerprint"])
    taken = keeper.syncd(
        "ingest", "stock", "--accept", sources[0]["fingerprint"], "--reason", "season is over"
    )

    assert "held" == refused["status"]
    assert 2 == unsaid.returncode
    assert 0 == taken.returncode, taken.stdout + taken.stderr


def test_a_file_that_lowers_forty_percent_is_held_shown_and_released(keeper: Shopkeeper) -> None:
    keeper.stock(ALL)
    keeper.syncd("apply")
    keeper.stock({**ALL, **{f"S{number:03}": 4 for number in range(20)}})

    held = keeper.syncd("apply")
    document = keeper.report("report")
    digest = channel(document)["plan"]
    assert isinstance(digest, str)
    released = keeper.syncd("release", "shop", digest, "--reason", "stocktake")
    applied = keeper.syncd("apply")

    assert 3 == held.returncode
    assert f"syncd release shop {digest}" in held.stdout
    assert 0 == released.returncode
    assert 0 == applied.returncode, applied.stdout
    assert 4 == keeper.shown()["S000"]


def test_a_held_plan_may_be_released_and_applied_in_one_go(keeper: Shopkeeper) -> None:
    keeper.stock(dict.fromkeys(ALL, 7))
    held = channel(keeper.report("plan"))

    done = keeper.syncd("apply", "--plan", str(held["plan"]), "--reason", "first contact")

    assert 0 == done.returncode, done.stdout + done.stderr
    assert {7} == set(keeper.shown().values())


def test_a_second_writer_is_refused_and_told_the_pid(keeper: Shopkeeper) -> None:
    keeper.stock({**ALL, "S001": 3})
    keeper.control.post("settings", latency=1.0)
    first = keeper.start("apply")
    try:
        for _ in range(100):
            document = json.loads(keeper.syncd("status", "--json").stdout or "{}")
            if document and document["channels"][0]["writer_pid"] is not None:
                break
        second = keeper.syncd("apply", "--json")
    finally:
        out, err = first.communicate(timeout=120)

    assert 5 == second.returncode
    assert str(first.pid) in second.stdout
    assert 0 == first.returncode, out + err


def test_the_daemon_runs_both_jobs_and_leaves_cleanly_on_sigterm(keeper: Shopkeeper) -> None:
    keeper.stock({**ALL, "S001": 3})
    daemon = keeper.start("run")
    try:
        until(shows(keeper, "S001", 3), "S001 shows 3")
        daemon.send_signal(signal.SIGTERM)
    finally:
        _, err = daemon.communicate(timeout=60)

    assert 3 == keeper.shown()["S001"]
    assert 0 == daemon.returncode, err
    assert "stopped" in err


def test_no_secret_and_no_buyer_is_written_anywhere(keeper: Shopkeeper) -> None:
    keeper.stock({**ALL, "S001": 3})
    keeper.control.post("orders", seller_sku="S005", units=2, status="AWAITING_SHIPMENT")
    state = keeper.control.get("state")
    assert state
    outputs = [keeper.syncd(*words) for words in (("-v", "apply"), ("status",), ("report",))]
    outputs.append(keeper.syncd("report", "--format", "html"))

    written = "".join(done.stdout + done.stderr for done in outputs).encode()
    for path in keeper.folder.glob("ledger.db*"):
        if not path.name.endswith(".key"):
            written += path.read_bytes()

    assert keeper.shop["app_secret"].encode() not in written
    for word in (b"Buyer", b"buyer_email", b"@example", b"recipient", b"phone_number"):
        assert word not in written
    tokens = sqlite3.connect(keeper.folder / "ledger.db").execute("select * from token").fetchall()
    assert tokens
    assert b"TTP_" not in repr(tokens).encode()
    assert 0o600 == (keeper.folder / "ledger.db").stat().st_mode & 0o777


def test_pause_park_and_their_opposites(keeper: Shopkeeper) -> None:
    keeper.stock({**ALL, "S001": 3, "S002": 3})
    keeper.syncd("pause", "shop", "--reason", "stocktake")
    paused = keeper.report("apply")
    keeper.syncd("resume", "shop")
    keeper.syncd("plan")
    keeper.syncd("park", "S001", "--reason", "photo shoot")
    keeper.syncd("apply")
    parked = keeper.shown()
    keeper.syncd("unpark", "S001")
    keeper.syncd("apply")

    assert "paused" == channel(paused)["state"]
    assert (10, 3) == (parked["S001"], parked["S002"])
    assert 3 == keeper.shown()["S001"]


def test_listings_show_what_is_unmapped_and_propose_an_alias(keeper: Shopkeeper) -> None:
    keeper.stock({"s001": 3, "S002": 10, "NEW": 1})
    keeper.syncd("plan")

    document = json.loads(keeper.syncd("listings", "--json").stdout)

    assert [("S001", "s001", "S001,s001")] == [
        (miss["seller_sku"], miss["sku"], miss["alias"]) for miss in document["near_misses"]
    ]
    kinds = {row["sku"] or row["seller_sku"]: row["kind"] for row in document["rows"]}
    assert ("mapped", "unlisted", "unmapped") == (kinds["S002"], kinds["NEW"], kinds["S003"])


def test_history_knows_movements_orders_and_pushes(keeper: Shopkeeper) -> None:
    keeper.stock(ALL)
    keeper.syncd("apply")
    keeper.control.post("orders", seller_sku="S001", units=1, status="AWAITING_SHIPMENT")
    keeper.stock({**ALL, "S001": 5})
    keeper.syncd("apply")

    document = json.loads(keeper.syncd("history", "S001", "--json").stdout)

    kinds = {row["kind"] for row in document["rows"]}
    assert {"quantity", "order", "push quantity"} <= kinds


def test_history_at_a_time_shows_what_was_known_then_and_nothing_later(keeper: Shopkeeper) -> None:
    keeper.stock(ALL)
    first = keeper.report("ingest")
    keeper.stock({**ALL, "S001": 5})
    keeper.syncd("ingest")
    then = str(first["finished_at"])

    document = json.loads(keeper.syncd("history", "S001", "--at", then, "--json").stdout)
    now = json.loads(keeper.syncd("history", "S001", "--json").stdout)

    assert ["10"] == [line["value"] for line in document["positions"]]
    assert ["10"] == [row["after"] for row in document["rows"]]
    assert ["5", "10"] == [row["after"] for row in now["rows"]]


def test_history_at_takes_a_time_in_the_configured_timezone(keeper: Shopkeeper) -> None:
    path = keeper.folder / "syncd.yaml"
    path.write_text("timezone: Asia/Tokyo\n" + path.read_text())
    keeper.stock(ALL)
    keeper.syncd("ingest")
    in_an_hour = datetime.now(ZoneInfo("Asia/Tokyo")) + timedelta(hours=1)
    an_hour_ago = in_an_hour - timedelta(hours=2)

    after = keeper.syncd("history", "S001", "--at", f"{in_an_hour:%Y-%m-%d %H:%M}", "--json")
    before = keeper.syncd("history", "S001", "--at", f"{an_hour_ago:%Y-%m-%d %H:%M}", "--json")

    assert (1, 0) == (len(json.loads(after.stdout)["rows"]), len(json.loads(before.stdout)["rows"]))


def test_usage_errors_say_what_to_type(keeper: Shopkeeper) -> None:
    cases = {
        ("plan", "shpo"): "did you mean shop?",
        ("apply", "--plan", "sha256:0"): "--reason",
        ("release", "shop", "sha256:abcdef12", "--reason", "x"): "no saved plan",
        ("report", "--format", "pdf"): "none of text, json, csv, html",
        ("park", "NOPE"): "knows the SKU",
        ("history", "S001", "--at", "noon"): "write it like 2026-11-23 18:36",
    }

    for words, expected in cases.items():
        done = keeper.syncd(*words)
        assert 2 == done.returncode, words
        assert expected in done.stderr, (words, done.stderr)


def test_init_writes_a_starter_that_is_valid_and_never_overwrites(tmp_path: Path) -> None:
    first = subprocess.run(
        [SYNCD, "init"], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    second = subprocess.run(
        [SYNCD, "init"], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    checked = subprocess.run(
        [SYNCD, "check-config"], cwd=tmp_path, check=False, capture_output=True, text=True
    )

    assert 0 == first.returncode, first.stderr
    assert 2 == second.returncode
    assert 0 == checked.returncode, checked.stderr
    assert "mode: observe" in (tmp_path / "config/syncd.yaml").read_text()


def test_looking_without_a_ledger_says_what_to_run(keeper: Shopkeeper) -> None:
    for path in keeper.folder.glob("ledger.db*"):
        path.unlink()

    done = keeper.syncd("status")

    assert 1 == done.returncode
    assert "syncd ingest" in done.stderr


def test_a_deleted_ledger_with_fifty_open_orders_oversells_nothing(keeper: Shopkeeper) -> None:
    keeper.stock(dict.fromkeys(ALL, 10))
    keeper.syncd("apply")
    for sku in ALL:
        keeper.control.post("orders", seller_sku=sku, units=1, status="AWAITING_SHIPMENT", age=3e6)
    tokens = sqlite3.connect(keeper.folder / "ledger.db").execute("select * from token").fetchall()
    assert tokens
    for path in keeper.folder.glob("ledger.db*"):
        path.unlink()
    code = keeper.control.post("auth_code")["auth_code"]
    keeper.syncd("connect", "shop", "--auth-code", str(code))

    done = keeper.syncd("apply")

    assert 0 == done.returncode, done.stdout + done.stderr
    assert {9} == set(keeper.shown().values())

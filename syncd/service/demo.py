"""`syncd demo`: the real commands on sample data, against shops simulated on loopback over real HTTP."""

import json
import logging
import tempfile
import threading
from datetime import UTC, timedelta
from pathlib import Path

from rich.text import Text

from syncd.domain.report import ExitCode
from syncd.service.demo_stage import SHOPIFY, TIKTOK, Command, Stage, opened_stage
from syncd.service.schedule import Schedule

SLOW_SHOP = 30.0
"""Requests per second the demo's shop allows: low enough that throttling is seen."""
LONGEST_CYCLE = 60.0
SOURCES = ("warehouse", "erp", "webshop")
STORE = "Shopify Store"
"""A location of the simulated Shopify shop."""
SUMMED = "MUG-007"
"""In the warehouse's file and in the Shopify shop."""
DEARER = ("CANDLE-02-FIG", "14.50")
"""An article that gets a new price."""


def demo(keep: Path | None, command: Command) -> ExitCode:
    """Play every scene; the folder with the ledger and the report is kept and named at the end."""
    logging.getLogger("syncd").setLevel(logging.ERROR)
    folder = keep or Path(tempfile.mkdtemp(prefix="syncd-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    with opened_stage(folder, command, SLOW_SHOP) as stage:
        codes = [scene(stage) for scene in SCENES]
    return ExitCode.DONE if all(codes) else ExitCode.UNEXPECTED


def _introduce(stage: Stage) -> bool:
    stage.act("Three sources, and a TikTok Shop that does not agree with them")
    shop = stage.shops[TIKTOK]
    stage.say(
        f"warehouse  stock.csv: two warehouses, some rows wrong on purpose\n"
        f"erp        an SQLite database: prices and costs\n"
        f"webshop    a Shopify shop at {stage.shops[SHOPIFY]['url']}: what its store has on the shelf\n"
        f"Both shops are simulated on this machine. TikTok Shop, at {shop['url']}, checks signatures and "
        f"refuses more than {SLOW_SHOP:.0f} requests per second."
    )
    # Shops and databases have always just changed; what changed with everything else says nothing new.
    stage.happens(SHOPIFY, "sell", sku="TEE-GREEN-S", location=STORE, units=1)
    stage.change_price("SOCK-6PK", "25.49")
    stage.quietly("connect", "tiktok-demo", "--auth-code", shop["auth_code"])
    return True


def _doctor(stage: Stage) -> bool:
    stage.act("Doctor: is everything reached, and what is there? (the gist of what it says)")
    stage.type("doctor", *SOURCES)
    findings = json.loads(stage.quietly("doctor", *SOURCES, "--json"))["findings"]
    told: set[str] = set()
    for finding in findings:
        if finding["name"] not in told or finding["help"]:
            line = f"{finding['verdict']:4} {finding['name']}: {finding['text']}"
            stage.console.print(Text(line))
        told.add(finding["name"])
    stage.say("It also shows samples, every bad row, clocks, permissions and what a reading costs.")
    return all(finding["ok"] for finding in findings)


def _plan(stage: Stage) -> bool:
    stage.act("Plan: read the sources, ask the shop, show the difference; nothing is changed")
    return stage.run("plan") == ExitCode.PARTIAL


def _apply(stage: Stage) -> bool:
    stage.act("Apply: send it at the shop's pace, read back every value")
    report = json.loads(stage.quietly("report", "--json"))
    digest = report["channels"][0]["plan"]
    stage.say(
        "First contact differs in more listings than the limits allow, so a person must look: the plan "
        "above is released by its digest."
    )
    code = stage.run("apply", "--plan", digest, "--reason", "reviewed, first contact")
    return code == ExitCode.PARTIAL


def _explain(stage: Stage) -> bool:
    stage.act("Explain: why a number is what it is")
    return stage.run("explain", SUMMED) == ExitCode.DONE


def _scheduled(stage: Stage) -> bool:
    stage.act("A second cycle, started by the scheduler, finds nothing to do")
    done = threading.Event()
    codes: list[int] = []

    def job() -> None:
        if not done.is_set():
            codes.append(stage.run("apply"))
            done.set()

    schedule = Schedule(UTC)
    schedule.every("cycle", timedelta(minutes=1), job)
    schedule.start()
    finished = done.wait(LONGEST_CYCLE)
    schedule.stop()
    return finished and codes == [ExitCode.PARTIAL]


def _changed(stage: Stage) -> bool:
    stage.act("The store sells three mugs, and a candle gets dearer: only what changed is read")
    stage.happens(SHOPIFY, "sell", sku=SUMMED, location=STORE, units=3)
    stage.change_price(*DEARER)
    return stage.run("apply") == ExitCode.PARTIAL


def _truncated(stage: Stage) -> bool:
    stage.act("A truncated file is refused whole; the last good one stays in force")
    path = stage.stock_file
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    code = stage.run("ingest", "warehouse")
    path.write_bytes(whole)
    return code == ExitCode.HELD


def _ordered(stage: Stage) -> bool:
    stage.act("A buyer orders two kits on TikTok Shop: the parts' own listings go down")
    stage.happens(TIKTOK, "orders", seller_sku="KIT-2", units=2)
    return stage.run("apply") == ExitCode.PARTIAL


def _report(stage: Stage) -> bool:
    page = stage.folder / "report.html"
    page.write_text(stage.quietly("report", "--format", "html"), encoding="utf-8")
    (stage.folder / "report.json").write_text(stage.quietly("report", "--json"), encoding="utf-8")
    stage.act("Where everything is")
    for name, text in (
        ("report", f"{page}  (also report.json)"),
        ("mapping", str(stage.folder / "syncd.yaml")),
        ("ledger", str(stage.folder / "ledger.db")),
    ):
        stage.console.print(Text(f"{name:8} {text}"), soft_wrap=True)
    stage.say("Your own: syncd init, then edit config/syncd.yaml, syncd check-config, syncd plan.")
    return True


SCENES = (
    _introduce, _doctor, _plan, _apply, _explain, _scheduled, _changed, _truncated, _ordered, _report,
)  # fmt: skip

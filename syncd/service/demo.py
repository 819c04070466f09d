"""`syncd demo`: the real commands on sample data, against a shop simulated on loopback over real HTTP."""

import csv
import json
import logging
import os
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, timedelta
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from syncd.domain.report import ExitCode
from syncd.ports import SandboxOptions
from syncd.service.schedule import Schedule
from syncd.service.wiring import sandbox_factories

KIND = "tiktok_shop"
SLOW_SHOP = 16.0
"""Requests per second the demo's shop allows: low enough that throttling is seen."""
LONGEST_CYCLE = 60.0


Command = Callable[[Sequence[str]], int]
"""The command line itself: arguments in, exit code out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the demo plays: its folder, its console, the shop's control address."""

    folder: Path
    console: Console
    control: str
    command: Command

    def say(self, text: str) -> None:
        """A remark of the narrator."""
        self.console.print(Text(text, style="italic"))

    def act(self, title: str) -> None:
        """A new scene."""
        self.console.print()
        self.console.print(Rule(Text(title, style="bold"), align="left"))

    def run(self, *arguments: str) -> int:
        """Type a command of syncd and show what it prints."""
        shown = " ".join(f'"{part}"' if " " in part else part for part in arguments)
        self.console.print(Text(f"$ syncd {shown}", style="bold cyan"))
        code = self.command(["--config", str(self.folder / "syncd.yaml"), *arguments])
        self.console.print(Text(f"(exit {code}: {_MEANING[code]})", style="dim"))
        return code

    def quietly(self, *arguments: str) -> str:
        """The same without showing it; what it printed on stdout."""
        out = StringIO()
        with redirect_stdout(out):
            self.command(["--config", str(self.folder / "syncd.yaml"), *arguments])
        return out.getvalue()


_MEANING = {
    0: "done",
    1: "unexpected",
    2: "usage or configuration",
    3: "held: a person must look",
    4: "partial: some rows were rejected",
    5: "unavailable",
}


def demo(keep: Path | None, command: Command) -> ExitCode:
    """Play every scene; the folder with the ledger and the report is kept and named at the end."""
    logging.getLogger("syncd").setLevel(logging.ERROR)
    folder = keep or Path(tempfile.mkdtemp(prefix="syncd-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False)
    factory = sandbox_factories()[KIND]
    with factory.open(SandboxOptions(rate=SLOW_SHOP, latency=0.02)) as shop:
        described = shop.description()
        stage = Stage(folder=folder, console=console, control=described["control"], command=command)
        _set_up(stage, described, factory.sample_stock_rows())
        codes = [scene(stage) for scene in SCENES]
    return ExitCode.DONE if all(codes) else ExitCode.UNEXPECTED


def _set_up(stage: Stage, shop: Mapping[str, str], rows: Sequence[tuple[str, ...]]) -> None:
    """The stock file, the mapping and the credential of the demo."""
    with (stage.folder / "stock.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    template = (Path(__file__).parent / "demo_mapping.yaml").read_text(encoding="utf-8")
    for key, value in shop.items():
        template = template.replace(f"@{key}@", value)
    (stage.folder / "syncd.yaml").write_text(template, encoding="utf-8")
    os.environ["SYNCD_DEMO_APP_SECRET"] = shop["app_secret"]
    os.environ.pop("SYNCD_LEDGER_URL", None)
    stage.act("A stock file and a TikTok Shop that do not agree")
    stage.say(
        f"{len(rows) - 1} rows in stock.csv: two locations, some rows wrong on purpose. The shop at "
        f"{shop['url']} is simulated; it checks signatures and refuses more than "
        f"{SLOW_SHOP:.0f} requests per second."
    )
    stage.quietly("connect", "tiktok-demo", "--auth-code", shop["auth_code"])


def _plan(stage: Stage) -> bool:
    stage.act("Plan: read the file, ask the shop, show the difference; nothing is changed")
    return stage.run("plan") in {ExitCode.PARTIAL, ExitCode.HELD}


def _apply(stage: Stage) -> bool:
    stage.act("Apply: send it at the shop's pace, read back every value")
    report = json.loads(stage.quietly("report", "--json"))
    channel = report["channels"][0]
    if channel["counts"]["held"]:
        stage.say(
            "First contact differs in more listings than the limits allow, so a person must look: the "
            "plan above is released by its digest."
        )
        code = stage.run("apply", "--plan", channel["plan"], "--reason", "reviewed, first contact")
    else:
        code = stage.run("apply")
    return code == ExitCode.PARTIAL


def _explain(stage: Stage) -> bool:
    stage.act("Explain: why a number is what it is")
    return stage.run("explain", "KIT-1") == ExitCode.DONE


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


def _truncated(stage: Stage) -> bool:
    stage.act("A truncated file is refused whole; the last good one stays in force")
    path = stage.folder / "stock.csv"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    code = stage.run("ingest", "warehouse")
    path.write_bytes(whole)
    return code == ExitCode.HELD


def _ordered(stage: Stage) -> bool:
    stage.act("A buyer orders two kits on TikTok Shop: the parts' own listings go down")
    body = json.dumps({"seller_sku": "KIT-1", "units": 2}).encode()
    request = urllib.request.Request(  # noqa: S310 - the sandbox on loopback
        f"{stage.control}/orders", data=body, headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - as above
        reply.read()
    return stage.run("apply") == ExitCode.PARTIAL


def _report(stage: Stage) -> bool:
    page = stage.folder / "report.html"
    page.write_text(stage.quietly("report", "--format", "html"), encoding="utf-8")
    (stage.folder / "report.json").write_text(stage.quietly("report", "--json"), encoding="utf-8")
    stage.act("Where everything is")
    stage.console.print(Text(f"report   {page}  (also report.json)"))
    stage.console.print(Text(f"mapping  {stage.folder / 'syncd.yaml'}"))
    stage.console.print(Text(f"ledger   {stage.folder / 'ledger.db'}"))
    stage.say("Your own: syncd init, then edit config/syncd.yaml, syncd check-config, syncd plan.")
    return True


SCENES = (_plan, _apply, _explain, _scheduled, _truncated, _ordered, _report)

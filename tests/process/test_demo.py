"""`syncd demo`, played once: every scene shows what its title says."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.process.conftest import SYNCD

WIDTH = 100


@dataclass(frozen=True)
class Played:
    """What was printed, scene by scene, and the folder that was kept."""

    code: int
    scenes: dict[str, str]
    errors: str
    folder: Path

    def scene(self, word: str) -> str:
        """The words of the only scene whose title has that word in it, in one line."""
        (found,) = [text for title, text in self.scenes.items() if word in title]
        return " ".join(found.split())


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("demo")
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    done = subprocess.run(
        [SYNCD, "demo", "--keep", str(folder)], check=False, capture_output=True, text=True,
        timeout=180, env={**kept, "COLUMNS": str(WIDTH)},
    )  # fmt: skip
    scenes: dict[str, str] = {}
    title = ""
    for line in done.stdout.splitlines():
        if line.endswith("───") and not line.startswith("─") and not line.startswith(" "):
            title = line.rstrip("─ ")
            scenes[title] = ""
        elif title:
            scenes[title] += line + "\n"
    return Played(done.returncode, scenes, done.stderr, folder)


def test_every_scene_ends_as_it_should(played: Played) -> None:
    assert (0, "") == (played.code, played.errors)
    assert 10 == len(played.scenes)


def test_the_doctor_reaches_all_three_sources(played: Played) -> None:
    said = played.scene("Doctor")

    assert "ok warehouse: stock.csv" in said
    assert "ok erp: erp.db" in said
    assert "ok webshop: sandbox-shop.myshopify.com" in said
    assert "BAD" not in said


def test_the_first_plan_waits_for_a_person_and_is_applied_when_released(played: Played) -> None:
    planned, applied = played.scene("Plan:"), played.scene("Apply:")

    assert "limits.changed 20% allows 67" in planned
    assert " verified" not in planned
    assert "$ syncd apply --plan sha256:" in applied
    assert " 178 verified" in applied


def test_a_number_adds_two_sources_up_and_has_its_price_from_the_third(played: Played) -> None:
    said = played.scene("Explain")

    assert "warehouse/Main 97 − 3 committed = 94" in said
    assert "MUG-007 at webshop/Shopify Store 13" in said
    assert "(Main + Shopify Store: 107, East: 36)" in said
    assert "erp/default price 9.75 USD" in said
    assert "erp gives 9.75 USD" in said


def test_the_scheduler_finds_nothing_to_do(played: Played) -> None:
    assert "Nothing to do" in played.scene("second cycle")


def test_changes_are_read_alone_and_reach_the_shop(played: Played) -> None:
    said = played.scene("only what changed")

    assert "MUG-007 quantity 107 104 verified" in said
    assert "CANDLE-02-FIG price 14.00 14.50 verified" in said
    assert ["2 of 333", "2 of 52"] == [
        row for row in ("2 of 333", "2 of 52", "everything was read") if row in said
    ]


def test_a_truncated_file_is_held(played: Played) -> None:
    said = played.scene("truncated")

    assert "warehouse invalid: stock.csv is refused" in said
    assert "(exit 3: held: a person must look)" in said


def test_an_order_of_kits_lowers_their_parts(played: Played) -> None:
    said = played.scene("two kits")

    assert "TEE-BLACK-M quantity 63 61 verified" in said
    assert "HAT-01-BLACK quantity 72 70 verified" in said


def test_what_is_kept_is_named_and_there(played: Played) -> None:
    said = played.scene("Where everything is")
    report = json.loads((played.folder / "report.json").read_text())

    for name in ("report.html", "syncd.yaml", "ledger.db"):
        assert str(played.folder / name) in said
        assert (played.folder / name).stat().st_size
    assert ["warehouse", "erp", "webshop"] == [each["name"] for each in report["sources"]]
    assert 2 == report["channels"][0]["counts"]["verified"]


def test_no_line_is_wider_than_the_terminal_but_commands_to_copy(played: Played) -> None:
    copied = ("$ syncd", "      syncd", "  plan sha256", "report ", "mapping ", "ledger ")
    wide = [
        line
        for text in played.scenes.values()
        for line in text.splitlines()
        if len(line.rstrip()) > WIDTH and not line.startswith(copied)
    ]

    assert [] == wide


def test_no_secret_is_shown_or_written(played: Played) -> None:
    shown = "".join(played.scenes.values())
    written = (played.folder / "syncd.yaml").read_text() + (
        played.folder / "report.html"
    ).read_text()

    assert "shpat_" not in shown + written
    assert "sqlite:///erp.db" not in shown + written

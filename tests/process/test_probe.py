"""`doctor --probe` over real HTTP: consent, what is learned, and what is refused."""

import json
from pathlib import Path

from tests.process.conftest import Shopkeeper, seed_of, shopkeeper_of


def ready(keeper: Shopkeeper) -> None:
    keeper.stock({f"S{number:03}": 10 for number in range(3)})
    assert 0 == keeper.syncd("apply").returncode


def writes(keeper: Shopkeeper) -> int:
    """How many stock writes the shop has seen."""
    paths = keeper.control.get("stats")["requests_by_path"]
    assert isinstance(paths, dict)
    return sum(count for path, count in paths.items() if path.endswith("inventory/update"))


def test_a_trial_learns_dated_facts_and_leaves_the_listing_as_it_was(tmp_path: Path) -> None:
    with shopkeeper_of(tmp_path, seed_of(3), "--zero", "refuse") as keeper:
        ready(keeper)
        keeper.control.post("orders", seller_sku="S000", units=2, status="AWAITING_SHIPMENT", age=9)
        keeper.syncd("apply")
        done = keeper.syncd("doctor", "shop", "--probe", "S000", "--zero", "--yes", "--json")
        shown = keeper.shown()
        after = keeper.syncd("apply", "--json")
        doctor = keeper.syncd("doctor", "shop")

    texts = [finding["text"] for finding in json.loads(done.stdout)["findings"]]
    assert 0 == done.returncode, done.stderr
    assert "a quantity means available units, as syncd takes it" == texts[0]
    assert "a quantity of 0 is refused" in texts
    assert "S000 shows 8 again, less what was ordered meanwhile" in texts
    assert {"S000": 8, "S001": 10, "S002": 10} == shown
    assert [] == json.loads(after.stdout)["channels"][0]["changes"]
    facts = doctor.stdout.replace("\n", " ")
    for fact in (
        "quantity_means available (20",
        "zero refused (20",
        "visible_after 0.",
        "largest_batch 1 (20",
    ):
        assert fact in facts


def test_nothing_is_tried_without_consent_in_observe_mode_or_on_an_unknown_sku(
    tmp_path: Path,
) -> None:
    with shopkeeper_of(tmp_path, seed_of(3)) as keeper:
        ready(keeper)
        before = writes(keeper)
        unasked = keeper.syncd("doctor", "shop", "--probe", "S000")
        unknown = keeper.syncd("doctor", "shop", "--probe", "NOPE", "--yes")
        unnamed = keeper.syncd("doctor", "--probe", "S000", "--yes")
        path = keeper.folder / "syncd.yaml"
        path.write_text(path.read_text().replace("mode: apply", "mode: observe"))
        observed = keeper.syncd("doctor", "shop", "--probe", "S000", "--yes")
        after = writes(keeper)

    assert [2, 2, 2, 2] == [each.returncode for each in (unasked, unknown, unnamed, observed)]
    assert "add --yes" in unasked.stderr
    assert "no live listing of NOPE" in unknown.stderr
    assert "syncd.yaml:1: mode is observe" in observed.stderr
    assert (0, 0) == (before, after)

"""Metrics: the ledger's numbers at the moment of a scrape, and no name that nobody configured."""

from tests.fakes.memory_source import Row
from tests.fakes.web import Stage


def numbers(stage: Stage) -> dict[str, float]:
    text = stage.web.with_token("/metrics").text()
    rows = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in rows}


def test_before_the_first_cycle_everything_is_zero_or_absent(stage: Stage) -> None:
    found = numbers(stage)

    assert 0 == found["syncd_ready"]
    assert not [name for name in found if name.startswith("syncd_age_seconds")]
    assert 900 == found['syncd_age_allowed_seconds{name="shop",what="orders"}']


def test_a_scrape_tells_ages_and_work_left(stage: Stage) -> None:
    stage.floor.shop.list_sku("A", W1=5)
    stage.floor.source.set(A=3)
    stage.floor.source.rows.append(Row("B", "x", reject="no number"))
    stage.floor.cycle()
    stage.floor.clock.advance(60)
    stage.floor.ledger.mark_dirty(stage.floor.shop.name, stage.floor.ledger.bound_skus(
        stage.floor.shop.name))  # fmt: skip
    stage.tell(b"1")
    found = numbers(stage)

    assert {
        "syncd_ready": 1, 'syncd_source_rows{source="stock"}': 1,
        'syncd_source_rejected_rows{source="stock"}': 1,
        'syncd_channel_listings{channel="shop"}': 1, 'syncd_channel_dirty{channel="shop"}': 1,
        'syncd_channel_held{channel="shop"}': 0, 'syncd_channel_parked{channel="shop"}': 0,
        'syncd_webhooks_waiting{receiver="shop"}': 1,
        'syncd_webhooks_total{receiver="shop",result="stored"}': 1,
    }.items() <= found.items()  # fmt: skip
    assert found['syncd_age_seconds{name="stock",what="reading"}'] >= 60
    assert 'syncd_channel_requests_total{channel="shop",result="sent"}' in found
    assert "process_resident_memory_bytes" in found


def test_addresses_that_nobody_configured_make_no_metric(stage: Stage) -> None:
    for number in range(50):
        stage.web.send("POST", f"/webhooks/tiktok/invented-{number}", b"x")
    assert "invented" not in stage.web.with_token("/metrics").text()

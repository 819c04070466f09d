"""Alerts and heartbeat over real HTTP: what is sent, when, and what never is."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from syncd.domain.alerting import Condition, Kind, transitions
from syncd.domain.errors import ChannelUnauthorized
from syncd.domain.identity import RunId, Sku
from syncd.domain.report import Attention, ChannelReport, ChannelState, Report
from syncd.domain.rules import Limits
from syncd.ports.records import Park
from syncd.reporting.alerts import LONGEST, trial
from syncd.service.alerting import Address, Alerts, News, pause_after, undelivered
from syncd.service.heartbeat import Heartbeat
from syncd.service.posting import post
from syncd.settings.surroundings import Alerts as AlertSettings
from tests.fakes.clock import START
from tests.fakes.mailbox import Mailbox, open_mailbox
from tests.fakes.shopfloor import SHOP, Shopfloor

SECRET = "hunter2-of-the-address"
QUIET = timedelta(minutes=10)
LOST = ChannelUnauthorized("the authorization is gone")
SETTINGS = AlertSettings.model_validate(
    {"parked_above": "0", "backlog": "30m", "quiet_for": "10m", "digest_every": "5m"}
)


@dataclass
class Desk:
    """A shop floor whose alerts go to a mailbox."""

    floor: Shopfloor
    mailbox: Mailbox
    addresses: tuple[Address, ...]
    heartbeat: Heartbeat | None = None

    def look(self, minutes: float = 0) -> None:
        """Some time later, a look by a process that knows nothing but the ledger."""
        self.floor.clock.advance(minutes * 60)
        alerts = Alerts(self.floor.engine(), SETTINGS, self.addresses, self.heartbeat, UTC, post)
        alerts.look(self.floor.clock.now())

    def cycle(self) -> None:
        """A run whose source is as new as it can be."""
        self.floor.source.as_of = self.floor.clock.now()
        self.floor.cycle()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    floor = Shopfloor(tmp_path)
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=5)
    floor.cycle()
    with open_mailbox() as box:
        address = Address(name="alert_url", url=SecretStr(box.address(SECRET)))
        yield Desk(floor, box, (address,))
    floor.close()


def test_one_message_when_it_starts_and_one_when_it_ends(desk: Desk) -> None:
    desk.floor.shop.fail = LOST
    desk.cycle()
    for _ in range(3):
        desk.look(1)
    desk.floor.shop.fail = None
    desk.cycle()
    for _ in range(12):
        desk.look(1)

    assert [
        "syncd: began: shop refuses us: the authorization is gone",
        "syncd: over: shop refuses us: the authorization is gone",
    ] == desk.mailbox.titles()
    first = desk.mailbox.letters[0]
    assert "→ syncd connect shop" in str(first["message"])
    assert ["warning", "success"] == [letter["type"] for letter in desk.mailbox.letters]


def test_what_comes_within_digest_every_is_told_in_one_message(desk: Desk) -> None:
    desk.floor.limits = Limits(to_zero=Decimal(0), at_least=0)
    desk.floor.source.set(A=0)
    desk.cycle()
    park = Park(
        channel=SHOP, sku=Sku("A"), ref=None, field=None, code="by hand", message="broken",
        since=desk.floor.clock.now(), until=None,
    )  # fmt: skip
    desk.floor.ledger.park(park)
    desk.look()
    desk.floor.shop.fail = LOST
    desk.cycle()
    for _ in range(5):
        desk.look(1)

    assert [
        "syncd: began: shop: 1 change held (to_zero)",
        "syncd: 2 began",
    ] == desk.mailbox.titles()
    digest = str(desk.mailbox.letters[1]["message"])
    assert "shop refuses us" in digest
    assert "1 listing parked (first: A: broken)" in digest


def test_a_message_that_cannot_be_sent_waits_and_is_tried_after_growing_pauses(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.mailbox.status = 500
    desk.floor.shop.fail = LOST
    desk.cycle()
    for _ in range(8):
        desk.look(0.5)
    tried = len(desk.mailbox.calls)
    troubles = desk.floor.ledger.address_troubles()
    desk.mailbox.status = 200
    desk.look(60)

    assert 3 == tried  # at once, after one minute, after two more
    assert [("alert_url", 3)] == [(row.address, row.failures) for row in troubles]
    assert ["syncd: began: shop refuses us: the authorization is gone"] == desk.mailbox.titles()
    assert () == desk.floor.ledger.address_troubles()
    warned = [row for row in caplog.records if getattr(row, "action", "") == "alert_not_sent"]
    assert 1 == sum(row.levelno == logging.WARNING for row in warned)


def test_the_address_appears_nowhere_but_at_its_target(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.mailbox.status = 500
    desk.floor.shop.fail = LOST
    desk.cycle()
    desk.look()
    desk.look(2)
    desk.floor.close()

    assert [f"POST /{SECRET}"] * 2 == [call.rstrip("/") for call in desk.mailbox.calls]
    assert SECRET not in "".join(row.getMessage() + repr(vars(row)) for row in caplog.records)
    written = b"".join(file.read_bytes() for file in desk.floor.folder.glob("ledger.db*"))
    assert SECRET.encode() not in written
    assert SECRET not in undelivered(desk.addresses[0])
    assert b"alert_url" in written


def test_a_second_process_tells_nothing_twice(desk: Desk) -> None:
    desk.floor.shop.fail = LOST
    desk.cycle()
    desk.look()
    desk.look()
    desk.look(6)

    assert 1 == len(desk.mailbox.letters)


def test_a_message_under_way_is_nobody_elses_and_comes_back_after_a_kill(desk: Desk) -> None:
    ledger, now = desk.floor.ledger, desk.floor.clock.now()
    wrong = Condition(key="k", kind=Kind.HELD, what="w", since=None, help="h")
    ledger.step_alerts(lambda alerts: transitions(alerts, [wrong], now, QUIET), ["alert_url"])
    until = now + timedelta(minutes=2)

    first = ledger.claim_letter("alert_url", now, until)
    meanwhile = ledger.claim_letter("alert_url", now, until)
    again = ledger.claim_letter("alert_url", until, until + timedelta(minutes=2))

    assert first is not None
    assert (None, first) == (meanwhile, again)
    ledger.letter_sent(first, now)
    assert ledger.claim_letter("alert_url", now, until) is None


def test_what_waits_for_an_address_that_is_no_longer_configured_is_dropped(desk: Desk) -> None:
    desk.mailbox.status = 500
    desk.floor.shop.fail = LOST
    desk.cycle()
    desk.look()
    Alerts(desk.floor.engine(), SETTINGS, (), None, UTC).look(desk.floor.clock.now())
    desk.mailbox.status = 200
    desk.look(60)

    assert [] == desk.mailbox.letters
    assert () == desk.floor.ledger.address_troubles()


def test_an_address_that_is_none_is_said_so_without_showing_it() -> None:
    address = Address(name="chat", url=SecretStr(f"nonsense-{SECRET}"))

    assert not post(address.url.get_secret_value(), trial(UTC, START))
    assert "no service" in undelivered(address)


def test_a_reading_that_says_nothing_new_is_no_news_and_every_run_of_a_channel_is() -> None:
    def report(trigger: str, *what: str, channels: tuple[ChannelReport, ...] = ()) -> Report:
        rows = tuple(
            Attention(what=each, since=None, count=1, help="syncd status") for each in what
        )
        return Report(
            run=RunId("r"), started_at=START, finished_at=START, trigger=trigger,
            channels=channels, attention=rows,
        )  # fmt: skip

    published = (ChannelReport(name=SHOP, state=ChannelState.OK, listings=1),)
    runs = [
        report("read a"), report("read a"), report("read b"), report("read a", "a is stale"),
        report("read a", "a is stale"), report("read a"),
        report("publish", channels=published), report("publish", channels=published),
    ]  # fmt: skip
    news = News()

    assert [True, False, True, True, False, True, True, True] == [news.is_in(run) for run in runs]


def test_pauses_double_up_to_an_hour() -> None:
    minutes = [pause_after(failures).total_seconds() / 60 for failures in (1, 2, 3, 6, 7, 99)]

    assert [1, 2, 4, 32, 60, 60] == minutes


def test_a_daemon_posts_from_another_process_and_never_loads_apprise(desk: Desk) -> None:
    code = (
        "import json, sys\n"
        "from syncd.reporting.alerts import Message\n"
        "from syncd.service.posting import post_apart\n"
        "import syncd.service.alerting\n"
        "message = Message(title='t', text='ü', good=True)\n"
        "taken = [post_apart(url, message) for url in json.loads(sys.argv[1])]\n"
        "print(taken, 'apprise' in sys.modules)"
    )
    addresses = [desk.mailbox.address(SECRET), f"nonsense-{SECRET}"]
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(addresses)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip

    assert "[True, False] False\n" == done.stdout
    assert ("t", "ü") == (desk.mailbox.letters[0]["title"], desk.mailbox.letters[0]["message"])
    assert "" == done.stderr


def test_a_message_stays_short_and_counts_what_it_leaves_out(desk: Desk) -> None:
    names = [f"SKU-{number:03}-{'x' * 40}" for number in range(60)]
    for name in names:
        desk.floor.shop.list_sku(name, W1=1)
    desk.floor.source.set(A=5, **{name.replace("-", "_"): 1 for name in names})
    desk.cycle()
    for name in names:
        desk.floor.shop.order(name, 2)
    desk.cycle()
    desk.look()
    desk.look(6)

    (letter,) = desk.mailbox.letters
    text = str(letter["message"])
    assert len(text) <= LONGEST
    assert "more alerts\n→ syncd status" in text
    assert "syncd: 60 began" == letter["title"]


def beating(desk: Desk) -> Desk:
    return Desk(
        desk.floor, desk.mailbox, (), Heartbeat(SecretStr(desk.mailbox.url(f"ping/{SECRET}")))
    )


def test_the_heart_beats_once_for_every_good_cycle(desk: Desk) -> None:
    heart = beating(desk)
    heart.cycle()
    heart.look()
    heart.look()
    heart.floor.clock.advance(300)
    heart.cycle()
    heart.look()

    assert [f"GET /ping/{SECRET}"] * 2 == desk.mailbox.calls


def test_cycles_within_half_a_minute_are_one_beat(desk: Desk) -> None:
    heart = beating(desk)
    for _ in range(4):
        heart.cycle()
        heart.look()
        heart.floor.clock.advance(10)

    assert [f"GET /ping/{SECRET}"] * 2 == desk.mailbox.calls


def test_a_clock_set_back_does_not_stop_the_heart(desk: Desk) -> None:
    heart = beating(desk)
    heart.cycle()
    heart.look()
    heart.floor.clock.advance(-3600)
    heart.cycle()
    heart.look()

    assert [f"GET /ping/{SECRET}"] * 2 == desk.mailbox.calls


def test_the_heart_stops_while_a_source_the_orders_or_confirmations_are_late(desk: Desk) -> None:
    heart = beating(desk)
    heart.floor.clock.advance(3 * 3600)
    heart.floor.source.as_of = heart.floor.clock.now()
    heart.floor.shop.fail = LOST
    heart.cycle()
    heart.look()
    late = list(desk.mailbox.calls)
    heart.floor.shop.fail = None
    heart.cycle()
    heart.look()

    assert [] == late
    assert [f"GET /ping/{SECRET}"] == desk.mailbox.calls


def test_a_heartbeat_that_is_not_taken_is_said_once_and_tried_again(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "syncd")
    heart = beating(desk)
    desk.mailbox.status = 302
    desk.mailbox.location = desk.mailbox.url("elsewhere")
    heart.cycle()
    heart.look()
    heart.look()
    desk.mailbox.status = 200
    heart.look()

    assert [f"GET /ping/{SECRET}"] * 3 == desk.mailbox.calls
    said = [row.getMessage() for row in caplog.records if row.name.endswith("heartbeat")]
    assert [
        "heartbeat: answered with HTTP status 302; tried again each minute",
        "heartbeat: taken again",
    ] == said

"""The inbox of webhooks and the states of authorize links: once, durable, and never in clear."""

from datetime import timedelta

from syncd.domain.identity import ChannelName
from syncd.ledger.store import SqlLedger
from syncd.ports.authorization import ConnectOutcome
from syncd.ports.deliveries import About, Arrival, Delivery, Hint, Receipt, WaitingDelivery
from tests.fakes.clock import FakeClock

SHOP = ChannelName("shop")
LOOK = (Hint(about=About.ORDER, reference="5", cause="order_created"),)
MINUTES = timedelta(minutes=10)


def arrival(
    clock: FakeClock, notification: str, event: str = "", receiver: str = "shop",
    hints: tuple[Hint, ...] = LOOK,
) -> Arrival:  # fmt: skip
    delivery = Delivery(
        topic="T", notification=notification, event=event, sent_at=clock.now(), hints=hints
    )
    return Arrival(receiver=receiver, delivery=delivery, received_at=clock.now())


def test_a_delivery_waits_until_it_is_settled(ledger: SqlLedger, clock: FakeClock) -> None:
    assert [Receipt.STORED] * 2 == list(
        ledger.record_deliveries([arrival(clock, "1"), arrival(clock, "2")])
    )
    waiting = ledger.waiting_deliveries("shop", 10)
    assert WaitingDelivery(number=1, topic="T", received_at=clock.now(), hints=LOOK) == waiting[0]
    assert {"shop": 2} == ledger.waiting_counts()

    assert 1 == ledger.settle_deliveries("shop", waiting[0].number)
    assert [2] == [one.number for one in ledger.waiting_deliveries("shop", 10)]
    assert 1 == ledger.settle_deliveries("shop", waiting[1].number)
    assert {} == ledger.waiting_counts()


def test_a_notification_counts_once_for_each_receiver(ledger: SqlLedger, clock: FakeClock) -> None:
    rows = [arrival(clock, "1"), arrival(clock, "1"), arrival(clock, "1", receiver="other")]

    assert [Receipt.STORED, Receipt.DUPLICATE, Receipt.STORED] == list(
        ledger.record_deliveries(rows)
    )
    assert [Receipt.DUPLICATE] == list(ledger.record_deliveries(rows[:1]))
    assert {"shop": 1, "other": 1} == ledger.waiting_counts()


def test_a_known_event_under_another_notification_tells_nothing_new(
    ledger: SqlLedger, clock: FakeClock
) -> None:
    ledger.record_deliveries([arrival(clock, "1", event="e")])
    ledger.settle_deliveries("shop", 1)

    again = [arrival(clock, "2", event="e"), arrival(clock, "3", event="f"), arrival(clock, "4")]
    assert [Receipt.DUPLICATE, Receipt.STORED, Receipt.STORED] == list(
        ledger.record_deliveries(again)
    )
    assert [3, 4] == [one.number for one in ledger.waiting_deliveries("shop", 10)]


def test_a_delivery_that_hints_at_nothing_waits_for_nobody(
    ledger: SqlLedger, clock: FakeClock
) -> None:
    assert [Receipt.STORED] == list(ledger.record_deliveries([arrival(clock, "1", hints=())]))
    assert [Receipt.DUPLICATE] == list(ledger.record_deliveries([arrival(clock, "1", hints=())]))
    assert {} == ledger.waiting_counts()


def test_what_is_older_than_its_keeping_is_forgotten(ledger: SqlLedger, clock: FakeClock) -> None:
    ledger.record_deliveries([arrival(clock, "1")])
    clock.advance(60)
    ledger.record_deliveries([arrival(clock, "2")])

    assert 1 == ledger.forget_deliveries(clock.now())
    assert [2] == [one.number for one in ledger.waiting_deliveries("shop", 10)]


def test_a_state_is_good_once(ledger: SqlLedger, clock: FakeClock) -> None:
    ledger.begin_authorization(SHOP, "digest")
    assert ledger.use_authorization("other", clock.now() - MINUTES) is None
    assert SHOP == ledger.use_authorization("digest", clock.now() - MINUTES)
    assert ledger.use_authorization("digest", clock.now() - MINUTES) is None


def test_a_state_is_good_for_ten_minutes(ledger: SqlLedger, clock: FakeClock) -> None:
    ledger.begin_authorization(SHOP, "digest")
    clock.advance(601)
    assert ledger.use_authorization("digest", clock.now() - MINUTES) is None


def test_what_came_of_a_link_is_told(ledger: SqlLedger) -> None:
    assert ledger.authorization_outcome("digest") is None
    ledger.begin_authorization(SHOP, "digest")
    waiting = ConnectOutcome(channel=SHOP, connected=None, message="")
    assert waiting == ledger.authorization_outcome("digest")
    ledger.settle_authorization("digest", connected=True, message="connected to Acme")
    done = ConnectOutcome(channel=SHOP, connected=True, message="connected to Acme")
    assert done == ledger.authorization_outcome("digest")

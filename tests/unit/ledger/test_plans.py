"""Plans, approvals, attempts and what they leave published."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.domain.change import Cause, Change, Field
from syncd.domain.errors import LeaseLost, UsageError
from syncd.domain.identity import (
    ChannelName,
    Digest,
    ListingId,
    ListingRef,
    ProductId,
    RunId,
    Sku,
    WarehouseId,
)
from syncd.domain.listing import BoundListing, Listing, ListingStatus, WarehouseStock
from syncd.domain.money import Money
from syncd.domain.outcome import Accepted, Rejected, Retry, Unknown, Verdict
from syncd.domain.plan import HeldChange, Plan
from syncd.ledger.store import SqlLedger
from syncd.ports.records import Intent, Window
from tests.fakes.clock import FakeClock

SHOP = ChannelName("shop")
W1 = WarehouseId("W1")


def change(sku: str = "A", after: int = 3, before: int | None = 5) -> Change:
    return Change(
        sku=Sku(sku),
        seller_sku=sku,
        ref=ListingRef(ProductId(f"p-{sku}"), ListingId(f"l-{sku}")),
        field=Field.QUANTITY,
        before=before,
        after=after,
        cause=Cause.SOURCE,
        reason="because",
        warehouse_id=W1,
    )


def price(sku: str = "A", after: int = 1099) -> Change:
    plain = change(sku, after, 999)
    return replace(plain, field=Field.PRICE, warehouse_id=None, currency="EUR")


def plan(*changes: Change, held: tuple[Change, ...] = ()) -> Plan:
    return Plan(
        channel=SHOP,
        listings=10,
        changes=changes,
        held=tuple(HeldChange(change=one, hazard="to_zero") for one in held),
    )


@pytest.fixture
def listed(ledger: SqlLedger, clock: FakeClock, run: RunId) -> SqlLedger:
    shown = [
        Listing(
            ref=change(sku).ref,
            seller_sku=sku,
            status=ListingStatus.LIVE,
            stock=(WarehouseStock(warehouse_id=W1, available=5),),
            price=Money(999, "EUR"),
            observed_at=clock.now(),
        )
        for sku in ("A", "B")
    ]
    ledger.record_listings(run, SHOP, [shown], Sku)
    return ledger


def one(ledger: SqlLedger, sku: str = "A") -> BoundListing:
    (found,) = ledger.bound(SHOP, [Sku(sku)])[Sku(sku)]
    return found


def test_plan_is_kept_row_by_row_in_order(ledger: SqlLedger, run: RunId, clock: FakeClock) -> None:
    saved = plan(change("B", 0), price("A"), held=(change("C", 0, None),))
    ledger.save_plan(run, saved)
    found = ledger.plan(SHOP, saved.digest)
    assert found is not None
    assert (saved.digest, SHOP, run, clock.now()) == (
        found.digest,
        found.channel,
        found.run,
        found.saved_at,
    )
    assert [(row, None) for row in saved.changes] + [(change("C", 0, None), "to_zero")] == [
        (row.change, row.held_by) for row in found.rows
    ]


def test_plan_is_found_by_a_prefix_of_eight(ledger: SqlLedger, run: RunId) -> None:
    saved = plan(change())
    ledger.save_plan(run, saved)
    digits = saved.digest.removeprefix("sha256:")
    for short in (digits[:8], f"sha256:{digits[:8]}", digits):
        found = ledger.plan(SHOP, short)
        assert saved.digest == (found and found.digest)
    assert None is ledger.plan(SHOP, digits[:7])
    assert None is ledger.plan(SHOP, "0" * 8)
    assert None is ledger.plan(ChannelName("other"), digits)


def test_plan_saved_again_is_the_latest(ledger: SqlLedger, run: RunId, clock: FakeClock) -> None:
    first, second = plan(change("A")), plan(change("B"))
    for saved in (first, second, first):
        clock.advance(1)
        ledger.save_plan(run, saved)
    latest = ledger.latest_plan(SHOP)
    assert latest is not None
    assert (first.digest, 1) == (latest.digest, len(latest.rows))
    assert None is ledger.latest_plan(ChannelName("other"))


def test_approval_holds_the_rows_until_its_time_and_marks_them(
    ledger: SqlLedger, run: RunId, clock: FakeClock
) -> None:
    saved = plan(change("A"), held=(change("B", 0),))
    ledger.save_plan(run, saved)
    until = clock.now() + timedelta(hours=1)
    ledger.approve(SHOP, saved.digest, "checked", until)
    (given,) = ledger.approvals(SHOP, clock.now())
    assert (saved.digest, "checked", clock.now(), until) == (
        given.digest,
        given.reason,
        given.given_at,
        given.until,
    )
    assert (change("A"), change("B", 0)) == given.rows
    assert ["A", "B"] == list(ledger.dirty(SHOP, 9).skus)
    assert () == ledger.approvals(SHOP, until)


def test_unknown_plan_cannot_be_approved(ledger: SqlLedger, clock: FakeClock) -> None:
    with pytest.raises(UsageError, match="has no plan"):
        ledger.approve(SHOP, Digest("sha256:0"), "why", clock.now())


def test_intent_with_an_old_number_is_refused_whole(listed: SqlLedger, run: RunId) -> None:
    with listed.lease(SHOP) as lease:
        old = lease.fence
    with pytest.raises(LeaseLost):
        listed.record_intents(run, SHOP, old, [Intent(change=change(), sent=3)])
    with listed.lease(SHOP) as lease:
        with pytest.raises(LeaseLost):
            listed.record_intents(run, SHOP, old, [Intent(change=change(), sent=3)])
        assert () == listed.unresolved(SHOP)
        listed.record_intents(run, SHOP, lease.fence, [Intent(change=change(), sent=3)])
    (attempt,) = listed.unresolved(SHOP)
    assert (change(), 3, Verdict.UNKNOWN, None) == (
        attempt.change,
        attempt.sent,
        attempt.verdict,
        attempt.outcome_at,
    )


def send(ledger: SqlLedger, run: RunId, *intents: Intent) -> None:
    with ledger.lease(SHOP) as lease:
        ledger.record_intents(run, SHOP, lease.fence, intents)


def test_accepted_moves_published_to_what_was_sent(
    listed: SqlLedger, run: RunId, clock: FakeClock
) -> None:
    send(listed, run, Intent(change=change(), sent=2), Intent(change=price(), sent=1099))
    clock.advance(1)
    accepted = [Accepted(change=row, at=clock.now()) for row in (change(), price())]
    listed.record_outcomes(run, SHOP, accepted)
    published = one(listed).published
    assert (((W1, 2),), Money(1099, "EUR"), clock.now(), None) == (
        published.quantities,
        published.price,
        published.published_at,
        published.confirmed_at,
    )
    assert ((W1, 5),) == one(listed, "B").published.quantities
    assert [Verdict.ACCEPTED] * 2 == [row.verdict for row in listed.unresolved(SHOP)]
    listed.record_verdicts(
        run, SHOP, [(row, Verdict.VERIFIED, None) for row in (change(), price())]
    )
    assert clock.now() == one(listed).published.confirmed_at == listed.confirmed_at(SHOP)
    assert () == listed.unresolved(SHOP)


def test_number_the_channel_really_took_is_remembered(
    listed: SqlLedger, run: RunId, clock: FakeClock
) -> None:
    send(listed, run, Intent(change=change(after=0), sent=0))
    taken = Accepted(change=change(after=0), at=clock.now(), sent=1, note="the shop refuses 0")
    listed.record_outcomes(run, SHOP, [taken])
    (attempt,) = listed.attempts(SHOP, Sku("A"), 5)
    assert (1, "the shop refuses 0") == (attempt.sent, attempt.message)
    assert ((W1, 1),) == one(listed).published.quantities


def test_rejected_and_contradicted_are_settled_and_publish_nothing(
    listed: SqlLedger, run: RunId
) -> None:
    send(listed, run, Intent(change=change("A"), sent=3), Intent(change=change("B"), sent=3))
    refused = Rejected(change=change("A"), code="123", message="no", retry=Retry.NEVER)
    listed.record_outcomes(run, SHOP, [refused, Unknown(change=change("B"), reason="timeout")])
    assert ["timeout"] == [row.message for row in listed.unresolved(SHOP)]
    listed.record_verdicts(run, SHOP, [(change("B"), Verdict.CONTRADICTED, "shows 5")])
    assert () == listed.unresolved(SHOP)
    (attempt,) = listed.attempts(SHOP, Sku("A"), 5)
    assert (Verdict.REJECTED, "123", "no") == (attempt.verdict, attempt.code, attempt.message)
    assert ((W1, 5),) == one(listed, "A").published.quantities
    assert ((W1, 5),) == one(listed, "B").published.quantities


def test_lost_answer_that_proves_good_is_published(listed: SqlLedger, run: RunId) -> None:
    send(listed, run, Intent(change=change(), sent=3))
    listed.record_verdicts(run, SHOP, [(change(), Verdict.VERIFIED, None)])
    assert ((W1, 3),) == one(listed).published.quantities


def test_later_attempt_settles_an_earlier_one(listed: SqlLedger, run: RunId) -> None:
    send(listed, run, Intent(change=change(), sent=3))
    send(listed, run, Intent(change=change(after=2), sent=2))
    assert [2] == [row.sent for row in listed.unresolved(SHOP)]
    assert [2, 3] == [row.sent for row in listed.attempts(SHOP, Sku("A"), 5)]
    assert 1 == len(listed.attempts(SHOP, Sku("A"), 1))


def test_window_counts_listings_but_not_what_may_always_pass(
    listed: SqlLedger, run: RunId, clock: FakeClock
) -> None:
    start = clock.now()
    by_orders = replace(change("B", 4), cause=Cause.ORDERS)
    up_by_orders = replace(change("D", 9), cause=Cause.ORDERS)
    send(
        listed,
        run,
        Intent(change=change("A", 0), sent=0),
        Intent(change=replace(change("A", 0), warehouse_id=WarehouseId("W2")), sent=0),
        Intent(change=by_orders, sent=4),
        Intent(change=up_by_orders, sent=9),
        Intent(change=price("B"), sent=1099),
        Intent(change=change("E", 1), sent=1),
        Intent(change=change("F", 1), sent=1, released=True),
    )
    refused = Rejected(change=change("E", 1), code="1", message="", retry=Retry.NEVER)
    listed.record_outcomes(run, SHOP, [refused])
    expected = Window(
        changed=frozenset({change("A").ref, change("D").ref}),
        to_zero=frozenset({change("A").ref}),
        price_moved=frozenset({change("B").ref}),
    )
    assert expected == listed.window(SHOP, start)
    empty: frozenset[ListingRef] = frozenset()
    later = listed.window(SHOP, start + timedelta(seconds=1))
    assert Window(changed=empty, to_zero=empty, price_moved=empty) == later


def test_basis_of_the_published_state_is_remembered(listed: SqlLedger) -> None:
    listed.remember_basis(SHOP, [(change("A").ref, 8, 3), (change("B").ref, None, 0)])
    published = one(listed).published
    assert (8, 3) == (published.source_offer, published.unseen)
    assert None is one(listed, "B").published.source_offer


def test_pruning_keeps_the_last_attempt_and_plans_in_force(
    listed: SqlLedger, run: RunId, clock: FakeClock
) -> None:
    released, forgotten = plan(change("A")), plan(change("B"))
    for saved in (released, forgotten):
        listed.save_plan(run, saved)
    listed.approve(SHOP, released.digest, "ok", clock.now() + timedelta(days=30))
    send(listed, run, Intent(change=change(), sent=3))
    send(listed, run, Intent(change=change(), sent=4))
    clock.advance(86400)
    listed.prune(clock.now(), clock.now())
    assert [4] == [row.sent for row in listed.attempts(SHOP, Sku("A"), 5)]
    assert None is not listed.plan(SHOP, released.digest)
    assert None is listed.plan(SHOP, forgotten.digest)

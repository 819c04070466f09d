"""Which step each situation of a listing in escrow calls for, and what a source really gave."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from syncd.domain.escrow import (
    BACK_WITHIN,
    LANDS_WITHIN,
    LATE,
    SHOWN_WITHIN,
    Account,
    Claimant,
    Sight,
    Step,
    Wish,
    decide,
    granted_of,
    part_of,
    who_is_dry,
)
from syncd.domain.identity import Sku

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OPEN = Account(
    sku=Sku("A"), need=1, lands_until=NOON - LATE, opened_at=NOON - 3 * LATE, granted=10, exposed=10
)
WISH = Wish(target=10, free=0, cap=99_999)


def sight(shown: int, after: timedelta = timedelta(0), locked: int = 0) -> Sight:
    """A look a second long, some time after noon, with orders known up to its end."""
    now = NOON + after
    return Sight(
        shown=shown, began=now, ended=now + timedelta(seconds=1),
        orders_until=now + timedelta(seconds=1), locked=locked,
    )  # fmt: skip


def account(**changes: object) -> Account:
    return replace(OPEN, **changes)  # type: ignore[arg-type]  # the fields of Account


def wish(**changes: object) -> Wish:
    return replace(WISH, **changes)  # type: ignore[arg-type]  # the fields of Wish


# what may be shown


def test_a_listing_at_zero_takes_what_it_should_own_and_shows_it_once_it_does() -> None:
    step = decide(account(granted=0, exposed=0), sight(0), wish(target=10, free=7))
    assert (7, 7, 0) == (step.allot, step.show, step.covered)


def test_units_that_are_owned_and_not_exposed_are_shown() -> None:
    step = decide(account(granted=4, exposed=0), sight(0), wish(target=4))
    assert (4, 4, 0, False) == (step.show, step.covered, step.allot, step.is_note)


def test_units_on_their_way_are_not_asked_for_again() -> None:
    step = decide(account(granted=0, exposed=0, coming=4), sight(0), wish(target=4, free=9))
    assert (0, None, "4 units asked of the source") == (step.allot, step.show, step.waiting)


def test_what_was_exposed_is_not_shown_again_before_it_was_counted() -> None:
    step = decide(account(), sight(0), wish(target=10))
    assert (None, 0) == (step.show, step.covered)


def test_a_listing_that_sells_is_left_alone() -> None:
    assert Step() == decide(account(), sight(10), wish(free=90, target=50))


def test_units_beyond_the_target_go_back() -> None:
    step = decide(account(exposed=0), sight(0), wish(target=6))
    assert (6, 6, 4) == (step.show, step.covered, step.give_back)


def test_nothing_goes_back_while_a_reading_does_not_contain_the_last_move() -> None:
    step = decide(account(exposed=0), sight(0), wish(target=6, steady=False))
    assert (10, 10, 0) == (step.show, step.covered, step.give_back)


def test_fewer_units_than_zero_below_are_not_shown_and_go_back() -> None:
    step = decide(account(exposed=0, granted=2), sight(0), wish(target=9, zero_below=3))
    assert (None, 0, 2) == (step.show, step.covered, step.give_back)


def test_no_more_than_the_cap_is_shown() -> None:
    step = decide(account(exposed=0), sight(0), wish(target=10, cap=8))
    assert (8, 8) == (step.show, step.covered)


# why it is lowered


@pytest.mark.parametrize(
    ("owns", "shows", "rules", "reason"),
    [
        (account(sold=6), 5, WISH, "it shows 5 and owns 4"),
        (account(sold=12), 1, WISH, "it shows 1 and owns 0"),
        (OPEN, 2, wish(zero_below=3), "zero_below 3"),
        (OPEN, 10, wish(short=True, target=4), "the sources have fewer units than are owned"),
        (OPEN, 10, wish(ending="allocation is pool"), "allocation is pool"),
        (OPEN, 10, wish(halted="missing"), "missing"),
        (OPEN, 10, wish(dry="the web", target=4), "the web has run dry: of 10, 6 go back"),
        (
            account(lowered_from=9, sold=1), 2, WISH,
            "7 units taken off before cannot be counted while it sells",
        ),
    ],
)  # fmt: skip
def test_a_counter_is_lowered_to_zero_for_a_reason(
    owns: Account, shows: int, rules: Wish, reason: str
) -> None:
    step = decide(owns, sight(shows), rules)
    assert (0, reason) == (step.show, step.reason)


@pytest.mark.parametrize(
    "rules", [wish(short=True), wish(dry="the web"), wish(dry="the web", target=0)]
)
def test_the_last_unit_and_what_it_should_own_stay(rules: Wish) -> None:
    shown = 1 if rules.target == 0 else 10
    assert Step() == decide(account(sold=10 - shown), sight(shown), rules)


def test_no_units_are_shared_before_the_last_write_has_surely_landed() -> None:
    step = decide(account(lands_until=NOON + LATE), sight(10), wish(dry="the web", target=4))
    assert (None, "what was sent may still land until 12:10:00 UTC") == (step.show, step.waiting)


def test_no_units_are_shared_while_a_reading_does_not_contain_the_last_move() -> None:
    step = decide(OPEN, sight(10), wish(dry="the web", target=4, steady=False))
    assert (None, True) == (step.show, bool(step.waiting))


def test_what_campaigns_hold_cannot_be_lowered() -> None:
    step = decide(OPEN, sight(11, locked=3), WISH)
    assert (None, True) == (step.show, step.waiting.endswith("campaigns and creators hold 3"))


# how units are counted at zero


def test_a_look_at_zero_is_noted_first() -> None:
    step = decide(account(lowered_from=10), sight(0), WISH)
    assert (NOON + timedelta(seconds=1), None) == (step.note_zero, step.settle)


@pytest.mark.parametrize(
    "look",
    [
        replace(sight(0), began=NOON - LANDS_WITHIN),
        replace(sight(0), ended=NOON + 2 * SHOWN_WITHIN),
    ],
)
def test_a_look_too_early_or_too_slow_is_not_judged_by(look: Sight) -> None:
    step = decide(account(lands_until=NOON, lowered_from=10), look, WISH)
    assert (None, True) == (step.note_zero, step.waiting.startswith("what was sent may still land"))


def test_units_are_counted_once_all_orders_up_to_the_look_are_known() -> None:
    lowered = account(lowered_from=8, zero_at=NOON, sold=2, claimed=2)
    waits = decide(lowered, sight(0, SHOWN_WITHIN - timedelta(seconds=2)), WISH)
    counts = decide(lowered, sight(0, SHOWN_WITHIN), WISH)
    assert (None, True) == (waits.settle, bool(waits.waiting))
    assert (2, 8, 8) == (counts.settle, counts.show, counts.covered)


def test_orders_are_waited_for_longer_where_the_counter_says_that_more_was_sold() -> None:
    lowered = account(lowered_from=7, zero_at=NOON, sold=2, claimed=2)
    assert decide(lowered, sight(0, LATE - timedelta(seconds=2)), WISH).settle is None
    assert 2 == decide(lowered, sight(0, LATE), WISH).settle


def test_units_cancelled_too_lately_count_as_sold_and_are_judged_again() -> None:
    lowered = account(lowered_from=10, zero_at=NOON, sold=2, claimed=5)
    step = decide(lowered, sight(0, BACK_WITHIN), WISH)
    assert (5, None) == (step.settle, step.show)
    assert step.note_zero == NOON + BACK_WITHIN + timedelta(seconds=1)


def test_a_bound_never_grows() -> None:
    lowered = account(lowered_from=10, zero_at=NOON, sold=2, claimed=12)
    assert 10 == decide(lowered, sight(0, LATE), WISH).settle


# how it begins and ends


def test_before_escrow_begins_what_is_shown_is_lowered() -> None:
    new = Account(sku=Sku("A"), need=1, lands_until=NOON)
    step = decide(new, sight(5), WISH)
    assert (0, "escrow begins: it shows units that it does not own yet") == (step.show, step.reason)


def test_escrow_begins_once_all_orders_up_to_a_look_at_zero_are_known() -> None:
    new = Account(sku=Sku("A"), need=1, lands_until=NOON)
    assert NOON + timedelta(seconds=1) == decide(new, sight(0), WISH).note_zero
    noted = replace(new, zero_at=NOON)
    assert not decide(noted, sight(0), WISH).opens
    assert decide(noted, sight(0, SHOWN_WITHIN), WISH).opens


def test_an_account_that_never_opened_is_closed_at_once() -> None:
    new = Account(sku=Sku("A"), need=1, lands_until=NOON)
    assert Step(closes=True) == decide(new, sight(5), wish(ending="allocation is pool"))


def test_what_ends_gives_everything_back_and_is_closed() -> None:
    ending = wish(ending="allocation is pool")
    gives = decide(account(exposed=4, sold=4, granted=10), sight(0), ending)
    over = decide(account(exposed=4, sold=4, granted=4), sight(0), ending)
    assert (6, False, "its units go back") == (gives.give_back, gives.closes, gives.waiting)
    assert (0, True, "") == (over.give_back, over.closes, over.waiting)


def test_what_ends_waits_for_the_readings() -> None:
    step = decide(account(exposed=0), sight(0), wish(ending="over", steady=False))
    assert (0, False) == (step.give_back, step.closes)


def test_what_ends_takes_what_it_sold_beyond_what_it_owned() -> None:
    step = decide(account(granted=3, exposed=5, sold=5), sight(0), wish(ending="over", free=9))
    assert (2, False) == (step.allot, step.closes)


def test_what_is_halted_stays_at_zero() -> None:
    step = decide(account(exposed=0), sight(0), wish(halted="missing"))
    assert (None, 0, 0, "missing") == (step.show, step.allot, step.give_back, step.waiting)


# what a source gives, and who needs units


@pytest.mark.parametrize(
    ("asked", "after", "need", "given"),
    [(5, 0, 1, (5, 0)), (5, -2, 1, (3, 2)), (5, -9, 1, (0, 5)), (12, -1, 6, (1, 6))],
)
def test_only_what_a_source_really_had_is_granted(
    asked: int, after: int, need: int, given: tuple[int, int]
) -> None:
    assert given == granted_of(asked, after, need)


def other(owned: int, share: str = "0.3", need: int = 1) -> Claimant:
    return Claimant(name="other", share=Decimal(share), owned=owned, need=need)


@pytest.mark.parametrize(
    ("left", "own_shop", "others", "dry"),
    [
        (5, "web", (), "web"),
        (6, "web", (), ""),
        (0, "", (), ""),
        (0, "", (other(0),), "other"),
        (0, "", (other(1),), ""),
        (1, "", (other(0),), ""),
        (0, "", (other(0, share="0.001"),), ""),
        (5, "", (other(5, need=6),), "other"),
    ],
)
def test_who_has_run_dry(left: int, own_shop: str, others: tuple[Claimant, ...], dry: str) -> None:
    assert dry == who_is_dry(left, 100, own_shop, Decimal("0.5"), others)


def test_an_own_shop_that_is_due_nothing_is_never_dry() -> None:
    assert "" == who_is_dry(0, 100, "web", Decimal(0), ())


def test_thirds_of_three_are_one_each() -> None:
    assert 1 == int(part_of(Decimal(1), 3) * 3)

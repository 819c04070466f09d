"""What holds for every judgement of the guard and every digest."""

import random
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from syncd.domain.change import Cause, Change, Field
from syncd.domain.guard import Evidence, judge, no_riskier
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, Sku, WarehouseId
from syncd.domain.plan import digest_of, in_send_order
from syncd.domain.rules import Limits

SHOP = ChannelName("shop")


@st.composite
def changes(draw: st.DrawFn) -> list[Change]:
    rows = []
    for number in range(draw(st.integers(0, 30))):
        before = draw(st.integers(0, 40))
        after = draw(st.integers(0, 40))
        after += after == before
        ref = ListingRef(ProductId(str(number // 2)), ListingId(str(number)))
        rows.append(
            Change(
                sku=Sku(f"S{number}"), seller_sku=f"S{number}", ref=ref, field=Field.QUANTITY,
                before=before, after=after, cause=draw(st.sampled_from(Cause)), reason="r",
                warehouse_id=WarehouseId("W"),
            )
        )  # fmt: skip
    return rows


shares = st.integers(0, 100).map(lambda value: Decimal(value) / 100)


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    return Limits(
        changed=draw(shares), to_zero=draw(shares), price_moved=draw(shares),
        at_least=draw(st.integers(0, 20)),
    )  # fmt: skip


@given(changes(), limits())
def test_every_row_either_passes_or_is_held(rows: list[Change], limit: Limits) -> None:
    judgement = judge(rows, limit, Evidence(listings=40))

    passed = {row.key for row in judgement.passed}
    held = {row.change.key for row in judgement.held}
    assert passed | held == {row.key for row in rows}
    assert not passed & held
    assert bool(held) == bool(judgement.hazards)


@given(changes(), limits())
def test_decreases_caused_by_orders_always_pass(rows: list[Change], limit: Limits) -> None:
    judgement = judge(rows, limit, Evidence(listings=1))

    free = {
        row.key
        for row in rows
        if row.cause is Cause.SAFETY or (row.cause is Cause.ORDERS and not row.raises)
    }
    assert free <= {row.key for row in judgement.passed}


@given(changes(), limits(), shares)
def test_a_smaller_limit_never_lets_more_through(
    rows: list[Change], limit: Limits, smaller: Decimal
) -> None:
    tighter = replace(limit, changed=min(limit.changed, smaller))
    evidence = Evidence(listings=40)

    assert len(judge(rows, tighter, evidence).passed) <= len(judge(rows, limit, evidence).passed)


@given(changes())
def test_a_released_plan_passes_as_it_was_shown(rows: list[Change]) -> None:
    strict = Limits(changed=Decimal(0), to_zero=Decimal(0), at_least=0)

    judgement = judge(rows, strict, Evidence(listings=40, released=rows))

    assert () == judgement.held


@given(changes(), st.randoms(use_true_random=False))
def test_a_digest_does_not_depend_on_the_order(rows: list[Change], shuffler: random.Random) -> None:
    shuffled = list(rows)
    shuffler.shuffle(shuffled)

    assert digest_of(SHOP, rows) == digest_of(SHOP, shuffled)
    assert in_send_order(rows) == in_send_order(shuffled)


@given(changes())
def test_zeros_and_decreases_are_sent_before_increases(rows: list[Change]) -> None:
    ranks = [0 if row.after == 0 else 1 if not row.raises else 2 for row in in_send_order(rows)]

    assert sorted(ranks) == ranks


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_an_approval_covers_only_what_is_no_riskier(before: int, approved: int, now: int) -> None:
    ref = ListingRef(ProductId("1"), ListingId("1"))
    seen = Change(
        sku=Sku("A"), seller_sku="A", ref=ref, field=Field.QUANTITY, before=before,
        after=approved, cause=Cause.SOURCE, reason="r", warehouse_id=WarehouseId("W"),
    )  # fmt: skip
    wanted = replace(seen, after=now)

    if now > before:
        assert no_riskier(wanted, seen) == (approved > before and now <= approved)
    else:
        assert no_riskier(wanted, seen) == (now >= approved)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), limits())
def test_what_a_listing_owns_is_judged_by_its_size_alone(units: list[int], limit: Limits) -> None:
    """It was taken off a source, which gave no more than it had."""
    rows = [
        Change(
            sku=Sku(f"S{number}"), seller_sku=f"S{number}",
            ref=ListingRef(ProductId(str(number)), ListingId(str(number))), field=Field.QUANTITY,
            before=0, after=after, cause=Cause.ESCROW, reason="",
        )
        for number, after in enumerate(units)
    ]  # fmt: skip
    assert () == judge(rows, limit, Evidence(listings=len(rows))).held
    much = [replace(rows[0], after=900), *rows[1:]]
    held = judge(much, limit, Evidence(listings=len(rows), maxima={Sku("S0"): 5})).held
    assert ["unusual_quantity"] == [row.hazard for row in held]

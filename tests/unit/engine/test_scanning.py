"""A full read of a shop is believed only when what it lacks is not there when asked for by itself (rule 1)."""

from syncd.domain.report import ChannelState, ExitCode
from tests.fakes.shopfloor import Shopfloor


def test_a_list_that_lacks_what_the_shop_has_leaves_the_former_one(floor: Shopfloor) -> None:
    refs = [floor.shop.list_sku(f"S{number}", W1=5) for number in range(6)]
    floor.source.set(**{f"S{number}": 5 for number in range(6)})
    floor.cycle()
    floor.shop.left_out = set(refs[2:])
    del floor.shop.shop[refs[5]]

    report = floor.cycle()

    assert (ExitCode.UNAVAILABLE, ChannelState.UNAVAILABLE) == (
        report.exit_code(),
        report.channels[0].state,
    )
    assert "it lacks 3 of 4 that were looked at" in report.channels[0].message
    assert 6 == report.channels[0].listings


def test_how_many_listings_vanished_is_said_once(floor: Shopfloor) -> None:
    refs = [floor.shop.list_sku(sku, W1=5) for sku in ("A", "B", "C")]
    floor.source.set(A=5, B=5, C=5)
    floor.cycle()
    for ref in refs[1:]:
        del floor.shop.shop[ref]

    told = [floor.cycle(send=send).channels[0].message for send in (False, True)]

    assert ["2 listings vanished from the shop since they were last read", ""] == told

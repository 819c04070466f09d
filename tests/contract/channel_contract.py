"""What every channel must do, whatever shop is behind it: one class, subclassed per implementation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from syncd.domain.change import Cause, Change, Field
from syncd.domain.identity import ListingId, ListingRef, ProductId, Sku, WarehouseId
from syncd.domain.listing import Listing
from syncd.domain.orders import OrderLine, OrderState
from syncd.domain.outcome import Accepted, Outcome
from syncd.domain.rules import Zero
from syncd.ports.channel import Channel, Exchange


@dataclass
class Stage:
    """A channel whose shop lists A (W1 5, price 10.00) and B (W1 7, W2 3), and how to act on the shop."""

    channel: Channel
    warehouse: WarehouseId
    order: Callable[[str, int], None]
    shown: Callable[[str], int]


class ChannelContract:
    """Subclasses give a fixture `stage`."""

    @staticmethod
    def listings(stage: Stage) -> Mapping[str, Listing]:
        return {row.seller_sku: row for batch in stage.channel.listings() for row in batch}

    def write(
        self, stage: Stage, sku: str, after: int, field: Field = Field.QUANTITY
    ) -> Sequence[Outcome]:
        listing = self.listings(stage)[sku]
        live = stage.channel.look([listing.ref])
        quantity = field is Field.QUANTITY
        change = Change(
            sku=Sku(sku), seller_sku=sku, ref=listing.ref, field=field, before=listing.available,
            after=after, cause=Cause.SOURCE, reason="contract",
            warehouse_id=stage.warehouse if quantity else None,
            currency=None if quantity else "USD",
        )  # fmt: skip
        (batch,) = stage.channel.batches([change])
        return stage.channel.submit(Exchange(changes=batch, live=live), Zero.SEND)

    @staticmethod
    def lines(stage: Stage) -> Sequence[OrderLine]:
        with stage.channel.orders(None) as feed:
            return [line for page in feed.pages() for line in page.lines]

    def test_it_shows_every_listing_once(self, stage: Stage) -> None:
        rows = [row.seller_sku for batch in stage.channel.listings() for row in batch]

        assert ["A", "B"] == sorted(rows)

    def test_a_listing_has_its_stock_per_warehouse_and_its_price(self, stage: Stage) -> None:
        found = self.listings(stage)

        assert [5] == [item.available for item in found["A"].stock]
        assert [3, 7] == sorted(item.available for item in found["B"].stock)
        assert found["A"].price is not None
        assert "10.00 USD" == str(found["A"].price)

    def test_looking_gives_live_stock_of_known_listings_only(self, stage: Stage) -> None:
        ref = self.listings(stage)["A"].ref
        stranger = ListingRef(ProductId("999999"), ListingId("999998"))
        stage.order("A", 1)

        live = stage.channel.look([ref, stranger])

        assert {ref: 4} == {key: row.available for key, row in live.items()}

    def test_looking_at_nothing_asks_for_nothing(self, stage: Stage) -> None:
        before = stage.channel.requests().sent

        assert {} == dict(stage.channel.look([]))
        assert before == stage.channel.requests().sent

    def test_what_is_listed_is_found_when_it_is_asked_for_by_itself(self, stage: Stage) -> None:
        found = self.listings(stage)
        strange_sku = ListingRef(found["A"].ref.product_id, ListingId("999998"))
        stranger = ListingRef(ProductId("999999"), ListingId("999998"))

        refs = [found["A"].ref, strange_sku, stranger, found["B"].ref]

        assert {found["A"].ref, found["B"].ref} == set(stage.channel.still_listed(refs))

    def test_a_quantity_is_set_absolutely_however_often(self, stage: Stage) -> None:
        first = self.write(stage, "A", 9)
        second = self.write(stage, "A", 9)

        assert all(isinstance(item, Accepted) for item in (*first, *second))
        assert 9 == stage.shown("A")

    def test_a_warehouse_without_a_change_keeps_its_stock(self, stage: Stage) -> None:
        self.write(stage, "B", 1)

        assert 1 + 3 == stage.shown("B")

    def test_a_price_is_set_and_read_back(self, stage: Stage) -> None:
        outcomes = self.write(stage, "A", 1150, Field.PRICE)
        ref = outcomes[0].change.ref

        price = stage.channel.look_at_prices([ref])[ref].price

        assert "11.50 USD" == str(price)

    def test_there_is_one_outcome_per_change_in_order(self, stage: Stage) -> None:
        outcomes = self.write(stage, "A", 4)

        assert ["A"] == [item.change.sku for item in outcomes]

    def test_an_order_takes_its_units_off_the_shelf_at_once(self, stage: Stage) -> None:
        stage.order("A", 2)

        lines = self.lines(stage)

        assert 2 == sum(line.units for line in lines)
        assert {"A"} == {line.seller_sku for line in lines}
        assert 3 == stage.shown("A")

    def test_order_lines_carry_no_buyer(self, stage: Stage) -> None:
        stage.order("A", 1)

        words = repr(self.lines(stage)).lower()

        assert not any(word in words for word in ("buyer", "address", "phone", "mail"))

    def test_the_feed_knows_when_it_began_and_what_is_new(self, stage: Stage) -> None:
        stage.order("A", 1)
        with stage.channel.orders(None) as feed:
            list(feed.pages())
            begun = feed.asked_at
        with stage.channel.orders(begun.replace(year=begun.year - 1)) as feed:
            lines = [line for page in feed.pages() for line in page.lines]

        assert [OrderState.AWAITING_SHIPMENT] == [line.state for line in lines]
        assert begun.tzinfo is not None

    def test_requests_are_counted(self, stage: Stage) -> None:
        before = stage.channel.requests().sent
        list(stage.channel.listings())

        assert stage.channel.requests().sent > before

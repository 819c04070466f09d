"""What was taken off the merchant's stock for TikTok, held against what TikTok sold."""

from collections import Counter

from syncd.simulation.laws import Broken, Law


class Books:
    """Units follow orders: each is taken off once, after it was ordered."""

    def __init__(self) -> None:
        self._ordered: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()

    def ordered(self, sku: str, units: int, at: float) -> None:
        """A buyer ordered so many units on TikTok."""
        self._ordered[sku] += units
        self._judge(sku, at)

    def taken_off(self, sku: str, units: int, at: float) -> None:
        """So many units left the merchant's counter for TikTok; below zero they came back."""
        self._taken[sku] += units
        self._judge(sku, at)

    def unbooked(self) -> int:
        """Units sold on TikTok that nobody took off the merchant's stock."""
        return self._ordered.total() - self._taken.total()

    def sellable_there(self, sku: str, left: int) -> int:
        """The most that TikTok may show at rest of a SKU of which so many units are left."""
        del sku
        return left

    def _judge(self, sku: str, at: float) -> None:
        taken, ordered = self._taken[sku], self._ordered[sku]
        if not 0 <= taken <= ordered:
            how = f"{taken} of {sku} are booked, {ordered} were ordered"
            raise Broken(Law.BOOKED_ONCE, how, at)


class EscrowBooks(Books):
    """Orders follow units: they are taken off before TikTok may sell them."""

    def unbooked(self) -> int:
        """Nothing is ever sold that was not taken off before."""
        return 0

    def sellable_there(self, sku: str, left: int) -> int:
        """What was taken off and is not sold yet."""
        del left
        return self._taken[sku] - self._ordered[sku]

    def _judge(self, sku: str, at: float) -> None:
        taken, ordered = self._taken[sku], self._ordered[sku]
        if taken < ordered:
            how = f"{ordered} of {sku} were ordered, {taken} were taken off the merchant's stock"
            raise Broken(Law.OWNED, how, at)

"""Keeps count while a shop is read: what was left out and why, whose SKU is used twice, how new the data is."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from connectors.shopify.rows import BUNDLE, GIFT_CARD, RowRules
from syncd.domain.counting import counted
from syncd.domain.errors import SourceUnavailable
from syncd.domain.identity import Sku
from syncd.domain.stock import Reject

BLANK = "the SKU is blank; a variant without one cannot be told apart, give it one in Shopify"
_WORDS = {
    GIFT_CARD: "left out",
    BUNDLE: "left out: their components are counted, a rule `kit` maps them",
}


class Tally:
    """Filled by one reading."""

    def __init__(self, rules: RowRules) -> None:
        self._rules = rules
        self._out: Counter[str] = Counter()
        self._blank: dict[int, Reject] = {}
        self._shared: dict[str, list[tuple[int, int]]] = {}
        self._newest = ""

    def left_out(self, reason: str) -> None:
        """A variant does not count."""
        self._out[reason] += 1

    def blank(self, product: int, variant: int) -> None:
        """A variant has no SKU."""
        at = self._rules.page_of(product, variant)
        self._blank[variant] = Reject(at=at, sku=None, reason=BLANK)

    def shared(self, sku: str, product: int, variant: int) -> None:
        """Shopify says that other variants have this SKU too; perhaps none of them counts."""
        self._shared.setdefault(sku, []).append((product, variant))

    def seen(self, updated: str) -> None:
        """A record changed then, as Shopify writes it (UTC, so text order is time order)."""
        self._newest = max(self._newest, updated)

    def newest(self) -> datetime | None:
        """The latest change seen; SourceUnavailable when it is no time at all."""
        return moment_of(self._newest) if self._newest else None

    def rejects(self) -> list[Reject]:
        """Blank SKUs, and those that several variants share which count."""
        return [*self._blank.values(), *self._duplicates()]

    def notes(self) -> Iterable[str]:
        """What was left out, in words."""
        for reason, count in sorted(self._out.items()):
            if reason in _WORDS:
                yield counted(count, reason, _WORDS[reason])
            else:
                yield counted(count, "variant", f"of {reason} products left out (see `statuses`)")

    def _duplicates(self) -> Iterable[Reject]:
        for sku, owners in self._shared.items():
            alone = sorted(set(owners))
            if len(alone) > 1:
                named = " and ".join(str(variant) for _, variant in alone)
                reason = f"the variants {named} share this SKU; each needs its own in Shopify"
                for product, variant in alone:
                    at = self._rules.page_of(product, variant)
                    yield Reject(at=at, sku=Sku(sku), reason=reason)


def moment_of(updated: str) -> datetime:
    """A time as Shopify writes it; SourceUnavailable for what is none."""
    try:
        moment = datetime.fromisoformat(updated)
    except ValueError:
        text = f"Shopify gives {updated[:40]!a} as a time; nothing of this reading is used"
        raise SourceUnavailable(text) from None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)


def watermark(newest: datetime | None, former: datetime | None, start: datetime) -> datetime | None:
    """From when on the next reading asks for changes: never later than this one began (fact sheet 2.4).

    Results come in no order, so the latest change seen counts only once everything was read; `start` by the
    shop's clock keeps out what changed while it was read. `former` stays where nothing newer was seen.
    """
    known = [moment for moment in (newest, former) if moment is not None]
    return min(max(known), start - timedelta(seconds=1)) if known else None

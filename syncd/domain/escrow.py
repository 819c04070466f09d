"""Escrow: a listing shows only units that it owns. Knows which number may be sent so that none is sold twice.

A shop sets its counter blindly: a write replaces what was not sold yet *and* what was sold a moment ago. The
promise therefore rests on one inequality that holds for every listing at every moment:

    counter + sold  <=  exposed  <=  granted

An order moves units from `counter` to `sold`, a cancellation moves them back: the sum stays. Whoever sends n
first adds n to `exposed`: when the write lands at most `exposed` units were sold, and the counter becomes n,
whatever it was. A write whose answer is lost, and one that lands late, are so counted beforehand. `granted`
grows only by units that a source gave up, and falls before they are given back. `exposed` falls in one way
only: to what was sold, once the counter was seen at 0, nothing that was sent before can land any more, and
every order up to that look is known.

That units are not stranded above a counter which is overwritten, a number is raised from 0 only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal

from syncd.domain.counting import counted
from syncd.domain.identity import Sku

SHOWN_WITHIN = timedelta(seconds=60)
"""So long a shop may take to show what happened: an order in its feed, a returned unit on its counter."""
LANDS_WITHIN = timedelta(minutes=6)
"""A request lands at the latest so long after it was sent: its signature is refused after 5 minutes, and a
reading may lag by SHOWN_WITHIN."""
LATE = timedelta(minutes=10)
"""No order comes later than that (reliability F-10). Waited for where the counter says that more was sold than
the orders do."""
BACK_WITHIN = 3 * SHOWN_WITHIN
"""A unit of a cancelled order is surely back on the counter of a look, or will never be: one lag of the shop's
counter, one of our reading it, and one for the look itself."""
LEAST_TO_SHARE = 2
"""A listing with fewer unsold units keeps them: the last unit would wander to and fro."""
LOW = 10
"""A seller with less than a LOW-th of its due share has run dry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one listing owns, in listing units; `need` is how many base units of `sku` one of them takes.

    `granted`: got from sources and not given back since it was opened. `exposed`: at most so many are sold
    or on the counter. `sold`: by the orders known now. `claimed`: those, and what was cancelled too shortly
    before `zero_at` to be surely back on the counter by then. `coming`: asked of a source, not answered yet.

    `zero_at` is the end of a look that showed 0 after `lands_until`, when all that was sent had landed; nothing
    was raised since. `lowered_from` is what it showed when we lowered it, 0 if it ran out by itself.
    """

    sku: Sku
    need: int
    lands_until: datetime
    granted: int = 0
    exposed: int = 0
    sold: int = 0
    claimed: int = 0
    coming: int = 0
    opened_at: datetime | None = None
    zero_at: datetime | None = None
    lowered_from: int = 0

    @property
    def owned(self) -> int:
        """Units not sold yet, on the counter or off it."""
        return self.granted - self.sold

    @property
    def spare(self) -> int:
        """Units that are surely neither sold nor on the counter."""
        return self.granted - max(self.exposed, self.sold)

    @property
    def unsure(self) -> int:
        """Units of which nobody can tell, while the counter shows 0, whether they were sold."""
        return max(0, self.exposed - self.sold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One look at the counter, begun and ended by our clock, and up to when orders are known completely.

    `locked` units are held by campaigns and creators: the shop refuses to show fewer.
    """

    shown: int
    began: datetime
    ended: datetime
    orders_until: datetime
    locked: int = 0

    def judges(self, account: Account) -> bool:
        """Whether it is quick enough, and late enough after everything that was sent, to judge by its 0."""
        return self.began >= account.lands_until and self.ended - self.began <= SHOWN_WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the rules want of a listing, in listing units.

    `target`: how many it should own. `free`: how many its sources can give it now; 0 while one of them is not
    believed. `dry`: who else has run dry. `short`: the sources have fewer units than are owned. `steady`:
    the readings contain every move made so far. `ending`: why it shall own nothing any more, `halted`: why it
    may show nothing for now.
    """

    target: int
    free: int
    cap: int
    zero_below: int = 0
    dry: str = ""
    short: bool = False
    steady: bool = True
    ending: str = ""
    halted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done next for one listing.

    `show` is what it should show once everything is done (None: what it shows), `covered` the part of it that
    is owned already: only that may be sent. `allot` and `give_back` are moved between source and listing.
    `settle`, `note_zero`, `opens` and `closes` are what the account becomes. `waiting` says what for, and `due`
    when to look again if that is known.
    """

    show: int | None = None
    covered: int = 0
    reason: str = ""
    allot: int = 0
    give_back: int = 0
    settle: int | None = None
    note_zero: datetime | None = None
    opens: bool = False
    closes: bool = False
    waiting: str = ""
    due: datetime | None = None

    @property
    def is_note(self) -> bool:
        """Whether the account changes before anything is sent or moved."""
        return self.settle is not None or self.note_zero is not None or self.opens or self.closes


def decide(account: Account, sight: Sight, wish: Wish) -> Step:
    """The next step of one listing; a pure function, so that it can be told as well as taken."""
    if account.opened_at is None:
        return _opening(account, sight, wish)
    if sight.shown > 0:
        return _on_sale(account, sight, wish)
    return _at_zero(account, sight, wish)


def _opening(account: Account, sight: Sight, wish: Wish) -> Step:
    """Nothing is owned before the counter stood at 0 and every order from before is known."""
    if wish.ending:
        return Step(closes=True)
    if sight.shown > 0:
        return _lowered(sight, "escrow begins: it shows units that it does not own yet")
    if account.zero_at is None:
        return _noted(account, sight, SHOWN_WITHIN)
    if sight.orders_until < account.zero_at + SHOWN_WITHIN:
        return _known_at(account.zero_at + SHOWN_WITHIN)
    return Step(opens=True, waiting="escrow has begun", due=sight.ended)


def _on_sale(account: Account, sight: Sight, wish: Wish) -> Step:
    """A counter that sells is left alone, unless it must not be or somebody else has run dry."""
    shown = sight.shown
    reason = _must_fall(account, shown, wish)
    if reason:
        return _lowered(sight, reason)
    if not wish.dry or shown < LEAST_TO_SHARE or shown <= wish.target:
        return Step()
    if not wish.steady:
        return Step(waiting="the sources' readings do not contain the last move yet")
    if sight.began < account.lands_until:
        return _lands(account)
    return _lowered(sight, f"{wish.dry} has run dry: of {shown}, {shown - wish.target} go back")


def _must_fall(account: Account, shown: int, wish: Wish) -> str:
    """Why a counter may not go on selling, or an empty text."""
    if wish.ending or wish.halted:
        return wish.ending or wish.halted
    if shown > account.owned:
        return f"it shows {shown} and owns {max(0, account.owned)}"
    if shown < wish.zero_below:
        return f"zero_below {wish.zero_below}"
    if wish.short and shown > wish.target:
        return "the sources have fewer units than are owned"
    uncounted = account.unsure - shown
    if account.lowered_from and uncounted > 0:
        return f"{counted(uncounted, 'unit')} taken off before cannot be counted while it sells"
    return ""


def _lowered(sight: Sight, reason: str) -> Step:
    if sight.locked:
        return Step(waiting=f"{reason}, but campaigns and creators hold {sight.locked}")
    return Step(show=0, reason=reason, due=sight.ended)


def _at_zero(account: Account, sight: Sight, wish: Wish) -> Step:
    """At 0 units come to rest: they are counted, taken or given back, and shown again."""
    note = _settlement(account, sight)
    exposed = account.exposed if note.settle is None else note.settle
    if exposed > account.sold and account.lowered_from:
        return note
    spare = account.granted - max(exposed, account.sold)
    if wish.ending:
        return _ending(account, wish, spare, note)
    if wish.halted:
        return replace(note, waiting=wish.halted)
    kept = min(spare, wish.target) if wish.steady else spare
    allot = min(max(0, wish.target - account.owned - account.coming), wish.free)
    show = _allowed(kept + allot, wish)
    if not show:
        kept, allot = 0 if wish.steady else kept, 0
    return replace(
        note,
        show=show or None,
        covered=_allowed(kept, wish),
        reason=f"owns {kept}" + (f", takes {allot} more" if allot else ""),
        allot=allot,
        give_back=max(0, spare - kept),
        waiting=note.waiting or _coming(account),
    )


def _ending(account: Account, wish: Wish, spare: int, note: Step) -> Step:
    """Everything is given back, and what was sold beyond it taken; then the account is closed."""
    give_back = max(0, spare) if wish.steady else 0
    allot = min(max(0, -account.owned - account.coming), wish.free)
    over = account.owned == 0 and not account.coming and not note.waiting
    waiting = note.waiting or ("" if over else _coming(account) or "its units go back")
    return replace(note, give_back=give_back, allot=allot, closes=over, waiting=waiting)


def _settlement(account: Account, sight: Sight) -> Step:
    """What is known of the units that were on the counter before it came to 0."""
    if not account.unsure:
        return Step()
    patience = SHOWN_WITHIN if account.unsure <= account.lowered_from else LATE
    if account.zero_at is None:
        return _noted(account, sight, patience)
    if sight.orders_until < account.zero_at + patience:
        return _known_at(account.zero_at + patience)
    settle = min(account.exposed, account.claimed)
    if settle <= account.sold:
        return Step(settle=settle)
    return replace(_noted(account, sight, SHOWN_WITHIN), settle=settle)


def _noted(account: Account, sight: Sight, patience: timedelta) -> Step:
    """Judge by this look at 0, once all orders up to it are known."""
    if not sight.judges(account):
        return _lands(account)
    return replace(_known_at(sight.ended + patience), note_zero=sight.ended)


def _allowed(units: int, wish: Wish) -> int:
    """Within `cap`, and nothing at all below `zero_below`."""
    capped = max(0, min(units, wish.cap))
    return 0 if capped < wish.zero_below else capped


def _lands(account: Account) -> Step:
    text = f"what was sent may still land until {_clock(account.lands_until)}"
    return Step(waiting=text, due=account.lands_until)


def _known_at(moment: datetime) -> Step:
    return Step(waiting=f"all its orders are known at {_clock(moment)}", due=moment)


def _coming(account: Account) -> str:
    return f"{counted(account.coming, 'unit')} asked of the source" if account.coming else ""


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S} UTC"


def granted_of(asked: int, quantity_after: int, need: int) -> tuple[int, int]:
    """Listing units that a source really gave of `asked` base units, and base units that go back to it.

    A source that ends below 0 had sold some of them itself; what does not fill a listing unit goes back too.
    """
    given = max(0, asked + min(0, quantity_after))
    units = given // need
    return units, asked - units * need


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """Another listing that draws on the same units: its share of all of them, and the base units it owns."""

    name: str
    share: Decimal
    owned: int
    need: int = 1


def part_of(share: Decimal, count: int) -> Decimal:
    """One of so many equal parts of a share, rounded up so that thirds of 3 are 1."""
    return (share / count).quantize(Decimal("0.0001"), ROUND_UP)


def who_is_dry(
    left: int, pot: int, own_shop: str, own_share: Decimal, others: Sequence[Claimant]
) -> str:
    """Who has run dry while others have units, or an empty text.

    `left` base units are at the sources, `pot` are all that were not sold. The merchant's own shop, where it
    sells from the same source (`own_shop` is empty otherwise), is dry below a LOW-th of its share; another
    listing once it owns nothing and the sources cannot give it anything.
    """
    due = int(own_share * pot)
    if own_shop and due and left * LOW <= due:
        return own_shop
    for other in others:
        if other.owned < other.need and left < other.need <= int(other.share * pot):
            return other.name
    return ""

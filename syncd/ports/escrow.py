"""What the engine asks of the ledger about escrow: accounts, their moves, and what is written before a send."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syncd.domain.escrow import Account, Step
from syncd.domain.identity import ChannelName, ListingRef, Place, Sku
from syncd.domain.write_back import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The account of one listing. `booked`: its units are taken off sources that are written back."""

    channel: ChannelName
    ref: ListingRef
    account: Account
    booked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMove:
    """Units to be allotted to a listing or given back: `units` of it, `base` units of its SKU.

    `place` is None where units are only counted. Such an allotment is refused when all accounts of the SKU
    together were no longer granted `granted_before` base units: somebody else was quicker.
    """

    ref: ListingRef
    effect: Effect
    units: int
    base: int
    place: Place | None
    reason: str
    granted_before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move as it stands. `granted` listing units came of it; None while nobody knows."""

    channel: ChannelName
    ref: ListingRef
    sku: Sku
    effect: Effect
    units: int
    base: int
    place: Place | None
    granted: int | None
    reason: str
    stored_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a channel owns: listings with an account, units not sold, units asked for.

    `counted` listings stand at 0 until all their orders are known; `gone` ones own units and are no longer
    listed.
    """

    listings: int
    owned: int
    coming: int
    counted: int
    gone: int


class EscrowLedger(Protocol):
    """What listings own, and the units on their way. Writers raise LeaseLost for an old fencing number."""

    def escrow_accounts(
        self, skus: Iterable[Sku], refs: Iterable[tuple[ChannelName, ListingRef]]
    ) -> Sequence[Held]:
        """The accounts of all channels that own units of these SKUs, and those of these listings."""
        ...

    def escrowed(self, channel: ChannelName) -> Sequence[Held]:
        """Every account of a channel."""
        ...

    def escrow_totals(self, channel: ChannelName) -> Totals:
        """What a channel owns as a whole."""
        ...

    def open_escrow(self, channel: ChannelName, fence: int, accounts: Iterable[Held]) -> None:
        """Keep new accounts; one that a listing has already stays as it is."""
        ...

    def note_escrow(
        self, channel: ChannelName, fence: int, steps: Iterable[tuple[ListingRef, Step]]
    ) -> None:
        """What steps say of accounts. An account that opens takes over its listing's open order lines."""
        ...

    def expose(
        self, channel: ChannelName, fence: int, raised: Iterable[tuple[ListingRef, int]],
        lowered: Iterable[tuple[ListingRef, int]], lands_until: datetime,
    ) -> frozenset[ListingRef]:  # fmt: skip
        """Durable before these numbers are sent; answers which of the raised ones are covered by what is owned.

        Of lowered listings it is kept what they still showed.
        """
        ...

    def doubt_escrow(
        self, channel: ChannelName, fence: int, refs: Iterable[ListingRef], lands_until: datetime
    ) -> None:
        """What was sent to these listings by a process that died may still land until then."""
        ...

    def move_escrow(self, channel: ChannelName, fence: int, moves: Iterable[NewMove]) -> int:
        """Store moves, with their bookings; answers how many. More than is spare is never given back."""
        ...

    def end_moves(self, channel: ChannelName, fence: int) -> int:
        """Credit what sources gave; answers how many moves came to their end.

        A source that ended below zero had sold some units itself: they go back to it at once.
        """
        ...

    def moving(self, skus: Iterable[Sku]) -> Mapping[Sku, Mapping[Place, int]]:
        """Base units by which moves change places beyond what readings contain; only SKUs on the move."""
        ...

    def granted_base(self, sku: Sku) -> int:
        """Base units that all accounts of a SKU were granted."""
        ...

    def escrow_moves(self, sku: Sku, limit: int) -> Sequence[Move]:
        """The latest moves of a SKU, newest first."""
        ...

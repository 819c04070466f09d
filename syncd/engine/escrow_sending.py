"""What is sent to a listing that shows only what it owns, and what is written down before it is sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from syncd.domain.change import Change, Field
from syncd.domain.escrow import LANDS_WITHIN, Step
from syncd.domain.identity import ListingRef
from syncd.domain.listing import Listing
from syncd.engine.drafting import Drafted
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.ports.ledger import Lease


def escrow_amount(
    row: Change, live: Listing | None, step: Step | None, orders_complete_until: datetime | None
) -> int | None:
    """The number to send; None when none has to be sent.

    0 while that is still the next step; else what the listing owns by now, never more than was judged,
    from 0 only and with every order up to the look known.
    """
    if live is None or step is None:
        return None
    if not row.after:
        return 0 if step.show == 0 and live.available else None
    number = min(row.after, step.covered)
    complete = orders_complete_until is not None and orders_complete_until >= live.observed_at
    return number if number and not live.available and complete else None


def covered(
    engine: EngineSetup, setup: ChannelSetup, lease: Lease, drafted: Drafted,
    rows: Sequence[Change], live: Mapping[ListingRef, Listing],
) -> Sequence[Change]:  # fmt: skip
    """These rows without numbers that nobody owns. Durable before they are sent; LeaseLost as for intents."""
    owned = [row for row in rows if row.ref in drafted.escrowed and row.field is Field.QUANTITY]
    if not owned:
        return rows
    raised = [(row.ref, row.after) for row in owned if row.after]
    allowed = engine.ledger.expose(
        setup.name,
        lease.fence,
        raised=raised,
        lowered=[(row.ref, live[row.ref].available) for row in owned if not row.after],
        lands_until=engine.clock.now() + LANDS_WITHIN,
    )
    lost = {ref for ref, _ in raised} - allowed
    return [row for row in rows if row.field is not Field.QUANTITY or row.ref not in lost]

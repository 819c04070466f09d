"""A daemon's full comparison with a shop: every listing read, beside the cycles that publish."""

from collections.abc import Callable
from dataclasses import replace

from syncd.domain.errors import ChannelError, ChannelUnauthorized
from syncd.domain.report import ChannelReport, ChannelState, Report
from syncd.engine.cycle import Task, finish
from syncd.engine.ordering import mark_demanded, open_lines
from syncd.engine.scanning import scan
from syncd.engine.setup import ChannelSetup, EngineSetup


def reconcile(
    engine: EngineSetup, setup: ChannelSetup, task: Task, render: Callable[[Report], str]
) -> Report:
    """Read everything the channel lists; what differs from what was sent is marked dirty.

    The next cycle looks at it again, with the orders that may explain it, and tells what is drift.
    """
    run = engine.ledger.begin_run(task.word)
    started = engine.clock.now()
    part = ChannelReport(name=setup.name, state=ChannelState.OK)
    try:
        found = scan(engine, setup, run)
        mark_demanded(engine, open_lines(engine, engine.ledger.standings()))
        part = replace(
            part,
            message=f"{found.total} listings read, {found.new} new, {found.gone} gone, "
            f"{found.differing} show other units than were sent",
        )
    except ChannelUnauthorized as error:
        part = replace(part, state=ChannelState.UNAUTHORIZED, message=str(error))
    except ChannelError as error:
        part = replace(part, state=ChannelState.UNAVAILABLE, message=str(error))
    part = replace(part, listings=engine.ledger.listing_count(setup.name))
    return finish(engine, run, started, task, ((), (part,)), render)

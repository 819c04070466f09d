"""`syncd run`, which refuses to be the second daemon before it loads all that a daemon needs."""

from syncd.domain.report import ExitCode
from syncd.ledger.processes import refuse_second_daemon
from syncd.service.context import Context


def run(context: Context) -> ExitCode:
    """Serve until told to stop. Raises LeaseHeld, naming the pid, when another daemon serves this ledger."""
    refuse_second_daemon(context.settings.ledger_path, context.clock.now())
    from syncd.service.daemon import run as serve

    return serve(context)

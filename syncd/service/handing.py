"""How a command hands its work to the daemon that holds the channel, and waits for the answer."""

import sys
from collections.abc import Callable, Sequence

from syncd.domain.errors import UsageError
from syncd.domain.identity import ChannelName, Sku
from syncd.domain.report import ExitCode
from syncd.ledger.store import SqlLedger, open_ledger
from syncd.ports.clock import Clock
from syncd.ports.service import Reply, Running, Word
from syncd.service.context import Context

GLANCE = 0.2


def hand_over(
    context: Context, ledger: SqlLedger, running: Running, channels: Sequence[ChannelName],
    skus: Sequence[Sku], show: Callable[[str], None],
) -> ExitCode:  # fmt: skip
    """`apply` by the daemon; `show` gets the JSON of its report, as if it had been done here."""
    sys.stderr.write(f"the daemon (pid {running.pid}) does it; waiting for its report\n")
    reply = wait(ledger, context.clock, ledger.ask(Word.APPLY, channels, skus))
    stored = None if reply.run is None else ledger.report(reply.run)
    if stored is None or stored.document is None:
        sys.stderr.write(f"syncd: {reply.text}\n")
        return ExitCode(reply.code)
    show(stored.document)
    return ExitCode(reply.code)


def wait(ledger: SqlLedger, clock: Clock, number: int) -> Reply:
    """The daemon's answer; an answer in its name when it died over it."""
    while True:
        reply = ledger.reply_to(number)
        if reply is not None:
            return reply
        if ledger.running() is None:
            text = "the daemon is gone before it answered; run the command again"
            return Reply(code=int(ExitCode.UNAVAILABLE), text=text)
        clock.sleep(GLANCE)


def wake(ledger: SqlLedger, channels: Sequence[ChannelName]) -> bool:
    """Let a running daemon publish these channels at once; answers whether one runs."""
    if ledger.running() is None:
        return False
    ledger.ask(Word.PUBLISH, channels, ())
    return True


def reload(context: Context) -> ExitCode:
    """Let the daemon read the configuration again; what it says."""
    with open_ledger(context.settings.ledger_url, context.clock) as ledger:
        if ledger.running() is None:
            raise UsageError("no daemon runs on this ledger; `syncd run` starts one")
        reply = wait(ledger, context.clock, ledger.ask(Word.RELOAD, (), ()))
    stream = sys.stdout if reply.code == ExitCode.DONE else sys.stderr
    stream.write(reply.text + "\n")
    return ExitCode(reply.code)

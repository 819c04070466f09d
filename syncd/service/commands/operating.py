"""The commands by which an operator decides: release, pause, resume, park, unpark."""

import sys

from syncd.domain.counting import counted
from syncd.domain.duration import parse_duration, written
from syncd.domain.errors import UsageError
from syncd.domain.identity import ChannelName, Sku
from syncd.domain.report import ExitCode
from syncd.domain.shortage import stays_at_zero
from syncd.ledger.store import SqlLedger, open_ledger_for_writing
from syncd.ports.records import Park
from syncd.service.context import Context
from syncd.service.handing import wake
from syncd.service.wiring import named


def release(context: Context, channel: str, digest: str, reason: str, span: str) -> ExitCode:
    """Approve a held plan; needs no lease, a running daemon picks it up."""
    (name,) = named([channel], context.settings.channels, "channel")
    try:
        lasting = parse_duration(span)
    except ValueError as error:
        raise UsageError(f"--for: {error}") from error
    if not reason.strip():
        raise UsageError("--reason: say why the plan may be sent")
    with _ledger(context) as ledger:
        stored = ledger.plan(name, digest)
        if stored is None:
            raise UsageError(f"{name} has no saved plan {digest}; `syncd plan {name}` shows one")
        held = [row for row in stored.rows if row.held_by is not None]
        if not held:
            raise UsageError(f"plan {stored.digest} of {name} holds nothing: nothing to release")
        ledger.approve(name, stored.digest, reason, context.clock.now() + lasting)
        served = wake(ledger, [name])
    then = "the daemon sends them now" if served else f"`syncd apply {name}` sends them"
    _say(f"{counted(len(held), 'held change')} of {name} released for {written(lasting)}; {then}")
    return ExitCode.DONE


def pause(context: Context, channel: str, reason: str) -> ExitCode:
    """Stop writing to a channel."""
    (name,) = named([channel], context.settings.channels, "channel")
    with _ledger(context) as ledger:
        ledger.pause(name, reason)
    _say(f"{name} is paused: {reason}")
    return ExitCode.DONE


def resume(context: Context, channel: str) -> ExitCode:
    """Go on writing to a channel."""
    (name,) = named([channel], context.settings.channels, "channel")
    with _ledger(context) as ledger:
        was_paused = ledger.resume(name)
        wake(ledger, [name])
    _say(f"{name} goes on" if was_paused else f"{name} was not paused")
    return ExitCode.DONE


def park(context: Context, sku: str, channel: str | None, reason: str) -> ExitCode:
    """Set a SKU's listings aside until unparked."""
    names = named([channel] if channel else [], context.settings.channels, "channel")
    with _ledger(context) as ledger:
        for name in names:
            ledger.park(
                Park(
                    channel=name, sku=_known(ledger, name, sku), ref=None, field=None,
                    code="by hand", message=reason, since=context.clock.now(), until=None,
                )
            )  # fmt: skip
    _say(f"{sku} is parked on {', '.join(names)}: {reason}")
    return ExitCode.DONE


def _known(ledger: SqlLedger, name: ChannelName, sku: str) -> Sku:
    """The SKU, unless neither a listing nor a source has it."""
    wanted = Sku(sku)
    if not ledger.bound(name, [wanted]) and not ledger.positions([wanted]):
        raise UsageError(f"neither {name} nor a source knows the SKU {sku!r}; see `syncd listings`")
    return wanted


def unpark(context: Context, sku: str, channel: str | None, reason: str | None) -> ExitCode:
    """Take a SKU's listings back into the cycle, and with a reason also what was sold out."""
    if reason is not None and not reason.strip():
        raise UsageError("--reason: say why the stock is right")
    names = named([channel] if channel else [], context.settings.channels, "channel")
    with _ledger(context) as ledger:
        count = sum(ledger.unpark(name, Sku(sku)) for name in names)
        said = [_sold_out(ledger, name, Sku(sku), reason) for name in names]
        wake(ledger, names)
    if count or not any(said):
        _say(f"{count} parked of {sku} taken back" if count else f"{sku} was not parked")
    for words in filter(None, said):
        _say(words)
    return ExitCode.DONE


def _sold_out(ledger: SqlLedger, name: ChannelName, sku: Sku, reason: str | None) -> str:
    """Let a SKU rise after an out-of-stock cancellation, or say what does; nothing where there was none."""
    if reason is not None:
        restocked = ledger.restock(name, sku, reason)
        words = f"{sku} on {name} may rise after your out-of-stock cancellation: {reason}"
        return words if restocked else ""
    shown = ledger.bound(name, [sku]).get(sku, ())
    empty = sku in ledger.sold_out(name) and any(not row.listing.available for row in shown)
    return f"{sku} on {name}: {stays_at_zero(sku)}" if empty else ""


def _ledger(context: Context) -> SqlLedger:
    return open_ledger_for_writing(context.settings.ledger_url, context.clock)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")

"""The command line: what can be typed, and nothing about how it is done."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from syncd.domain.errors import ConfigError, LedgerError, SyncdError, UsageError
from syncd.domain.report import ExitCode
from syncd.service.cli_bookings import bookings
from syncd.service.cli_parking import park, unpark
from syncd.service.cli_sandbox import sandbox
from syncd.service.cli_shops import connect, webhooks
from syncd.service.cli_simulate import simulate
from syncd.service.context import Context
from syncd.service.logs import hidden
from syncd.service.ownership import advice

app = typer.Typer(
    name="syncd",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Keeps the quantities and prices that TikTok Shop shows equal to what can really be sold.",
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept in the ledger.")]
OptionalReason = Annotated[str | None, typer.Option("--reason", help="Why; kept in the ledger.")]
Channels = Annotated[
    list[str] | None,
    typer.Argument(metavar="[CHANNEL]...", help="Channels; all when none is named."),
]


@app.callback()
def root(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            readable=False,  # who may not read it is told so by the loader
            help="The YAML mapping (default: $SYNCD_CONFIG, ./config/syncd.yaml, /etc/syncd/syncd.yaml).",
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Global options."""
    if version:
        from syncd import __version__

        typer.echo(f"syncd {__version__}")
        raise typer.Exit
    context.obj = Context(config=config, verbose=verbose)


@app.command()
def init(
    context: typer.Context,
    path: Annotated[
        Path | None,
        typer.Argument(help="Where to write it (default: --config or config/syncd.yaml)."),
    ] = None,
) -> None:
    """Write a commented starter configuration (mode: observe)."""
    from syncd.service.commands.setting_up import init as command

    _leave(command(context.obj, path))


@app.command()
def demo(
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Work in this folder and keep it.")
    ] = None,
) -> None:
    """Run the whole pipeline on sample data against a shop simulated on loopback."""
    from syncd.service.demo import demo as command

    _leave(command(keep, main))


@app.command("check-config")
def check_config(context: typer.Context, as_json: Json = False) -> None:
    """Check the configuration; every problem at once, as file:line:column."""
    from syncd.service.commands.setting_up import check_config as command

    _leave(command(context.obj, as_json))


@app.command()
def doctor(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Sources and channels; all when none is named."),
    ] = None,
    probe: Annotated[str | None, typer.Option(metavar="SKU", help="Try it out on a SKU.")] = None,
    zero: Annotated[bool, typer.Option("--zero", help="With --probe: try 0, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --probe: do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Test each connection for real and say what to do.

    Every source is read once to its end: how many rows, how many are rejected and why, five of them, how
    long it takes; then what its kind can tell: permissions, clock, cost. Nothing is recorded.

    With --probe, one listing of one channel is lowered by one, read until the shop shows it, and put back;
    what was learned is kept with its date.
    """
    if probe is not None:
        from syncd.service.commands.probing import Asked, try_on

        asked = Asked(names=tuple(names or ()), sku=probe, zero=zero, agreed=yes)
        _leave(try_on(context.obj, asked, as_json))
    from syncd.service.commands.examining import doctor as command

    _leave(command(context.obj, names or [], as_json))


@app.command()
def ingest(
    context: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE]...", help="Sources; all when none is named."),
    ] = None,
    accept: Annotated[
        str | None,
        typer.Option(
            "--accept", metavar="FINGERPRINT", help="Take this one refused content, once."
        ),
    ] = None,
    reason: OptionalReason = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything, also where changes would do.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read sources into the ledger."""
    from syncd.service.commands.running import Ingest
    from syncd.service.commands.running import ingest as command

    wanted = Ingest(sources=sources or [], accept=accept, reason=reason, whole=full)
    _leave(command(context.obj, wanted, as_json))


@app.command()
def plan(context: typer.Context, channels: Channels = None, as_json: Json = False) -> None:
    """Read sources, show what would change and save it; changes nothing on a channel."""
    from syncd.service.commands.running import plan as command

    _leave(command(context.obj, channels or [], as_json))


@app.command()
def apply(
    context: typer.Context,
    channels: Channels = None,
    plan_digest: Annotated[
        str | None,
        typer.Option(
            "--plan", metavar="DIGEST", help="Release this held plan, then run one cycle."
        ),
    ] = None,
    reason: OptionalReason = None,
    sku: Annotated[
        list[str] | None, typer.Option("--sku", help="Only this SKU; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read sources, plan, guard, send, read back, report."""
    from syncd.service.commands.running import Apply
    from syncd.service.commands.running import apply as command

    wanted = Apply(
        channels=tuple(channels or ()), digest=plan_digest, reason=reason, skus=tuple(sku or ())
    )
    _leave(command(context.obj, wanted, as_json))


@app.command()
def release(
    context: typer.Context,
    channel: str,
    digest: Annotated[str, typer.Argument(help="Digest of the held plan, or its beginning.")],
    reason: Reason,
    span: Annotated[str, typer.Option("--for", help="How long the approval lasts.")] = "24h",
) -> None:
    """Approve a held plan; the next cycle sends the rows that are no riskier than approved."""
    from syncd.service.commands.operating import release as command

    _leave(command(context.obj, channel, digest, reason, span))


@app.command()
def pause(context: typer.Context, channel: str, reason: Reason = "by hand") -> None:
    """Stop writing to a channel.

    Nothing is sent to it any more, so what it shows stays as it is and it goes on selling. Its orders are
    still read, taken off your sources (orders: write_back) and subtracted on your other channels.
    """
    from syncd.service.commands.operating import pause as command

    _leave(command(context.obj, channel, reason))


@app.command()
def resume(context: typer.Context, channel: str) -> None:
    """Go on writing to a channel."""
    from syncd.service.commands.operating import resume as command

    _leave(command(context.obj, channel))


app.command()(park)
app.command()(unpark)


@app.command()
def run(context: typer.Context) -> None:
    """Run as a daemon: every source and channel on its schedule, until SIGTERM."""
    from syncd.service.commands.serving import run as command

    _leave(command(context.obj))


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Show where sources and channels stand, what needs attention first."""
    from syncd.service.commands.looking import status as command

    _leave(command(context.obj, as_json))


@app.command()
def report(
    context: typer.Context,
    run_id: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run (default: the last).")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text, json, csv or html.")] = "text",
    as_json: Json = False,
) -> None:
    """Show the report of a run."""
    from syncd.service.commands.looking import report as command

    _leave(command(context.obj, run_id, "json" if as_json else form))


@app.command()
def history(
    context: typer.Context,
    sku: str,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many entries.")] = 50,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="Up to this time, with its positions then."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what happened to a SKU, newest first."""
    from syncd.service.commands.looking import history as command

    _leave(command(context.obj, sku, limit, at, as_json))


@app.command()
def explain(context: typer.Context, sku: str, as_json: Json = False) -> None:
    """Show why a SKU's listings show what they show."""
    from syncd.service.commands.looking import explain as command

    _leave(command(context.obj, sku, as_json))


@app.command()
def listings(context: typer.Context, as_json: Json = False) -> None:
    """Show what is mapped, unmapped both ways, parked, and SKUs that look like misspellings."""
    from syncd.service.commands.looking import listings as command

    _leave(command(context.obj, as_json))


@app.command()
def advise(
    context: typer.Context,
    channels: Channels = None,
    sku: Annotated[
        list[str] | None, typer.Option("--sku", help="Only this SKU; may be repeated.")
    ] = None,
    quantile: Annotated[
        str, typer.Option("--quantile", help="Share of all moments it must be enough for.")
    ] = "99.9%",
    as_json: Json = False,
) -> None:
    """Propose a safety stock per SKU by its own sales of 28 days and the delays that were measured.

    Needs no lease and changes nothing: it says what to write into the mapping.
    """
    from syncd.service.commands.advising import Asked
    from syncd.service.commands.advising import advise as command

    asked = Asked(channels=tuple(channels or ()), skus=tuple(sku or ()), quantile=quantile)
    _leave(command(context.obj, asked, as_json))


alerts = typer.Typer(no_args_is_help=True, help="Messages about what needs attention.")
app.add_typer(alerts, name="alerts")


@alerts.command("test")
def alerts_test(context: typer.Context) -> None:
    """Send one message to every address of `alerts.urls`; exit 5 when one of them fails."""
    from syncd.service.commands.alerting import try_addresses as command

    _leave(command(context.obj))


@app.command()
def reload(context: typer.Context) -> None:
    """Let the running daemon take the configuration as it is written now; says what it would change.

    An invalid file is refused with its lines and the former configuration stays in force.
    """
    from syncd.service.handing import reload as command

    _leave(command(context.obj))


app.add_typer(bookings, name="bookings")
for command in (connect, webhooks, sandbox, simulate):
    app.command()(command)


def _leave(code: ExitCode) -> None:
    raise typer.Exit(int(code))


def main(arguments: Sequence[str]) -> int:
    """Run one command; every expected error becomes a message on stderr and its exit code."""
    try:
        app(args=list(arguments), prog_name="syncd")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(bool(left.code))
    except ConfigError as error:
        return _config_problems(error, as_json="--json" in arguments)
    except UsageError as error:
        return _say(advice(error, arguments), ExitCode.USAGE)
    except LedgerError as error:
        return _say(f"ledger: {error}", ExitCode.UNEXPECTED)
    except SyncdError as error:
        return _say(str(error), ExitCode.UNAVAILABLE)
    except (KeyboardInterrupt, BrokenPipeError):
        return int(ExitCode.UNEXPECTED)
    return int(ExitCode.DONE)


def _say(text: str, code: ExitCode) -> int:
    sys.stderr.write(f"syncd: {hidden(text)}\n")
    return int(code)


def _config_problems(error: ConfigError, *, as_json: bool) -> int:
    if as_json:
        problems = [
            {"file": row.file, "line": row.line, "column": row.column, "path": row.path,
             "message": row.message, "hint": row.hint}
            for row in error.problems
        ]  # fmt: skip
        sys.stdout.write(
            json.dumps({"schema": 1, "ok": False, "problems": problems}, indent=2) + "\n"
        )
    else:
        sys.stderr.write("".join(f"{hidden(str(problem))}\n" for problem in error.problems))
        count = len(error.problems)
        sys.stderr.write(f"{count} problem{'s' if count != 1 else ''} in the configuration\n")
    return int(ExitCode.USAGE)

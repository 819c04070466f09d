"""The part of the command line about what is written into sources, and a person's word on it."""

from typing import Annotated

import typer

bookings = typer.Typer(
    invoke_without_command=True,
    help="Show what was sold here and is not taken off its source for sure, or say what became of it.",
)


@bookings.callback()
def listed(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on stdout.")
    ] = False,
) -> None:
    """Show bookings that are not done: refused, in doubt, waiting; those for a person first."""
    from syncd.service.commands.booking import bookings as command

    if context.invoked_subcommand is None:
        raise typer.Exit(int(command(context.obj, as_json)))


@bookings.command()
def settle(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="The key, or its first 8 digits or more.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the ledger.")],
    booked: Annotated[bool, typer.Option("--booked", help="The source has it.")] = False,
    missing: Annotated[
        bool, typer.Option("--not-booked", help="It has not: try again with a new key.")
    ] = False,
) -> None:
    """Say whether the source has a booking that was refused or never answered."""
    from syncd.service.commands.booking import Settlement
    from syncd.service.commands.booking import settle as command

    said = Settlement(key=key, reason=reason, booked=booked, missing=missing)
    raise typer.Exit(int(command(context.obj, said)))

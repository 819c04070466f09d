"""The part of the command line that sets SKUs aside and takes them back."""

from typing import Annotated

import typer

Channel = Annotated[str | None, typer.Option("--channel", help="The channel (default: every one).")]


def park(
    context: typer.Context,
    sku: str,
    channel: Channel = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the ledger.")] = "by hand",
) -> None:
    """Set a SKU's listings aside until unparked."""
    from syncd.service.commands.operating import park as command

    raise typer.Exit(int(command(context.obj, sku, channel, reason)))


def unpark(
    context: typer.Context,
    sku: str,
    channel: Channel = None,
    reason: Annotated[
        str | None,
        typer.Option(
            "--reason",
            help="Why its stock is right after your out-of-stock cancellation; kept in the ledger.",
        ),
    ] = None,
) -> None:
    """Take a SKU's listings back into the cycle.

    After you cancelled an order for want of stock a SKU stays at 0 until a source moves by itself. With
    --reason you say that the stock is right, and it may rise at once.
    """
    from syncd.service.commands.operating import unpark as command

    raise typer.Exit(int(command(context.obj, sku, channel, reason)))

"""The part of the command line that tries syncd out on a simulated merchant."""

from typing import Annotated

import typer


def simulate(
    design: Annotated[
        str, typer.Option(help="Which designs, joined by commas; B is the typical app.")
    ] = "B,G,GA,X",
    scenario: Annotated[
        str, typer.Option(help="steady, normal, viral or wholesale, joined by commas.")
    ] = "normal",
    orders: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="Buyers a run, rounded up to whole days.")
    ] = 2_000,
    seeds: Annotated[str, typer.Option(help="One, or a span such as 1-5.")] = "1",
    skus: Annotated[int, typer.Option(min=1, max=100_000, help="SKUs of the merchant.")] = 300,
    safety: Annotated[
        int, typer.Option(min=0, max=1_000, help="Units of each SKU that syncd withholds (not B).")
    ] = 0,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Runs at the same time; as many as there are cores."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on stdout.")
    ] = False,
) -> None:
    """Show how often a unit is sold that is not there, by design, in a world on simulated time.

    Nothing real is touched and no configuration is read. The planner, the ledger and the connector are the
    real ones; the merchant's shop, TikTok Shop, their buyers and everything that goes wrong are simulated:
    webhooks that are late, lost or doubled, requests and answers that get lost, readings cut off, and syncd
    itself, which is killed in the middle of a call every two days or so and started again.

    Every run is repeatable: the same seed gives the same buyers to every design and the same trace, whatever
    else runs beside it. Laws are
    checked all along (no order booked twice, no write without an intent, the right numbers at rest). When one
    is broken, the smallest run that breaks it is printed, line by line, and the exit code is 1.

    Designs: B a typical app that copies orders and stock both ways every 15 minutes; H, H5, H60 syncd with a
    source that cannot be written back and books orders late; E60 write-back, both sides polled every minute;
    G write-back and webhooks from both sides; GA the same with safety: adaptive; X allocation: escrow.

    Scenarios: steady, no bursts of demand; normal, 1 in 100 SKUs a day has one of up to 6 times its sales of
    a day within an hour; viral, 4 in 100 and up to 20 times; wholesale, as viral, with 20 units an order.

    Example: syncd simulate --design B,G --scenario normal,viral --seeds 1-5 --orders 40000
    """
    from syncd.service.commands.simulating import Asked
    from syncd.service.commands.simulating import simulate as command

    asked = Asked(
        designs=design, scenarios=scenario, seeds=seeds, orders=orders, skus=skus, safety=safety
    )
    raise typer.Exit(int(command(asked, jobs, as_json)))

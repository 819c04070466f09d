"""The part of the command line that serves simulated shops."""

from pathlib import Path
from typing import Annotated

import typer


def sandbox(
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, help="Of TikTok Shop; Shopify takes the next one. 0 takes free ones."
        ),
    ] = 0,
    seed: Annotated[
        Path | None, typer.Option(help="Seed data, JSON or CSV (default: sample data).")
    ] = None,
    rate: Annotated[
        float, typer.Option(min=0, help="Requests per second it takes; 0: no limit.")
    ] = 0.0,
    latency: Annotated[float, typer.Option(min=0, help="Seconds added to every answer.")] = 0.0,
    zero: Annotated[str, typer.Option(help="allow or refuse a quantity of 0.")] = "allow",
    read_delay: Annotated[
        float, typer.Option(min=0, help="Seconds until a write can be read.")
    ] = 0.0,
    order_delay: Annotated[
        float, typer.Option(min=0, help="Seconds until an order is listed.")
    ] = 0.0,
    clock_offset: Annotated[float, typer.Option(help="Seconds the shop's clock is ahead.")] = 0.0,
    token_life: Annotated[
        float, typer.Option(min=1, help="Seconds an access token lives.")
    ] = 604800.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FAULT",
            help="What goes wrong, as KIND[=VALUE][:MATCH[:TIMES[:AFTER]]]; may be repeated.",
        ),
    ] = None,
) -> None:
    """Serve a simulated TikTok Shop and a simulated Shopify shop on loopback until stopped.

    Prints one line of JSON once they listen. Clock, rate, latency, faults, orders, stock, prices and tokens
    can also be changed while they run: GET the control addresses of that line to see how.

    A CSV seed describes TikTok Shop: columns seller_sku (required), product, price, quantity, warehouse,
    status;
    a JSON seed is {"products": [{"title": …, "skus": [{"seller_sku": …, "price": …, "stock": {"Main": 5}}]}]},
    with app_key, app_secret, auth_code, shop, warehouses and orders where the defaults do not do, and
    "shopify": {"locations": [{"name": "Main"}], "products": [{"title": …, "status": "ACTIVE", "variants":
    [{"sku": …, "price": …, "levels": {"Main": 5}}]}]}; without that key the Shopify shop is a sample.

    KIND of a fault: refuse, http_500, http_503, timeout_before_commit, timeout_after_commit, garbage, html,
    truncated, code (VALUE: which), sku_error (VALUE: which), token_expired, slow (VALUE: seconds).
    shopify.KIND is for the Shopify shop; its control address lists the kinds.
    MATCH: a part of the request's path; TIMES: how often, 0 for ever; AFTER: requests let through first.
    Example: --fault timeout_after_commit:inventory/update:3
    """
    from syncd.ports import SandboxOptions
    from syncd.service.sandbox import serve

    options = SandboxOptions(
        port=port, seed=seed, rate=rate, latency=latency, zero=zero, read_delay=read_delay,
        order_delay=order_delay, clock_offset=clock_offset, faults=tuple(fault or ()),
        token_life=token_life,
    )  # fmt: skip
    raise typer.Exit(int(serve(options)))

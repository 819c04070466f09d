"""The part of the command line that ties shops to this machine: authorizations and webhooks."""

from typing import Annotated

import typer


def connect(
    context: typer.Context,
    channel: Annotated[str | None, typer.Argument(help="The channel to connect.")] = None,
    auth_code: Annotated[
        str | None,
        typer.Option(
            "--auth-code", help="The code that came back from the authorize page, or its address."
        ),
    ] = None,
    browser: Annotated[bool, typer.Option("--open", help="Open the link in a browser.")] = False,
    rotate: Annotated[
        bool, typer.Option("--rotate-key", help="Encrypt all stored tokens with a new key instead.")
    ] = False,
) -> None:
    """Authorize a channel: shows the link, takes the code, keeps the tokens encrypted.

    The code comes back over the web server of a running daemon (web.public_url/oauth/callback), or is pasted.

    --rotate-key makes a new key file beside the ledger; where the key is a credential, put the new one into
    syncd_token_key and the present one into syncd_token_key_old first.
    """
    from syncd.service.commands.connecting import Connect, rotate_key
    from syncd.service.commands.connecting import connect as command

    if rotate:
        raise typer.Exit(int(rotate_key(context.obj)))
    wanted = Connect(channel=channel, auth_code=auth_code, opened=browser)
    raise typer.Exit(int(command(context.obj, wanted)))


def webhooks(
    context: typer.Context,
    action: Annotated[str, typer.Argument(help="status, subscribe or unsubscribe.")] = "status",
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Channels and sources; all when none is named."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on stdout.")
    ] = False,
) -> None:
    """Show which webhooks shops send to web.public_url, ask for them, or give them up.

    TikTok Shop's inventory topics (68 and 71: who set a number, and when) cannot be asked for here: switch them
    on for your app in Partner Center, with the same address as the other topics.

    Exit 4 when a shop does not send here what is wanted.
    """
    from syncd.service.commands.webhooks import webhooks as command

    raise typer.Exit(int(command(context.obj, action, names or [], as_json)))

"""`syncd connect`: the link, the way back by page or paste, what was granted, and a new key for the tokens."""

import queue
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncd.domain.counting import counted
from syncd.domain.errors import ChannelError, UsageError
from syncd.domain.identity import ChannelName
from syncd.domain.report import ExitCode
from syncd.engine.setup import Silent
from syncd.ledger.store import SqlLedger, open_ledger_for_writing
from syncd.ports.authorization import AuthorizeLink
from syncd.service.authorizing import (
    STATE_LIFE,
    check_state,
    digest_of,
    new_state,
    pasted,
    take_state,
)
from syncd.service.authorizing import connect as exchange
from syncd.service.context import Context
from syncd.service.handing import wake
from syncd.service.wiring import Opened, named, opened_for_work, token_keys
from syncd.settings.settings import Settings
from syncd.settings.surroundings import Web

if TYPE_CHECKING:
    from syncd.ledger.tokens import SqlTokenStore

LOOKED_EVERY = 0.5
PROBED_WITHIN = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """What `syncd connect` was asked for."""

    channel: str | None = None
    auth_code: str | None = None
    opened: bool = False


def connect(context: Context, wanted: Connect) -> ExitCode:
    """Authorize a channel: with the code given, or with the one that comes back from the link."""
    if wanted.channel is None:
        names = ", ".join(context.settings.channels)
        raise UsageError(f"name the channel to connect: {names}")
    (name,) = named([wanted.channel], context.settings.channels, "channel")
    with opened_for_work(context.settings, context.clock, Silent()) as opened:
        if wanted.auth_code is not None:
            code = _vouched(context, opened, name, wanted.auth_code)
            return _exchanged(context, opened, name, code)
        return _Visit(context, opened, name).run(wanted.opened)


def rotate_key(context: Context) -> ExitCode:
    """Encrypt all stored tokens with a new key; running it again after a kill goes on where it stopped."""
    with open_ledger_for_writing(context.settings.ledger_url, context.clock) as ledger:
        count = token_keys(context.settings).rotate(_tokens(ledger, context.settings).reseal)
    sys.stdout.write(
        f"the tokens of {counted(count, 'channel')} are encrypted with the new key; a daemon that got "
        "its key as a credential must be restarted, then the credential syncd_token_key_old can go\n"
    )
    return ExitCode.DONE


def _tokens(ledger: SqlLedger, settings: Settings) -> "SqlTokenStore":
    return ledger.tokens(token_keys(settings))


def _vouched(context: Context, opened: Opened, channel: ChannelName, text: str) -> str:
    """The code in a bare code, for which whoever types it vouches, or in an address made for our own link.

    Raises UsageError when an address belongs to no link that was given out here and still counts.
    """
    returned = pasted(text)
    if returned.state is None:
        return returned.code
    if take_state(opened.ledger, returned.state, context.clock.now()) != channel:
        raise UsageError(
            "that address belongs to a link that was used before, is older than 10 minutes, or was not "
            f"made for {channel}; run `syncd connect {channel}` for a new one"
        )
    return returned.code


def _exchanged(context: Context, opened: Opened, name: ChannelName, code: str) -> ExitCode:
    channel = opened.engine.channels[name].channel
    try:
        lines = exchange(channel, code, context.clock.now())
    except ChannelError as error:
        sys.stderr.write(f"syncd: {name}: {error}\n")
        return ExitCode.UNAVAILABLE
    wake(opened.ledger, [name])
    return _told(name, lines)


def _told(name: ChannelName, lines: Sequence[str]) -> ExitCode:
    for line in lines:
        stream = sys.stderr if line.startswith("warning:") else sys.stdout
        stream.write(f"{name}: {line}\n")
    return ExitCode.DONE


class _Visit:
    """One link that was given out, until somebody comes back with its code."""

    def __init__(self, context: Context, opened: Opened, name: ChannelName) -> None:
        self._context = context
        self._opened = opened
        self._name = name
        self._state = new_state()

    def run(self, browser: bool) -> ExitCode:
        """Show or open the link, then take whichever comes first: the page or a paste."""
        link = _link(self._context.settings, self._name, self._state)
        web = self._context.settings.web
        served = web is not None and _is_served(web)
        typed = sys.stdin.isatty()
        sys.stdout.write(f"Open this link as the shop's owner and grant access:\n\n  {link}\n\n")
        sys.stdout.flush()
        self._opened.ledger.begin_authorization(self._name, digest_of(self._state))
        if not served and not typed:
            raise UsageError(
                f"then run `syncd connect {self._name} --auth-code CODE` with the code it returns; "
                "nothing listens at web.listen that could take it"
            )
        if browser:
            _open(link)
        return self._wait(_lines() if typed else None, _callback_of(web) if served else None)

    def _wait(self, lines: "queue.Queue[str] | None", callback: str | None) -> ExitCode:
        ways = [f"{callback} to be called"] if callback else []
        ways += ["the code, or the whole address you were sent to"] if lines else []
        self._say(f"waiting for {', or paste '.join(ways)} (10 minutes) …")
        clock = self._context.clock
        until = clock.monotonic() + STATE_LIFE.total_seconds()
        while clock.monotonic() < until:
            if lines is not None and not lines.empty():
                return self._pasted(lines.get())
            outcome = self._opened.ledger.authorization_outcome(digest_of(self._state))
            if outcome is not None and outcome.connected is not None:
                if outcome.connected:
                    return _told(self._name, outcome.message.splitlines())
                sys.stderr.write(f"syncd: {self._name}: {outcome.message}\n")
                return ExitCode.UNAVAILABLE
            clock.sleep(LOOKED_EVERY)
        raise UsageError(
            f"nobody came back within 10 minutes; run `syncd connect {self._name}` again"
        )

    def _pasted(self, text: str) -> ExitCode:
        returned = pasted(text)
        check_state(returned, self._state)
        take_state(self._opened.ledger, self._state, self._context.clock.now())
        return _exchanged(self._context, self._opened, self._name, returned.code)

    @staticmethod
    def _say(text: str) -> None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def _link(settings: Settings, name: ChannelName, state: str) -> str:
    options = settings.channels[name].options
    link = options.authorize_link(state) if isinstance(options, AuthorizeLink) else None
    if link is None:
        raise UsageError(
            f"channels.{name} has no service_id, so the link cannot be made: take the code from the "
            f"app's authorize page and run `syncd connect {name} --auth-code CODE`"
        )
    return link


def _is_served(web: Web) -> bool:
    """Whether something listens where the configuration says that a daemon does."""
    host, _, port = web.listen.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bare, bare)  # noqa: S104 - turned into loopback
    try:
        with socket.create_connection((here, int(port)), PROBED_WITHIN):
            return True
    except OSError:
        return False


def _callback_of(web: Web | None) -> str | None:
    if web is None:
        return None
    return f"{web.public_url or f'http://{web.listen}'}/oauth/callback"


def _lines() -> "queue.Queue[str]":
    """What is typed, read in a thread of its own, because nothing else can wait for two things at once."""
    found: queue.Queue[str] = queue.Queue()

    def read() -> None:
        line = sys.stdin.readline()
        if line.strip():
            found.put(line)

    threading.Thread(target=read, name="syncd-paste", daemon=True).start()
    return found


def _open(link: str) -> None:
    import webbrowser

    webbrowser.open(link)

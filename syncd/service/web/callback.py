"""`GET /oauth/callback`: where the authorize page sends the seller's browser back to, with code and state."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from syncd.domain.errors import ChannelError, UsageError
from syncd.domain.identity import ChannelName
from syncd.engine.setup import ChannelSetup
from syncd.ports.authorization import AuthorizationLedger
from syncd.ports.clock import Clock
from syncd.reporting.safety import markup
from syncd.service.authorizing import connect, digest_of, take_state

logger = logging.getLogger(__name__)

_AGAIN = "Run <code>syncd connect {channel}</code> for a new link and open it within 10 minutes."


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackEndpoint:
    """Takes a code whose state was given out by us within ten minutes and not used before."""

    channels: Mapping[ChannelName, ChannelSetup]
    ledger: AuthorizationLedger
    clock: Clock
    wake: Callable[[str], None]

    def come_back(self, request: Request) -> Response:
        """Exchange the code; a page that says what happened and what to do next."""
        query = request.query_params
        state = query.get("state", "")
        name = take_state(self.ledger, state, self.clock.now())
        setup = None if name is None else self.channels.get(name)
        if name is None or setup is None:
            logger.warning("an authorize page came back with a state that is not ours or too old",
                           extra={"action": "callback_refused"})  # fmt: skip
            return _page(
                400, "Not connected",
                ["This link was used before, is older than 10 minutes, or was not made here."],
                _AGAIN.format(channel="CHANNEL"),
            )  # fmt: skip
        return self._exchanged(name, setup, digest_of(state), query.get("code", ""))

    def _exchanged(
        self, name: ChannelName, setup: ChannelSetup, digest: str, code: str
    ) -> Response:
        try:
            lines = connect(setup.channel, code, self.clock.now())
        except (ChannelError, UsageError) as error:
            logger.warning("%s: not connected: %s", name, error,
                           extra={"action": "connect_failed", "channel": name})  # fmt: skip
            self.ledger.settle_authorization(digest, connected=False, message=str(error))
            return _page(400, f"{name} is not connected", [str(error)], _AGAIN.format(channel=name))
        logger.info("%s: %s", name, lines[0], extra={"action": "connected", "channel": name})
        self.ledger.settle_authorization(digest, connected=True, message="\n".join(lines))
        self.wake(name)
        return _page(200, f"{name} is connected", lines, "You may close this page.")


def _page(status: int, title: str, lines: "list[str] | tuple[str, ...]", last: str) -> Response:
    """A plain page; `last` is ours and may hold markup, everything else is escaped."""
    items = "".join(f"<p>{markup(line)}</p>" for line in lines)
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{markup(title)}</title>'
        f"<h1>{markup(title)}</h1>{items}<p>{last}</p></html>\n"
    )
    return HTMLResponse(text, status)

"""How an authorize link is given out and how the code that comes back is taken: by page or by paste alike."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

from syncd.domain.authorization import Authorization
from syncd.domain.counting import counted
from syncd.domain.errors import ChannelError, UsageError
from syncd.domain.identity import ChannelName
from syncd.ports.authorization import AuthorizationLedger, Authorizer
from syncd.ports.channel import Channel

STATE_LIFE = timedelta(minutes=10)
LONGEST_CODE = 2_000


@dataclass(frozen=True, slots=True)
class Returned:
    """What the authorize page sent back; `state` is None where there was none."""

    code: str
    state: str | None


def new_state() -> str:
    """A state nobody can guess."""
    return secrets.token_urlsafe(32)


def digest_of(state: str) -> str:
    """How a state is known to the ledger."""
    return sha256(state.encode("utf-8", "surrogateescape")).hexdigest()


def pasted(text: str) -> Returned:
    """The code in a pasted address, or the pasted code itself.

    Raises UsageError when an address has no code in it.
    """
    given = text.strip()
    if "://" not in given:
        return Returned(given, None)
    query = parse_qs(urlsplit(given).query)
    code, state = query.get("code", [""])[0], query.get("state", [None])[0]
    if not code:
        raise UsageError(
            "there is no code in that address; paste the one you were sent to in the end"
        )
    return Returned(code, state)


def check_state(returned: Returned, given_out: str | None) -> None:
    """UsageError when a pasted address belongs to another link than ours.

    A bare code has no state; whoever types it vouches for it.
    """
    if returned.state is None or given_out is None:
        return
    if not secrets.compare_digest(returned.state.encode(), given_out.encode()):
        raise UsageError(
            "that address belongs to another authorize link; open the link shown above and paste "
            "the address it leads to"
        )


def take_state(ledger: AuthorizationLedger, state: str, now: datetime) -> ChannelName | None:
    """The channel whose link had this state: unknown, used and old ones are nobody's."""
    if not state or len(state) > LONGEST_CODE:
        return None
    return ledger.use_authorization(digest_of(state), now - STATE_LIFE)


def connect(channel: Channel, code: str, now: datetime) -> tuple[str, ...]:
    """Exchange the code; what was granted, in sentences, the first of which says to whom.

    Raises ChannelUnauthorized or ChannelUnavailable.
    """
    if not 0 < len(code) <= LONGEST_CODE or not code.isprintable():
        raise UsageError("that is no code of an authorize page")
    sentence = channel.connect(code)
    return (sentence, *granted(channel, now))


def granted(channel: Channel, now: datetime) -> Iterator[str]:
    """The shops and scopes of the grant, and what is wrong with either."""
    if not isinstance(channel, Authorizer):
        return
    try:
        shops = channel.authorized_shops()
    except ChannelError as error:
        yield f"the shops could not be listed: {error}"
    else:
        yield f"{counted(len(shops), 'shop')} covered: {'; '.join(shops) or 'none'}"
    grant = channel.authorization()
    if grant is not None:
        yield from scope_lines(grant)
        yield from expiry_line(grant, now)


def scope_lines(grant: Authorization) -> Iterator[str]:
    """The scopes, those that are missing, and those that nothing uses."""
    if grant.granted is None:
        yield "the shop did not tell which scopes were granted"
        return
    yield f"scopes: {', '.join(grant.granted)}"
    for scope in grant.missing():
        yield (
            f"warning: scope {scope} is missing ({grant.needed[scope]}): add it to the app, then "
            "connect again, because a refresh does not add it"
        )
    spare = grant.superfluous()
    if spare:
        yield (
            f"warning: granted but not needed: {', '.join(spare)}; take them from the app, so that a "
            "stolen token can do less"
        )


def expiry_line(grant: Authorization, now: datetime) -> Iterator[str]:
    """A warning when the authorization ends soon."""
    if grant.warning_step(now) is not None:
        yield f"warning: the authorization ends on {grant.expires_at:%Y-%m-%d}; connect again before"

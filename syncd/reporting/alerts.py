"""Alerts as a message: short, what began first, each with the command that helps."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from syncd.domain.alerting import Event, Notice
from syncd.domain.counting import counted
from syncd.reporting.safety import visible

LONGEST = 1_500
"""Characters of a message, title aside: what Telegram, Slack, Teams and SMS gateways all take."""
LONGEST_TITLE = 120
_ROOM_FOR_MORE = 60
_ORDER = (Event.BEGAN, Event.ENDED, Event.STILL)
_WORDS = {Event.BEGAN: "began", Event.ENDED: "over", Event.STILL: "still open"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one address is sent. `good` tells that it only says what is over."""

    title: str
    text: str
    good: bool


def compose(notices: Sequence[Notice], timezone: tzinfo) -> Message:
    """One message for all of these; what does not fit is counted, and `syncd status` tells it."""
    ranked = sorted(notices, key=lambda notice: (_ORDER.index(notice.event), notice.at))
    return Message(
        title=_title(ranked),
        text=_fitted([_entry(notice, timezone) for notice in ranked]),
        good=all(notice.event is Event.ENDED for notice in ranked),
    )


def trial(timezone: tzinfo, now: datetime) -> Message:
    """What `syncd alerts test` sends."""
    text = (
        f"A test of {_time(now, timezone)}: alerts of syncd reach you here.\n"
        "Nothing is wrong, and nothing has to be done.\n→ syncd status"
    )
    return Message(title="syncd: test", text=text, good=True)


def _title(notices: Sequence[Notice]) -> str:
    if len(notices) == 1:
        (only,) = notices
        words = f"syncd: {_WORDS[only.event]}: {visible(only.condition.what)}"
        return words if len(words) <= LONGEST_TITLE else f"{words[:LONGEST_TITLE]}…"
    counts = [
        f"{number} {_WORDS[event]}"
        for event in _ORDER
        if (number := sum(1 for notice in notices if notice.event is event))
    ]
    return f"syncd: {', '.join(counts)}"


def _entry(notice: Notice, timezone: tzinfo) -> str:
    condition = notice.condition
    lines = [f"{_WORDS[notice.event].upper()} {_time(notice.at, timezone)}: {condition.what}"]
    if notice.event is not Event.ENDED:
        if condition.since is not None:
            lines.append(f"since {_time(condition.since, timezone)}")
        lines.append(f"→ {condition.help}")
    return "\n".join(visible(line) for line in lines)


def _time(moment: datetime, timezone: tzinfo) -> str:
    return f"{moment.astimezone(timezone):%Y-%m-%d %H:%M}"


def _fitted(entries: Iterable[str]) -> str:
    rows = list(entries)
    taken = list(_as_many_as_fit(rows))
    left = len(rows) - len(taken)
    if left:
        taken.append(f"… and {counted(left, 'more alert')}\n→ syncd status")
    return "\n\n".join(taken)


def _as_many_as_fit(entries: Iterable[str]) -> Iterator[str]:
    room = LONGEST - _ROOM_FOR_MORE
    for entry in entries:
        room -= len(entry) + 2
        if room < 0:
            return
        yield entry

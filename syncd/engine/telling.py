"""What a run says in the log: the state of each source and channel and what did not go well, by SKU.

Everything said here carries its `state`; the log tells only what changed (`ok` is told when it ends a trouble).
"""

import logging
from collections.abc import Iterator
from itertools import islice

from syncd.domain.counting import counted
from syncd.domain.outcome import Verdict
from syncd.domain.report import (
    ChangeReport,
    ChannelReport,
    ChannelState,
    Report,
    SourceReport,
    SourceState,
    Status,
)

logger = logging.getLogger(__name__)

MOST_NAMED = 50
"""SKUs named per channel and run; the report has all of them."""
_WELL = "ok"
_ILL = frozenset({Verdict.REJECTED, Verdict.CONTRADICTED, Verdict.UNKNOWN})
_DONE = frozenset({Verdict.VERIFIED, Verdict.ACCEPTED})


def tell(report: Report) -> None:
    """Say how the run went."""
    for source in report.sources:
        _source(report, source)
    for channel in report.channels:
        _channel(report, channel)
        _rows(report, channel)
    status = report.status()
    logger.log(
        logging.INFO if status is Status.CHANGED else logging.DEBUG,
        "run %s: %s", report.run, status,
        extra={"action": "run_finished", "run": report.run, "status": status.value},
    )  # fmt: skip


def _source(report: Report, source: SourceReport) -> None:
    extra = {"action": "source_read", "run": report.run, "source": source.name}
    if source.state in {SourceState.OK, SourceState.UNCHANGED}:
        logger.info("source %s: read", source.name, extra={**extra, "state": _WELL})
        return
    message = source.message or "see `syncd status`"
    logger.warning(
        "source %s: %s: %s", source.name, source.state, message,
        extra={**extra, "action": "source_refused", "state": source.state.value},
    )  # fmt: skip


def _channel(report: Report, channel: ChannelReport) -> None:
    extra = {"action": "channel_done", "run": report.run, "channel": channel.name}
    if channel.state is ChannelState.OK:
        logger.info("channel %s: in order", channel.name, extra={**extra, "state": _WELL})
        return
    message = channel.message
    if channel.state is ChannelState.HELD:
        held = sum(row.verdict is Verdict.HELD for row in channel.changes)
        texts = "; ".join(hazard.text for hazard in channel.hazards)
        message = f"{counted(held, 'change')} held for a person, see `syncd status`: {texts}"
    logger.warning(
        "channel %s: %s: %s", channel.name, channel.state, message,
        extra={**extra, "action": "channel_stopped", "state": channel.state.value},
    )  # fmt: skip


def _rows(report: Report, channel: ChannelReport) -> None:
    """What was sent, in one line; and each SKU that went wrong, or goes well again."""
    sent = [row for row in channel.changes if row.verdict in _ILL | _DONE]
    for row in sent:
        if row.verdict in _DONE:
            logger.info(
                "%s on %s: %s is right", row.change.sku, channel.name, row.change.field,
                extra={**_of(report, channel, row), "state": _WELL},
            )  # fmt: skip
    for row in islice(_ill(sent), MOST_NAMED):
        logger.warning(
            "%s on %s: %s %s: %s", row.change.sku, channel.name, row.change.field, row.verdict,
            " ".join(part for part in (row.code, row.message) if part),
            extra={**_of(report, channel, row), "state": row.verdict.value},
        )  # fmt: skip
    if sent:
        ill = sum(1 for _ in _ill(sent))
        logger.info(
            "channel %s: %s sent%s", channel.name, counted(len(sent), "change"),
            f", {ill} of them not as wanted" if ill else "",
            extra={"action": "published", "run": report.run, "channel": channel.name},
        )  # fmt: skip


def _ill(rows: list[ChangeReport]) -> Iterator[ChangeReport]:
    return (row for row in rows if row.verdict in _ILL)


def _of(report: Report, channel: ChannelReport, row: ChangeReport) -> dict[str, str]:
    return {
        "action": row.verdict.value, "run": report.run, "channel": channel.name,
        "sku": row.change.sku, "field": row.change.field.value,
    }  # fmt: skip

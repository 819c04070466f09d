"""Reads sources into the ledger: unchanged ones cheaply, refused ones without harm."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from syncd.domain.errors import (
    SourceError,
    SourceInvalid,
    SourceUnauthorized,
    SourceUnavailable,
    SyncdError,
)
from syncd.domain.identity import RunId, SourceName
from syncd.domain.report import SourceReport, SourceState
from syncd.domain.stock import Completeness, Freshness, SourceStanding, freshness
from syncd.engine.ordering import lines_about_to_be_read, mark_demanded
from syncd.engine.setup import EngineSetup, SourceSetup
from syncd.ports.records import SnapshotResult
from syncd.ports.source import SnapshotReader

logger = logging.getLogger(__name__)


def ingest_marked(
    engine: EngineSetup, run: RunId, names: Sequence[SourceName], *, whole: bool = False
) -> list[SourceReport]:
    """As `ingest`; SKUs of order lines that these readings may contain for the first time are planned again.

    Marked before, so that no crash forgets it, and again afterwards, because another run may have planned
    them while the source was read. Lines that are new or moved are marked as they come.
    """
    lines = lines_about_to_be_read(engine, names)
    mark_demanded(engine, lines)
    reports = ingest(engine, run, names, whole=whole)
    mark_demanded(engine, lines)
    return reports


def ingest(
    engine: EngineSetup, run: RunId, names: Iterable[SourceName], *, whole: bool = False
) -> list[SourceReport]:
    """Read these sources; a source that fails keeps its last good snapshot and stops no other.

    `whole` asks those that could tell what changed for everything.
    """
    reports = []
    for done, name in enumerate(names):
        engine.progress.step(f"reading {name}", done, None)
        setup = engine.sources[name]
        since = None if whole else _since(engine, setup)
        reports.append(_ingest_one(engine, run, setup, since))
    return reports


def _ingest_one(
    engine: EngineSetup, run: RunId, setup: SourceSetup, since: datetime | None
) -> SourceReport:
    try:
        return _read(engine, run, setup, since)
    except SourceError as error:
        return _failed(engine, run, setup, error)
    except SyncdError:  # the ledger's, say: no other source would fare better
        raise
    except Exception as error:
        logger.exception("source %s: an error that nobody foresaw", setup.name)
        # its text may hold a secret, and only the log takes those away
        text = f"unexpected {type(error).__name__}; the log has its details"
        return _failed(engine, run, setup, SourceUnavailable(text))


def _read(
    engine: EngineSetup, run: RunId, setup: SourceSetup, since: datetime | None
) -> SourceReport:
    standing = engine.ledger.standings().get(setup.name)
    # asked before the reading begins: what is confirmed later it may contain or not
    confirmations = 0 if setup.writer is None else engine.ledger.confirmations(setup.name)
    with setup.source.snapshot(since) as reader:
        known = reader.fingerprint
        if known is not None and _is_known(standing, setup, known):
            result = engine.ledger.record_unchanged(run, setup.name, reader.as_of, confirmations)
            state = SourceState.UNCHANGED
        else:
            result = engine.ledger.record_snapshot(
                run, setup.name, reader, setup.expectations, setup.form, confirmations
            )
            state = SourceState.OK
        if reader.completeness is Completeness.PARTIAL and not result.read:
            state = SourceState.UNCHANGED
        return _report(engine, setup, state, result, reader)


def _same_form(standing: SourceStanding | None, setup: SourceSetup) -> bool:
    """Whether its rows were read as they would be now; a ledger from before forms were kept is believed."""
    return standing is not None and standing.form in {None, setup.form}


def _is_known(standing: SourceStanding | None, setup: SourceSetup, fingerprint: str) -> bool:
    """Whether this very content was read before, in this form."""
    return (
        _same_form(standing, setup) and standing is not None and standing.fingerprint == fingerprint
    )


def _since(engine: EngineSetup, setup: SourceSetup) -> datetime | None:
    """From when on changes of the source suffice."""
    standing = engine.ledger.standings().get(setup.name)
    if standing is None or not _same_form(standing, setup):
        return None
    return standing.since(setup.source.delta_scope, setup.full_every, engine.clock.now())


def _report(
    engine: EngineSetup, setup: SourceSetup, state: SourceState, result: SnapshotResult,
    reader: SnapshotReader,
) -> SourceReport:  # fmt: skip
    standing = engine.ledger.standings()[setup.name]
    age = freshness(standing, setup.trust, engine.clock.now())
    return SourceReport(
        name=setup.name,
        state=state if age is Freshness.FRESH else SourceState.STALE,
        as_of=reader.as_of,
        rows=result.rows,
        read=result.read,
        completeness=reader.completeness,
        changed=result.changed,
        missing=result.missing,
        fingerprint=reader.fingerprint,
        rejected=tuple(result.rejects),
        rejected_count=result.rejected,
        message="; ".join(reader.notes),
    )


_STATES = {
    SourceInvalid: SourceState.INVALID,
    SourceUnauthorized: SourceState.UNAUTHORIZED,
}


def _failed(
    engine: EngineSetup, run: RunId, setup: SourceSetup, error: SourceError
) -> SourceReport:
    state = _STATES.get(type(error), SourceState.UNAVAILABLE)
    fingerprint = error.fingerprint if isinstance(error, SourceInvalid) else None
    engine.ledger.record_trouble(run, setup.name, state.value, str(error), fingerprint)
    standing = engine.ledger.standings()[setup.name]
    return SourceReport(
        name=setup.name,
        state=state,
        as_of=standing.as_of,
        rows=standing.rows,
        fingerprint=fingerprint,
        message=str(error),
        since=standing.trouble_since,
    )


def mark_what_time_changed(engine: EngineSetup) -> None:
    """Some positions and safety stocks mean something else only because time went by: mark the SKUs dirty."""
    now = engine.clock.now()
    standings = engine.ledger.standings()
    for setup in engine.sources.values():
        standing = standings.get(setup.name)
        if standing is None:
            continue
        engine.ledger.mark_missing_due(setup.name, now - setup.trust.missing.hold)
        engine.ledger.mark_freshness(setup.name, freshness(standing, setup.trust, now).value)
    for channel in engine.channels:
        engine.ledger.mark_withheld_due(channel, now)

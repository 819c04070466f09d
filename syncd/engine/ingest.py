"""Reads sources into the ledger: unchanged ones cheaply, refused ones without harm."""

import logging
from collections.abc import Iterable
from datetime import datetime

from syncd.domain.errors import SourceError, SourceInvalid, SourceUnauthorized
from syncd.domain.identity import RunId, SourceName
from syncd.domain.report import SourceReport, SourceState
from syncd.domain.stock import Freshness, freshness
from syncd.engine.setup import EngineSetup, SourceSetup
from syncd.ports.records import SnapshotResult

logger = logging.getLogger(__name__)


def ingest(engine: EngineSetup, run: RunId, names: Iterable[SourceName]) -> list[SourceReport]:
    """Read these sources; a source that fails keeps its last good snapshot and stops no other."""
    reports = []
    for done, name in enumerate(names):
        engine.progress.step(f"reading {name}", done, None)
        reports.append(_ingest_one(engine, run, engine.sources[name]))
    return reports


def _ingest_one(engine: EngineSetup, run: RunId, setup: SourceSetup) -> SourceReport:
    try:
        return _read(engine, run, setup)
    except SourceError as error:
        return _failed(engine, run, setup, error)


def _read(engine: EngineSetup, run: RunId, setup: SourceSetup) -> SourceReport:
    standing = engine.ledger.standings().get(setup.name)
    with setup.source.snapshot(None) as reader:
        if standing is not None and standing.fingerprint == reader.fingerprint:
            result = engine.ledger.record_unchanged(run, setup.name, reader.as_of)
            state = SourceState.UNCHANGED
        else:
            result = engine.ledger.record_snapshot(run, setup.name, reader, setup.expectations)
            state = SourceState.OK
        notes = "; ".join(reader.notes)
        return _report(engine, setup, state, result, reader.as_of, reader.fingerprint, notes)


def _report(
    engine: EngineSetup, setup: SourceSetup, state: SourceState, result: SnapshotResult,
    as_of: datetime, fingerprint: str, notes: str,
) -> SourceReport:  # fmt: skip
    standing = engine.ledger.standings()[setup.name]
    age = freshness(standing, setup.trust, engine.clock.now())
    return SourceReport(
        name=setup.name,
        state=state if age is Freshness.FRESH else SourceState.STALE,
        as_of=as_of,
        rows=result.rows,
        changed=result.changed,
        missing=result.missing,
        fingerprint=fingerprint,
        rejected=tuple(result.rejects),
        rejected_count=result.rejected,
        message=notes,
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
    logger.warning(
        "source %s: %s: %s", setup.name, state, error,
        extra={"action": "source_refused", "run": run, "source": setup.name},
    )  # fmt: skip
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
    """Some positions mean something else only because time went by: mark their SKUs dirty."""
    now = engine.clock.now()
    standings = engine.ledger.standings()
    for setup in engine.sources.values():
        standing = standings.get(setup.name)
        if standing is None:
            continue
        engine.ledger.mark_missing_due(setup.name, now - setup.trust.missing.hold)
        engine.ledger.mark_freshness(setup.name, freshness(standing, setup.trust, now).value)

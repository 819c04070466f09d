"""What the doctor finds out about a source: one whole reading, judged row by row and recorded nowhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from syncd.domain.counting import counted
from syncd.domain.duration import written
from syncd.domain.errors import SourceError, SourceUnauthorized
from syncd.domain.money import amount_text
from syncd.domain.stock import Reading, Reject, State
from syncd.engine.setup import EngineSetup, SourceSetup
from syncd.ports.clock import Clock
from syncd.ports.probe import Check, Verdict
from syncd.ports.source import SnapshotReader

SAMPLE = 5
LARGEST_SHARE = 2
"""A reading that takes more than this part (one half) of its interval leaves no room for trouble."""


def examine_source(engine: EngineSetup, setup: SourceSetup) -> tuple[Check, ...]:
    """One whole reading, then what the kind itself can tell; a failure is the last check."""
    checks: list[Check] = []
    try:
        checks += _reading(engine.clock, setup)
        checks += setup.source.probe(setup.every)
        checks += _writing(engine, setup)
    except SourceUnauthorized as error:
        help_ = f"give the access it asks for, then syncd ingest {setup.name}"
        checks.append(Check(text=str(error), verdict=Verdict.BAD, help=help_))
    except SourceError as error:
        help_ = f"mend it, then syncd ingest {setup.name}"
        checks.append(Check(text=str(error), verdict=Verdict.BAD, help=help_))
    return tuple(checks)


def _reading(clock: Clock, setup: SourceSetup) -> list[Check]:
    begun = clock.monotonic()
    with setup.source.snapshot(None) as reader:
        judged = _Judged(reader, _STOCK if setup.orders is not None else _PRICES)
        judged.read()
        took = clock.monotonic() - begun
        return [
            Check(text=f"{reader.origin}, as of {reader.as_of:%Y-%m-%d %H:%M} UTC: {judged}"),
            Check(text=f"sample: {'; '.join(judged.sample) or 'none'}"),
            *(Check(text=note) for note in reader.notes),
            *judged.worries(),
            _pace(took, setup.every),
        ]


def _writing(engine: EngineSetup, setup: SourceSetup) -> Iterator[Check]:
    """Whether orders can be taken off the source, and from when on they are."""
    if setup.writer is None:
        return
    yield from setup.writer.write_back_checks()
    since = engine.ledger.written_since().get(setup.name)
    if since is not None:
        yield Check(text=f"order lines are taken off it since {since:%Y-%m-%d %H:%M} UTC")
        return
    yield Check(
        text="nothing was taken off it yet: the first `apply` takes off every order line that has not "
        "left by then, and none that has",
        help="book what left so far yourself, and keep every other import of these orders off it",
    )  # fmt: skip


def _pace(took: float, every: timedelta) -> Check:
    text = f"a whole reading took {took:.1f} s of the {written(every)} between two"
    if took * LARGEST_SHARE < every.total_seconds():
        return Check(text=text)
    return Check(text=text, verdict=Verdict.WARN, help="write a longer `every`")


def _stocked(reading: Reading) -> str:
    units = reading.state.value if reading.quantity is None else str(reading.quantity)
    price = "" if reading.price is None else f" at {amount_text(reading.price, reading.currency)}"
    return f"{reading.sku} {units}{price} ({reading.location})"


def _priced(reading: Reading) -> str:
    price = (
        "without a price" if reading.price is None else amount_text(reading.price, reading.currency)
    )
    return f"{reading.sku} {price}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Purpose:
    """What a source is read for: how a row is shown, and which states are odd."""

    show: Callable[[Reading], str]
    odd: tuple[State, ...]


_STOCK = _Purpose(show=_stocked, odd=(State.UNKNOWN, State.UNTRACKED))
_PRICES = _Purpose(show=_priced, odd=())


class _Judged:
    """Every row of a reading, counted by what it says."""

    def __init__(self, reader: SnapshotReader, purpose: _Purpose) -> None:
        self._reader = reader
        self._purpose = purpose
        self.rows = 0
        self.states = dict.fromkeys(State, 0)
        self.rejects: list[Reject] = []
        self.rejected = 0
        self.sample: list[str] = []

    def read(self) -> None:
        """To the end; raises what the reading raises."""
        for batch in self._reader.batches():
            for position, values in zip(batch.positions, batch.values, strict=True):
                self._take(self._reader.parse(position, values))
        for reject in self._reader.rejects():
            self._take(reject)

    def _take(self, found: Reading | Reject) -> None:
        if isinstance(found, Reject):
            self.rejected += 1
            if len(self.rejects) < SAMPLE:
                self.rejects.append(found)
            return
        self.rows += 1
        self.states[found.state] += 1
        if len(self.sample) < SAMPLE:
            self.sample.append(self._purpose.show(found))

    def worries(self) -> Iterator[Check]:
        """What speaks against the reading."""
        for objection in self._reader.objections():
            yield Check(text=objection, verdict=Verdict.WARN)
        if self.rows == 0:
            yield Check(text="not one row can be used", verdict=Verdict.BAD)
        for reject in islice(self.rejects, SAMPLE):
            yield Check(text=f"rejected: {reject.at}: {reject.reason}", verdict=Verdict.WARN)

    def __str__(self) -> str:
        parts = [counted(self.rows, "row")]
        odd = [state for state in self._purpose.odd if self.states[state]]
        parts += [f"{self.states[state]} {state.value}" for state in odd]
        if self.rejected:
            parts.append(f"{self.rejected} rejected")
        return ", ".join(parts)

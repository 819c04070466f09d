"""A stock file as a source: refused whole when it cannot be believed, read in bounded batches when it can."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel

from connectors.csv_file.formats import table_of
from connectors.csv_file.frame import Table
from connectors.csv_file.local import LocalPlace
from connectors.csv_file.opening import readable
from connectors.csv_file.options import AsOf, CsvFileOptions
from connectors.csv_file.places import Arrival, Place
from connectors.csv_file.unpacking import plain
from syncd.domain.errors import SourceInvalid
from syncd.domain.identity import SourceName
from syncd.domain.stock import Completeness, Reading, Reject, Watermark
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials
from syncd.ports.probe import Check
from syncd.ports.source import RawBatch, Source


class FileReader:
    """One reading of one file. It is opened when its rows are asked for: an unchanged one never is."""

    completeness = Completeness.FULL
    watermark: Watermark | None = None

    def __init__(
        self, options: CsvFileOptions, arrival: Arrival, clock: Clock, stack: ExitStack
    ) -> None:
        self._options = options
        self._arrival = arrival
        self._stack = stack
        self._table: Table | None = None
        self.fingerprint = arrival.fingerprint
        self.origin = arrival.name
        self.notes: list[str] = []
        self.as_of = self._spoken_until(clock)

    def _spoken_until(self, clock: Clock) -> datetime:
        options, modified = self._options, self._arrival.modified
        if options.as_of is not None:
            moment = self._named_time(options.as_of) - options.clock_tolerance
        else:
            moment = modified - options.export_takes
        latest = clock.now() - options.clock_tolerance
        if moment > latest:
            if modified > clock.now() or options.as_of is not None:
                self.notes.append(f"{self.origin} is dated in the future; taken as of now")
            return latest
        return moment

    def _named_time(self, as_of: AsOf) -> datetime:
        try:
            local = datetime.strptime(self.origin, as_of.name)  # noqa: DTZ007 - zone set below
        except ValueError:
            text = f"{self.origin} does not fit as_of.name {as_of.name!r}"
            raise SourceInvalid(text) from None
        return local.replace(tzinfo=as_of.timezone).astimezone(UTC)

    def _opened(self) -> Table:
        if self._table is None:
            enter = self._stack.enter_context
            packed = enter(self._arrival.content())
            file = enter(plain(packed, self.origin, self._options.max_size))
            self._table = table_of(self._options, self.origin, file)
            self._stack.callback(self._table.close)
        return self._table

    def batches(self) -> Iterator[RawBatch]:
        """Every row; raises SourceInvalid for a file that is damaged, SourceUnavailable for a changed one."""
        with readable():
            yield from self._opened().batches()
            self._arrival.confirm()

    def parse(self, position: int, values: tuple[str, ...]) -> Reading | Reject:
        """Judge one row."""
        return self._opened().frame.parse(position, values)

    def rejects(self) -> Sequence[Reject]:
        """Ragged rows, and those with a cell that no text can stand for."""
        return self._opened().frame.rejects

    def objections(self) -> Sequence[str]:
        """Signs that the file may be cut."""
        return self._opened().objections()

    def locate(self, position: int) -> str:
        """`stock.csv:17`."""
        return self._opened().frame.locate(position)


class CsvFileSource:
    """One file or pattern, at one place."""

    def __init__(
        self, name: SourceName, options: CsvFileOptions, place: Place, clock: Clock
    ) -> None:
        self.name = name
        self._options = options
        self._place = place
        self._clock = clock

    @property
    def delta_scope(self) -> str | None:
        """None: a file is read whole."""
        return None

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """How old the file is, and what its place says of it."""
        with readable():
            return self._place.probe(every)

    def fingerprint(self) -> str | None:
        """The digest of the file's bytes, where it can be had without fetching them."""
        with readable():
            return self._place.fingerprint()

    @contextmanager
    def snapshot(self, since: datetime | None) -> Iterator[FileReader]:
        """Open the file; always a full reading."""
        del since
        with ExitStack() as stack:
            with readable():
                arrival = stack.enter_context(self._place.arrival())
                reader = FileReader(self._options, arrival, self._clock, stack)
            yield reader


class CsvFileFactory:
    """Opens stock files for the service."""

    options_model: type[BaseModel] = CsvFileOptions

    def refuses_write_back(self, options: BaseModel) -> str | None:
        """A file belongs to the program that exports it."""
        del options
        return "a file cannot be written back"

    def open(
        self, name: SourceName, options: BaseModel, *, folder: Path, credentials: Credentials,
        clock: Clock,
    ) -> Source:  # fmt: skip
        """A source; nothing is read yet. Raises ConfigError for a credential that there is not."""
        if not isinstance(options, CsvFileOptions):
            raise TypeError(f"{type(options).__name__} are no options of csv_file")
        return CsvFileSource(name, options, _place(options, folder, credentials, clock), clock)


def _place(options: CsvFileOptions, folder: Path, credentials: Credentials, clock: Clock) -> Place:
    """Where the file is; what a server needs is loaded only for a server."""
    if options.scheme in {"http", "https"}:
        from connectors.csv_file.web import web_place

        return web_place(options, credentials, clock)
    if options.scheme == "sftp":
        from connectors.csv_file.sftp import sftp_place

        return sftp_place(options, credentials, clock)
    return LocalPlace(options, folder, clock)


FACTORY = CsvFileFactory()

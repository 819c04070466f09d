"""Reads one shop: by pages, by a bulk operation, or what changed; keeps what outlives a reading.

Loaded when a shop is first read, because ShopifyAPI takes its time to import.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.shopify.admission import Admission
from connectors.shopify.bulk import bulk_file
from connectors.shopify.bulk_lines import BulkLines
from connectors.shopify.bulk_queries import bulk_body, bulk_prices
from connectors.shopify.calls import Account, Admin
from connectors.shopify.catalogue import Catalogue
from connectors.shopify.changes import Changes, ReadWhole
from connectors.shopify.full_pages import FullPages
from connectors.shopify.options import ShopifyOptions
from connectors.shopify.probing import examine
from connectors.shopify.reading import Batches, Frame, ShopifyReader
from connectors.shopify.rows import RowRules
from connectors.shopify.shop import ShopFacts, read_shop
from connectors.shopify.tally import Tally
from connectors.shopify.tokens import TokenKeeper
from connectors.shopify.writing import StockWriter
from connectors.transport.http_transport import HttpTransport
from syncd.domain.errors import SourceError
from syncd.domain.stock import Completeness
from syncd.ports.clock import Clock
from syncd.ports.probe import Check

FRESH = 60.0
"""Seconds for which what is known of a shop, be it that it does not answer, may serve what follows."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The products that did not count in the reading that ended with this watermark."""

    moment: datetime
    left_out: frozenset[int]


@dataclass(frozen=True, slots=True)
class Visit:
    """What one reading works with."""

    admin: Admin
    facts: ShopFacts
    catalogue: Catalogue
    admission: Admission
    start: datetime


class Shop:
    """One shop, between readings."""

    def __init__(self, options: ShopifyOptions, tokens: TokenKeeper, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self.account = Account(options.address, tokens, clock)
        self._memory: Memory | None = None
        self._known: tuple[float, ShopFacts | SourceError] | None = None
        self._written_to: tuple[float, ShopFacts] | None = None

    def scope(self) -> str | None:
        """Names what a reading of changes would cover; None when the shop cannot be asked now.

        Locations may come and go at any time, so the shop is asked (a few points).
        """
        try:
            with self._connected() as admin:
                facts = read_shop(admin, self._options)
        except SourceError as error:
            self._known = (self._clock.monotonic(), error)
            return None
        self._known = (self._clock.monotonic(), facts)
        return facts.scope(self._options)

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """What the doctor says; raises SourceError when the shop cannot be used."""
        with self._connected() as admin:
            facts = read_shop(admin, self._options)
            return tuple(examine(admin, self._options, facts, every))

    @contextmanager
    def writer(self) -> Iterator[StockWriter]:
        """Whoever changes its stock, on connections of its own; raises SourceError.

        What is known of the shop serves for a minute, because orders come in bursts.
        """
        with self._connected() as admin:
            known = self._written_to
            if known is None or self._clock.monotonic() - known[0] > FRESH:
                known = (self._clock.monotonic(), read_shop(admin, self._options))
                self._written_to = known
            yield StockWriter(admin, self._options, known[1])

    @contextmanager
    def snapshot(self, since: datetime | None) -> Iterator[ShopifyReader]:
        """One reading; raises SourceError."""
        with self._connected() as admin:
            visit = self._visit(admin)
            why = ""
            if since is not None:
                try:
                    changes = self._changes(visit, since)
                    reader = self._reader(visit, changes.batches, "changes", since)
                except ReadWhole as reason:
                    why = f"everything was read, not only changes: {reason}"
                    visit = self._visit(admin)
                else:
                    yield reader
                    self._remember(reader, changes.left_out())
                    return
            with self._whole(visit) as (rows, how):
                reader = self._reader(visit, rows, how, None, why)
                yield reader
                self._remember(reader, frozenset(visit.admission.left_out))

    def _visit(self, admin: Admin) -> Visit:
        facts = self._facts(admin)
        rules = RowRules(self._options, facts)
        return Visit(
            admin=admin,
            facts=facts,
            catalogue=Catalogue(admin, self._options, len(facts.all_locations)),
            admission=Admission(rules, Tally(rules)),
            start=self.account.server_now().replace(microsecond=0),
        )

    def _facts(self, admin: Admin) -> ShopFacts:
        known, self._known = self._known, None
        if known is None or self._clock.monotonic() - known[0] > FRESH:
            return read_shop(admin, self._options)
        if isinstance(known[1], SourceError):
            raise known[1]
        return known[1]

    def _changes(self, visit: Visit, since: datetime) -> Changes:
        memory = self._memory
        known = memory is not None and memory.moment == since
        left_out = memory.left_out if memory is not None and known else None
        changes = Changes(visit.catalogue, visit.admission, visit.facts.locations, left_out)
        changes.gather(since - self._options.overlap)
        return changes

    @contextmanager
    def _whole(self, visit: Visit) -> Iterator[tuple[Batches, str]]:
        options, locations = self._options, visit.facts.locations
        if visit.catalogue.count() < options.bulk_from:
            yield FullPages(visit.catalogue, visit.admission, locations).batches, "pages"
            return
        query = (bulk_prices if options.stock == "none" else bulk_body)(options.country)
        with bulk_file(visit.admin, query) as found:
            yield BulkLines(found.file, visit.admission, locations).batches, "bulk operation"

    def _reader(
        self, visit: Visit, rows: Batches, how: str, since: datetime | None, note: str = ""
    ) -> ShopifyReader:
        options = self._options
        back = options.clock_tolerance
        if since is not None:
            back += options.overlap
        frame = Frame(
            origin=f"{visit.facts.domain} ({how})",
            completeness=Completeness.FULL if since is None else Completeness.PARTIAL,
            start=visit.start,
            as_of=visit.start - back,
            scope=visit.facts.scope(options),
            since=since,
            notes=(*visit.facts.notes, note) if note else visit.facts.notes,
        )
        return ShopifyReader(frame, rows, visit.admission.rules, visit.admission.tally)

    def _remember(self, reader: ShopifyReader, left_out: frozenset[int]) -> None:
        """Reached only when whoever reads had no trouble with it."""
        mark = reader.watermark
        self._memory = None if mark is None else Memory(mark.moment, left_out)

    @contextmanager
    def _connected(self) -> Iterator[Admin]:
        with HttpTransport(self._clock) as transport:
            yield Admin(self.account, transport, self._clock)

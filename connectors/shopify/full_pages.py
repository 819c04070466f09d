"""A full reading by pages, for a small shop: done at once, at the price of its points."""

from collections.abc import Iterator, Mapping

from connectors.shopify.admission import Admission, levels_of
from connectors.shopify.catalogue import Catalogue
from connectors.shopify.rows import Told
from connectors.shopify.wire import Level, WholeVariant, number_of
from syncd.ports.source import RawBatch


class FullPages:
    """Reads every variant with its levels; `locations` are those to read, with the names of their rows."""

    def __init__(
        self, catalogue: Catalogue, admission: Admission, locations: Mapping[str, str]
    ) -> None:
        self._catalogue = catalogue
        self._admission = admission
        self._locations = locations

    def batches(self) -> Iterator[RawBatch]:
        """A batch for every page."""
        for page in self._catalogue.variants(None):
            positions: list[int] = []
            values: list[tuple[str, ...]] = []
            for variant in page:
                rows = self._rows(variant)
                positions += [number_of(variant["id"])] * len(rows)
                values += rows
            yield RawBatch(positions, values)

    def _rows(self, variant: WholeVariant) -> list[tuple[str, ...]]:
        told = self._admission.whole(variant)
        if told is None:
            return []
        if not self._admission.rules.stocked:
            return [self._admission.rules.price_row(told)]
        rows = [self._row(told, level) for level in levels_of(variant)]
        return [row for row in rows if row is not None]

    def _row(self, told: Told, level: Level) -> tuple[str, ...] | None:
        """None for a level that is deactivated or at a location that is not read: it says nothing."""
        self._admission.tally.seen(level["updatedAt"])
        name = self._locations.get(level["location"]["id"])
        if name is None or not level["isActive"]:
            return None
        return self._admission.rules.stock_row(told, name, level)

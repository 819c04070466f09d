"""A channel as its rules look at it: where units come from and which warehouse they feed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from syncd.settings.models import ChannelTree, PriceTree, RuleTree, SourceTree, StockTree
from syncd.settings.yaml_marks import Trail


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenChannel:
    """A channel and the sources around it; `names` holds those that could not be read, too."""

    name: str
    tree: ChannelTree
    sources: Mapping[str, SourceTree]
    names: tuple[str, ...]

    @property
    def feeding(self) -> tuple[str, ...]:
        """The sources that feed stock."""
        return tuple(name for name, source in self.sources.items() if source.feeds_stock)

    @property
    def all_readable(self) -> bool:
        """Whether every source could be read, so that counting them tells something."""
        return len(self.sources) == len(self.names)

    def rules(self) -> Iterator[tuple[Trail, RuleTree]]:
        """Every entry of `rules` with its trail."""
        for at, rule in enumerate(self.tree.rules):
            yield ("rules", at), rule

    def stocks(self) -> Iterator[tuple[Trail, StockTree]]:
        """Every `stock` section, the channel's own first."""
        yield ("stock",), self.tree.stock
        for trail, rule in self.rules():
            if rule.stock is not None:
                yield (*trail, "stock"), rule.stock

    def prices(self) -> Iterator[tuple[Trail, PriceTree]]:
        """Every `price` section, the channel's own first."""
        if self.tree.price is not None:
            yield ("price",), self.tree.price
        for trail, rule in self.rules():
            if rule.price is not None:
                yield (*trail, "price"), rule.price

    def drawn(self, stock: StockTree) -> Mapping[str, tuple[str, ...]]:
        """The sources of a `stock` section and their locations; none means all."""
        if stock.draws_from or stock is not self.tree.stock:
            return stock.draws_from
        return dict.fromkeys(self.feeding, ()) if len(self.feeding) == 1 else {}

    def owners(self, location: str, stock: StockTree) -> tuple[str, ...]:
        """The sources that can mean this location."""
        drawn = self.drawn(stock)
        source, slash, name = location.partition("/")
        if slash:
            known = source in drawn and (not drawn[source] or name in drawn[source])
            return (source,) if known else ()
        return tuple(source for source, named in drawn.items() if not named or location in named)

    def warehouse_of(self, source: str, location: str) -> str | None:
        """The channel's warehouse a place feeds, if the mapping names it."""
        warehouses = self.tree.warehouses
        return warehouses.get(f"{source}/{location}", warehouses.get(location))

    def feeders(self, stock: StockTree) -> Mapping[str, tuple[str, ...]]:
        """Per warehouse the places that feed it, as far as the file tells."""
        if not self.tree.warehouses:
            places = [
                f"{source}/{location}" if location else source
                for source, locations in self.drawn(stock).items()
                for location in (locations or ("",))
            ]
            return {"": tuple(places)} if places else {}
        found: dict[str, list[str]] = {}
        for location, warehouse in self.tree.warehouses.items():
            places = found.setdefault(warehouse, [])
            for source in self.owners(location, stock):
                place = location if location.startswith(f"{source}/") else f"{source}/{location}"
                if place not in places:
                    places.append(place)
        return {warehouse: tuple(places) for warehouse, places in found.items()}

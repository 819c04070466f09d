"""How a channel's keys become the domain's rules, each with the line that says so."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from hashlib import sha256

from pydantic import BaseModel

from syncd.domain.identity import (
    ChannelName,
    LocationName,
    Place,
    Sku,
    SourceName,
    WarehouseId,
)
from syncd.domain.rules import (
    Adaptive,
    ChannelRules,
    Component,
    Draw,
    Limits,
    PriceRule,
    Rounding,
    RuleOverride,
    StockRule,
)
from syncd.settings.kinds import model_at, written_name
from syncd.settings.models import (
    ChannelTree,
    FloorOfCost,
    PriceTree,
    RuleTree,
    SourceTree,
    StockTree,
)
from syncd.settings.yaml_marks import Document, Trail

UNWRITTEN = "default"
"""The origin of a value that no line of the file gives."""

_NESTED = ("stock", "price", "limits")


def draws_of(tree: StockTree) -> tuple[Draw, ...]:
    """The sources a `stock` section names."""
    return tuple(
        Draw(source=SourceName(name), locations=tuple(LocationName(place) for place in places))
        for name, places in tree.draws_from.items()
    )


def stock_fields(tree: StockTree) -> Mapping[str, object]:
    """The fields of the domain's StockRule that were written."""
    fields: dict[str, object] = {
        name: getattr(tree, name)
        for name in tree.model_fields_set
        if name not in {"draws_from", "safety"}
    }
    if "draws_from" in tree.model_fields_set:
        fields["draws"] = draws_of(tree)
    if "safety" in tree.model_fields_set:
        # Either kind of safety stock replaces the other.
        fields["safety"], fields["adaptive"] = safety_of(tree)
    return fields


def safety_of(tree: StockTree) -> tuple[int, Adaptive | None]:
    """The units that are never offered, and how more of them follow the sales."""
    safety = tree.safety
    if isinstance(safety, int):
        return safety, None
    return safety.at_least, Adaptive(quantile=safety.adaptive, at_most=safety.at_most)


def price_fields(tree: PriceTree) -> Mapping[str, object]:
    """The fields of the domain's PriceRule that were written."""
    fields: dict[str, object] = {
        name: getattr(tree, name)
        for name in tree.model_fields_set
        if name not in {"floor", "round"}
    }
    if tree.round is not None:
        to, direction = tree.round.to, tree.round.direction
        fields["rounding"] = Rounding(direction=direction, ending=to.ending, step=to.step)
    if "floor" in tree.model_fields_set:
        # Either kind of floor replaces the other.
        of_cost = isinstance(tree.floor, FloorOfCost)
        fields["floor"] = None if of_cost else tree.floor
        fields["floor_of_cost"] = tree.floor.cost if isinstance(tree.floor, FloorOfCost) else None
    return fields


def stock_rule(tree: StockTree, feeding: tuple[str, ...]) -> StockRule:
    """The channel's own stock rule; without `from`, the only feeding source with all it has."""
    fields = dict(stock_fields(tree))
    if "draws" not in fields:
        fields["draws"] = tuple(Draw(source=SourceName(name)) for name in feeding)
    return StockRule(**fields)  # type: ignore[arg-type]  # the models gave every field its type


def price_rule(tree: PriceTree | None, sources: tuple[str, ...]) -> PriceRule | None:
    """The channel's own price rule; without `from`, the only source."""
    if tree is None or not (tree.source or sources):
        return None
    fields = {"source": SourceName(sources[0])} if sources else {}
    return PriceRule(**{**fields, **price_fields(tree)})  # type: ignore[arg-type]  # as above


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapper:
    """What one channel's rules are made from."""

    document: Document
    name: str
    tree: ChannelTree
    sources: Mapping[str, SourceTree]
    aliases: Mapping[str, Sku]
    share: Decimal = Decimal(1)
    """The share of a channel whose file gives none."""

    def rules(self) -> ChannelRules:
        """The channel's rules as the domain wants them."""
        tree = self.tree
        feeding = tuple(name for name, source in self.sources.items() if source.feeds_stock)
        stock = stock_rule(tree.stock, feeding)
        if "share" not in tree.stock.model_fields_set:
            stock = replace(stock, share=self.share)
        price = price_rule(tree.price, tuple(self.sources))
        return ChannelRules(
            channel=ChannelName(self.name),
            stock=stock,
            price=price,
            warehouses={ours: WarehouseId(theirs) for ours, theirs in tree.warehouses.items()},
            orders_go_to=place_of(tree.orders_go_to) if tree.orders_go_to else None,
            aliases=self.aliases,
            overrides=tuple(self._override(at, rule) for at, rule in enumerate(tree.rules)),
            limits=Limits(
                **{key: getattr(tree.limits, key) for key in type(tree.limits).model_fields}
            ),
            zero=tree.zero,
            origins=self._origins(),
            fingerprint=self._fingerprint(stock, price),
            allocation=tree.allocation,
        )

    def _override(self, at: int, rule: RuleTree) -> RuleOverride:
        trail: Trail = ("channels", self.name, "rules", at)
        kit = None
        if rule.kit is not None:
            kit = tuple(Component(sku=Sku(sku), need=need) for sku, need in rule.kit.items())
        return RuleOverride(
            match=rule.match,
            origin=self._line(trail),
            origins={key: self._line((*trail, *key.split("."))) for key in written_keys(rule)},
            publish=rule.publish,
            kit=kit,
            of=None if rule.of is None else Sku(rule.of),
            # A new kit or pack starts afresh: the units of an earlier entry belonged to another one.
            units=1 if rule.units is None and (rule.kit or rule.of) else rule.units,
            stock=stock_fields(rule.stock) if rule.stock else {},
            price=price_fields(rule.price) if rule.price else {},
        )

    def _origins(self) -> Mapping[str, str]:
        trail: Trail = ("channels", self.name)
        origins = dict.fromkeys((*channel_keys(), "publish", "kit", "of", "units"), UNWRITTEN)
        for key in origins:
            longer = (*trail, *key.split("."))
            if longer in self.document.spots:
                origins[key] = self._line(longer)
        return origins

    def _line(self, trail: Trail) -> str:
        return line_of(self.document, trail)

    def _fingerprint(self, stock: StockRule, price: PriceRule | None) -> str:
        """Names everything that decides offers, so that any change marks all listings."""
        tree = self.tree
        drawn = {draw.source for draw in stock.draws} | ({price.source} if price else set())
        for rule in tree.rules:
            drawn |= {draw.source for draw in draws_of(rule.stock)} if rule.stock else set()
        decisive: dict[str, object] = {
            "stock": asdict(stock),
            "price": asdict(price) if price else None,
            "rules": [_decisive(self._override(at, rule)) for at, rule in enumerate(tree.rules)],
            "aliases": dict(self.aliases),
            "sources": {
                name: source.model_dump(include=_DECISIVE_KEYS)
                for name, source in self.sources.items()
                if name in drawn
            },
            **tree.model_dump(include={"warehouses", "orders_go_to", "bind", "zero", "allocation"}),
        }
        text = json.dumps(decisive, sort_keys=True, default=_plain)
        return sha256(text.encode()).hexdigest()


_DECISIVE_KEYS = {
    "basis", "orders", "left_when", "stale_after", "dead_after", "then", "missing", "committed", "stock",
    "sold_only_here",
}  # fmt: skip


def _decisive(override: RuleOverride) -> dict[str, object]:
    return asdict(replace(override, origin="", origins={}))


def _plain(value: object) -> str:
    # 1.10 and 1.1 are the same amount.
    return f"{value.normalize():f}" if isinstance(value, Decimal) else repr(value)


def place_of(written: str) -> Place:
    """`source/location` as a place."""
    source, _, location = written.partition("/")
    return Place(SourceName(source), LocationName(location))


def line_of(document: Document, trail: Trail) -> str:
    """The line that gives a value, as `syncd.yaml:31`."""
    name = document.file.replace("\\", "/").rpartition("/")[2]
    return f"{name}:{document.key_mark(trail).line}"


def channel_keys() -> Iterator[str]:
    """Every common key of a channel, with the keys inside `stock`, `price` and `limits`."""
    for name, field in ChannelTree.model_fields.items():
        key = written_name(name, field)
        inner = model_at(ChannelTree, (key,)) if key in _NESTED else None
        if inner is not None:
            yield from (f"{key}.{part}" for part in _names(inner, lambda _: True))
        elif key != "options":
            yield key


def written_keys(rule: RuleTree) -> tuple[str, ...]:
    """The deciding keys an entry of `rules` writes, as `stock.safety`."""
    keys: list[str] = []
    for name in rule.model_fields_set - {"match"}:
        part = getattr(rule, name)
        if isinstance(part, BaseModel):
            written = part.model_fields_set
            keys.extend(f"{name}.{key}" for key in _names(type(part), written.__contains__))
        else:
            keys.append(name)
    return tuple(sorted(keys))


def _names(model: type[BaseModel], wanted: Callable[[str], bool]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if wanted(name):
            yield written_name(name, field)

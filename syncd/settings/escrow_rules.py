"""What must fit together for a channel that shows only what it owns, and what its share is by default."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from syncd.domain.escrow import part_of
from syncd.domain.orders import OrdersMode
from syncd.domain.rules import Allocation, Combine, Publish, Untracked, Zero
from syncd.settings.findings import Finding, Rule
from syncd.settings.mapping import safety_of
from syncd.settings.models import ChannelTree, SourceTree
from syncd.settings.seen_channel import SeenChannel


def is_escrow(tree: ChannelTree) -> bool:
    """Whether a channel shows only what it owns."""
    return tree.allocation is Allocation.ESCROW


def is_written(source: SourceTree) -> bool:
    """Whether a source is written back, so that units can be taken off it."""
    return source.orders is not None and source.orders.mode is OrdersMode.WRITE_BACK


def default_share(name: str, channels: Mapping[str, SeenChannel]) -> Decimal:
    """An equal part for each channel in escrow that draws on the same sources, and one for the own shop.

    The merchant's own shop sells from a source that is written back; where `sold_only_here` is stated there
    is none.
    """
    seen = channels[name]
    sources = _sources(seen)
    sharing = [
        other for other in channels.values() if is_escrow(other.tree) and sources & _sources(other)
    ]
    own_shop = any(is_written(seen.sources[source]) for source in sources & seen.sources.keys())
    return part_of(Decimal(1), max(1, len(sharing) + own_shop))


def _sources(seen: SeenChannel) -> set[str]:
    return {name for _, stock in seen.stocks() for name in seen.drawn(stock)}


def _sold_by_nobody_else(seen: SeenChannel) -> Iterator[Finding]:
    """Units that somebody else may sell meanwhile cannot be owned."""
    for name in sorted(_sources(seen) & seen.sources.keys()):
        source = seen.sources[name]
        if not is_written(source) and not source.sold_only_here:
            message = (
                f"allocation: escrow does not go with source {name}: others may sell its units too"
            )
            hint = (
                f"write orders: write_back for sources.{name}; or sold_only_here: true, "
                "if nobody but these channels sells its stock"
            )
            yield Finding(("allocation",), message, hint)


def _one_manner(seen: SeenChannel) -> Iterator[Finding]:
    for trail, stock in seen.stocks():
        drawn = [seen.sources[name] for name in seen.drawn(stock) if name in seen.sources]
        written = [is_written(source) for source in drawn]
        if any(written) and not all(written):
            message = "allocation: escrow cannot draw on written and on unwritten sources together"
            yield Finding((*trail, "from"), message, "draw on one of them, or use two channels")
        elif len(written) > 1 and any(written) and seen.tree.stock.combine is not Combine.SUM:
            message = f"allocation: escrow does not go with combine: {seen.tree.stock.combine}"
            yield Finding((*trail, "from"), message, "a unit is taken off one source: draw on one")


def _no_kits(seen: SeenChannel) -> Iterator[Finding]:
    for trail, rule in seen.rules():
        if rule.kit and rule.publish not in {Publish.NONE, Publish.PRICE}:
            message = "allocation: escrow takes plain SKUs and packs, no kits"
            hint = "write publish: none for the kit, or sell it on a channel with allocation: pool"
            yield Finding((*trail, "kit"), message, hint)


def _zero_is_sent(seen: SeenChannel) -> Iterator[Finding]:
    if seen.tree.zero is not Zero.SEND:
        message = f"allocation: escrow does not go with zero: {seen.tree.zero}"
        yield Finding(("zero",), message, "a listing without units must show 0: remove the key")


def _counted_units(seen: SeenChannel) -> Iterator[Finding]:
    for trail, stock in seen.stocks():
        if stock.untracked is Untracked.CAP:
            message = "allocation: escrow does not go with untracked: cap"
            yield Finding((*trail, "untracked"), message, "only counted units can be owned")


def _fixed_safety(seen: SeenChannel) -> Iterator[Finding]:
    for trail, stock in seen.stocks():
        if safety_of(stock)[1] is not None:
            message = "allocation: escrow does not go with safety: adaptive"
            hint = "write a number, which stays at the source; what a channel owns needs no safety"
            yield Finding((*trail, "safety"), message, hint)


def _one_warehouse(seen: SeenChannel) -> Iterator[Finding]:
    if len(set(seen.tree.warehouses.values())) > 1:
        message = "allocation: escrow needs one warehouse per listing"
        hint = (
            "map every location to the same warehouse, because the shop sets all of a SKU at once"
        )
        yield Finding(("warehouses",), message, hint)


def _in_escrow(rule: Rule[SeenChannel]) -> Rule[SeenChannel]:
    def check(seen: SeenChannel) -> Iterator[Finding]:
        if is_escrow(seen.tree):
            yield from rule.check(seen)

    return Rule(("allocation", *rule.reads), check)


ESCROW_RULES: tuple[Rule[SeenChannel], ...] = tuple(
    map(
        _in_escrow,
        (
            Rule(("stock.from", "rules"), _sold_by_nobody_else),
            Rule(("stock.from", "stock.combine", "rules"), _one_manner),
            Rule(("rules",), _no_kits),
            Rule(("zero",), _zero_is_sent),
            Rule(("stock", "rules"), _counted_units),
            Rule(("stock", "rules"), _fixed_safety),
            Rule(("warehouses",), _one_warehouse),
        ),
    )
)


def shared_with_a_pool(channels: Mapping[str, SeenChannel]) -> Iterator[Finding]:
    """Units that are only counted may not be shown whole by another channel."""
    for name, seen in channels.items():
        if is_escrow(seen.tree):
            continue
        for other, rival in channels.items():
            common = sorted(
                source
                for source in _sources(seen) & _sources(rival) & rival.sources.keys()
                if is_escrow(rival.tree) and not is_written(rival.sources[source])
            )
            if common:
                message = f"channel {other} owns units of source {common[0]} (allocation: escrow)"
                hint = f"give {name} allocation: escrow as well, or draw on other sources"
                yield Finding(("channels", name), message, hint)
                break


def unused_statements(channels: Mapping[str, SeenChannel]) -> Iterator[str]:
    """Sources that state `sold_only_here` although no channel in escrow draws on them."""
    drawn = {name for seen in channels.values() if is_escrow(seen.tree) for name in _sources(seen)}
    sources = next((seen.sources for seen in channels.values()), {})
    for name, source in sources.items():
        if source.sold_only_here and source.feeds_stock and name not in drawn:
            yield name

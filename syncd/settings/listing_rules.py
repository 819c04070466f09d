"""What must fit together in the entries of `rules`: kits, packs, and entries that decide nothing."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from syncd.settings.findings import Finding, Rule, warning
from syncd.settings.mapping import written_keys
from syncd.settings.models import RuleTree
from syncd.settings.seen_channel import SeenChannel

_GLOB = frozenset("*?[")


def _decides_something(seen: SeenChannel) -> Iterator[Finding]:
    for trail, rule in seen.rules():
        if not written_keys(rule):
            hint = "add stock, price, publish, kit, or of and units"
            yield Finding(trail, "this entry decides nothing", hint)


def _kit_or_pack(seen: SeenChannel) -> Iterator[Finding]:
    for trail, rule in seen.rules():
        if rule.kit is not None and rule.of is not None:
            hint = "a kit has several components, a pack is units of one SKU"
            yield Finding((*trail, "of"), "kit and of exclude each other", hint)
        if rule.kit is not None and not rule.kit:
            yield Finding((*trail, "kit"), "a kit needs a component", "as in {A-1: 1, B-2: 2}")
        if rule.units is not None and rule.of is None:
            hint = "name the SKU the pack is made of, as in of: SOCK"
            yield Finding((*trail, "units"), "units goes with of only", hint)


def _not_of_itself(seen: SeenChannel) -> Iterator[Finding]:
    for trail, rule in seen.rules():
        key = "kit" if rule.kit else "of"
        for sku in (*(rule.kit or ()), *((rule.of,) if rule.of else ())):
            if _covers(rule.match, sku):
                at = (*trail, key, sku) if key == "kit" else (*trail, key)
                message = f"{sku} would be made of itself, because match covers it"
                yield Finding(at, message, "name another SKU, or match fewer")


def _matched_twice(seen: SeenChannel) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for at, rule in enumerate(seen.tree.rules):
        earlier = first.setdefault(rule.match, at)
        if earlier != at and not set(written_keys(seen.tree.rules[earlier])) <= set(
            written_keys(rule)
        ):
            message = f"{rule.match!r} is matched by rules[{earlier}] as well"
            yield warning(("rules", at, "match"), message, "put both into one entry")


def _never_wins(seen: SeenChannel) -> Iterator[Finding]:
    rules = seen.tree.rules
    for at, rule in enumerate(rules):
        for later in range(at + 1, len(rules)):
            if _hides(rules[later], rule):
                message = f"this never counts, because rules[{later}] overrides all of it"
                yield warning(("rules", at), message, "later entries win: put this one after it")
                break


def _hides(later: RuleTree, earlier: RuleTree) -> bool:
    covered = later.match == earlier.match or _covers(later.match, earlier.match)
    ours = set(written_keys(earlier))
    return covered and bool(ours) and ours <= set(written_keys(later))


def _covers(pattern: str, text: str) -> bool:
    """Whether a pattern covers a SKU, or surely another pattern."""
    if pattern in {text, "*"}:
        return True
    return not _GLOB & set(text) and fnmatchcase(text, pattern)


LISTING_RULES: tuple[Rule[SeenChannel], ...] = (
    Rule(("rules",), _decides_something),
    Rule(("rules",), _kit_or_pack),
    Rule(("rules",), _not_of_itself),
    Rule(("rules",), _matched_twice),
    Rule(("rules",), _never_wins),
)

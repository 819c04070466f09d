"""The lines of a bulk result: a query compiled once, then run over the records one root after the other."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from graphql import (
    DocumentNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)

from connectors.shopify.sandbox.calls import Call
from connectors.shopify.sandbox.catalogue_fields import CONNECTIONS, FIELDS
from connectors.shopify.sandbox.cost import Reading, Selected
from connectors.shopify.sandbox.search import Keep

MOST_CONNECTIONS = 5
DEEPEST = 2
WINDOW = 500
"""Roots whose lines are shuffled together."""

Get = Callable[[object, Call], object]


class BulkRefused(Exception):  # noqa: N818 - a refusal is an ordinary answer of a shop
    """The query breaks a rule of bulk operations."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How one record becomes a line: values, embedded objects, and connections that give further lines."""

    values: Sequence[tuple[str, Get]]
    embedded: Sequence[tuple[str, Get, "Plan"]]
    children: Sequence["Children"]

    def line(self, record: object, call: Call) -> dict[str, object]:
        """The record itself, embedded objects inside."""
        made: dict[str, object] = {key: get(record, call) for key, get in self.values}
        for key, get, plan in self.embedded:
            made[key] = plan.inside(get(record, call), call)
        return made

    def inside(self, value: object, call: Call) -> object:
        """An embedded object or list of objects."""
        if value is None:
            return None
        if isinstance(value, list):
            return [self.inside(each, call) for each in value]
        return self.line(value, call)


@dataclass(frozen=True, slots=True)
class Children:
    """A connection: the way to its holder through embedded objects, the records, and their plan."""

    way: Sequence[Get]
    records: Callable[[object, Call], Sequence[object]]
    plan: Plan


@dataclass(frozen=True, slots=True)
class BulkQuery:
    """A bulk query ready to run."""

    root: str
    arguments: Mapping[str, object]
    plan: Plan
    schema: GraphQLSchema


def compile_bulk(schema: GraphQLSchema, document: DocumentNode) -> BulkQuery:
    """Turn a valid document into a plan; BulkRefused when it breaks the rules of bulk operations."""
    operation = next(
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    )
    root = schema.query_type
    if root is None or operation.operation.value != "query":
        raise BulkRefused("Bulk queries must be queries")
    compiler = _Compiler(Reading(schema, {}, {}))
    tops = list(compiler.reading.fields(operation.selection_set, root))
    if len(tops) != 1 or not tops[0].is_connection:
        raise BulkRefused("Bulk queries must contain exactly one top-level connection")
    plan = compiler.nodes(tops[0], depth=0)
    if compiler.connections > MOST_CONNECTIONS:
        raise BulkRefused(f"Bulk queries cannot contain more than {MOST_CONNECTIONS} connections")
    return BulkQuery(tops[0].node.name.value, tops[0].arguments, plan, schema)


class _Compiler:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.connections = 0

    def nodes(self, connection: Selected, depth: int) -> Plan:
        """The plan of a connection's nodes, found through `nodes` or `edges { node }`."""
        self.connections += 1
        if depth > DEEPEST:
            raise BulkRefused("Bulk queries cannot contain connections nested deeper than 2 levels")
        step: Selected | None = connection
        for name in ("nodes", "edges", "node"):
            found = self._below(step, name) if step is not None else None
            step = found or step
            if found is not None and name != "edges":
                return self.plan(found, depth)
        raise BulkRefused("Bulk queries must select the nodes of every connection")

    def plan(self, selected: Selected, depth: int) -> Plan:
        """The plan of an object."""
        kind = get_named_type(selected.field.type)
        below = selected.node.selection_set
        if not isinstance(kind, GraphQLObjectType) or below is None:
            raise BulkRefused("Bulk queries cannot select interfaces")
        return self._object(kind, below, depth)

    def _object(self, kind: GraphQLObjectType, below: SelectionSetNode, depth: int) -> Plan:
        values: list[tuple[str, Get]] = []
        embedded: list[tuple[str, Get, Plan]] = []
        children: list[Children] = []
        for each in self.reading.fields(below, kind):
            if each.is_connection:
                children.append(
                    Children((), _records(kind.name, each), self.nodes(each, depth + 1))
                )
            elif each.node.selection_set is None:
                values.append((each.key, _getter(kind.name, each)))
            else:
                get, inner = _getter(kind.name, each), self.plan(each, depth)
                embedded.append((each.key, get, inner))
                children += [
                    Children((get, *child.way), child.records, child.plan)
                    for child in inner.children
                ]
        return Plan(values, embedded, children)

    def _below(self, selected: Selected, name: str) -> Selected | None:
        kind = get_named_type(selected.field.type)
        chosen = selected.node.selection_set
        if chosen is None or not isinstance(kind, GraphQLObjectType):
            return None
        rows = self.reading.fields(chosen, kind)
        return next((each for each in rows if each.node.name.value == name), None)


def _getter(kind: str, selected: Selected) -> Get:
    name, arguments = selected.node.name.value, selected.arguments
    resolver = FIELDS.get(kind, {}).get(name)
    if resolver is None:
        return lambda record, _: record.get(name) if isinstance(record, Mapping) else None
    return lambda record, call: resolver(record, arguments, call)


def _records(kind: str, selected: Selected) -> Callable[[object, Call], Sequence[object]]:
    """All records of a connection: a bulk query does not page, whatever `first` says."""
    rows_of = CONNECTIONS[kind][selected.node.name.value]
    arguments = selected.arguments

    def records(holder: object, call: Call) -> Sequence[object]:
        rows = rows_of(holder, arguments, call)
        return [each for each in rows.records if rows.keep is None or rows.keep(each)]

    return records


def bulk_lines(
    query: BulkQuery, roots: Sequence[object], keep: Keep | None, call: Call, dice: Random
) -> Iterator[list[bytes]]:
    """The lines of the result, window by window; in a window parents precede children, no more is promised."""
    for start in range(0, len(roots), WINDOW):
        drawn: list[tuple[float, int, bytes]] = []
        for root in roots[start : start + WINDOW]:
            if keep is None or keep(root):
                _draw(query.plan, root, None, call, _Hat(dice, drawn))
        drawn.sort()
        yield [line for *_, line in drawn]


@dataclass(frozen=True, slots=True)
class _Hat:
    """Lines with the place each has drawn: never before its parent."""

    dice: Random
    drawn: list[tuple[float, int, bytes]]
    least: float = 0.0


def _draw(plan: Plan, record: object, parent: str | None, call: Call, hat: _Hat) -> None:
    line = plan.line(record, call)
    if parent is not None:
        line["__parentId"] = parent
    place = max(hat.least, hat.dice.random())
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    hat.drawn.append((place, len(hat.drawn), text))
    below = _Hat(hat.dice, hat.drawn, place)
    for children in plan.children:
        holder = record
        for get in children.way:
            holder = get(holder, call)
        own = _id(holder) if call.world.behaviour.bulk_parent == "item" else None
        above = own or str(line.get("id"))
        for child in children.records(holder, call):
            _draw(children.plan, child, above, call, below)


def _id(holder: object) -> str | None:
    """The global id of a record that has one."""
    value = getattr(holder, "gid", None)
    return value if isinstance(value, str) else None

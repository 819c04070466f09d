"""What a document costs in points, before it runs and after.

Scalars cost 0, objects 1, a mutation 10, a connection its size times one node. Shopify's formula for large
connections is not published; `measured` counts up to 8 nodes in full and then 0.9 for every doubling, which
gives the numbers that were measured: 250 products with 250 variants each 167, a product's 250 variants with
their items 25. `linear` is the older, published rule (2 + n nodes) and makes large pages too dear.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import floor, log2

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)
from graphql import GraphQLField as Field
from graphql.execution.values import get_argument_values, get_directive_values
from graphql.type.directives import GraphQLIncludeDirective, GraphQLSkipDirective

MUTATION = 10
COUNTED_IN_FULL = 8
PER_DOUBLING = 0.9
FRAME = frozenset({"nodes", "edges", "node"})


def measured(nodes: int) -> float:
    """The weight of a connection of that many nodes."""
    if nodes <= COUNTED_IN_FULL:
        return nodes
    return COUNTED_IN_FULL + PER_DOUBLING * log2(nodes / COUNTED_IN_FULL)


FORMULAS: Mapping[str, Callable[[int], float]] = {"measured": measured, "linear": lambda n: 2 + n}


@dataclass(frozen=True, slots=True)
class Selected:
    """One field of a selection, fragments resolved."""

    node: FieldNode
    field: Field
    arguments: Mapping[str, object]

    @property
    def key(self) -> str:
        """Its name in the answer."""
        return self.node.alias.value if self.node.alias else self.node.name.value

    @property
    def is_connection(self) -> bool:
        """Whether it is a paged list."""
        return get_named_type(self.field.type).name.endswith("Connection")


class Reading:
    """One operation of a document with its variables, as cost and bulk see it."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, object],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = dict(variables)

    def fields(self, chosen: SelectionSetNode, parent: GraphQLCompositeType) -> Iterator[Selected]:
        """The fields that are really selected: fragments spread, `@include` and `@skip` obeyed."""
        for node in chosen.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                if isinstance(parent, GraphQLObjectType) and node.name.value in parent.fields:
                    field = parent.fields[node.name.value]
                    arguments = get_argument_values(field, node, self._variables)
                    yield Selected(node, field, arguments)
            elif isinstance(node, InlineFragmentNode):
                yield from self._spread(node, parent)
            elif isinstance(node, FragmentSpreadNode):
                yield from self._spread(self._fragments[node.name.value], parent)

    def _spread(
        self, fragment: InlineFragmentNode | FragmentDefinitionNode, parent: GraphQLCompositeType
    ) -> Iterator[Selected]:
        kind = parent
        if fragment.type_condition is not None:
            named = self._schema.get_type(fragment.type_condition.name.value)
            kind = named if isinstance(named, GraphQLObjectType) else parent
        yield from self.fields(fragment.selection_set, kind)

    def _included(self, node: object) -> bool:
        if not isinstance(node, FieldNode | InlineFragmentNode | FragmentSpreadNode):
            return False
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables) or {}
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables) or {}
        return not skip.get("if", False) and bool(include.get("if", True))


def requested(
    reading: Reading, operation: OperationDefinitionNode, root: GraphQLObjectType, formula: str
) -> int:
    """The most that the operation may cost."""
    weigh = FORMULAS[formula]
    return floor(_cost(reading, operation.selection_set, root, lambda s, _: weigh(_size(s)), None))


def actual(
    reading: Reading, operation: OperationDefinitionNode, root: GraphQLObjectType,
    formula: str, data: object,
) -> int:  # fmt: skip
    """What the operation cost, judged by the answer that it gave."""
    weigh = FORMULAS[formula]
    return floor(
        _cost(
            reading, operation.selection_set, root, lambda _, answer: weigh(_length(answer)), data
        )
    )


Weigh = Callable[[Selected, object], float]


def _cost(
    reading: Reading, chosen: SelectionSetNode, parent: GraphQLCompositeType,
    weigh: Weigh, data: object,
) -> float:  # fmt: skip
    total = 0.0
    for selected in reading.fields(chosen, parent):
        kind = get_named_type(selected.field.type)
        below = selected.node.selection_set
        if below is None or selected.key == "pageInfo":
            continue
        answer = data.get(selected.key) if isinstance(data, Mapping) else None
        if data is not None and answer is None:
            continue
        inner = _cost(reading, below, kind, weigh, _first(answer))  # type: ignore[arg-type]
        if parent.name == "Mutation":
            total += MUTATION
        elif selected.is_connection:
            total += weigh(selected, answer) * (1 + inner)
        elif selected.key in FRAME:
            total += inner
        else:
            total += 1 + inner
    return total


def _size(selected: Selected) -> int:
    size = selected.arguments.get("first") or selected.arguments.get("last")
    return size if isinstance(size, int) else 0


def _length(answer: object) -> int:
    """How many nodes a connection of the answer holds."""
    if not isinstance(answer, Mapping):
        return 0
    rows = answer.get("nodes", answer.get("edges"))
    return len(rows) if isinstance(rows, list) else 0


def _first(answer: object) -> object:
    """One element stands for all of a list; what is below is weighed as if all were like it."""
    if isinstance(answer, list):
        return answer[0] if answer else {}
    return answer

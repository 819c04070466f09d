"""How a GraphQL request is executed: cost, admission, resolvers, and the envelope with its extensions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import cast

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import get_directive_values, get_variable_values

from connectors.shopify.sandbox import refusals
from connectors.shopify.sandbox.bucket import Bucket
from connectors.shopify.sandbox.calls import Call, number_of
from connectors.shopify.sandbox.catalogue_fields import CONNECTIONS, FIELDS, Arguments
from connectors.shopify.sandbox.cost import Reading, actual, requested
from connectors.shopify.sandbox.paging import Page, Rows, cut_page, page_size
from connectors.shopify.sandbox.root_fields import SCOPES, Backstage, Queries, report
from connectors.shopify.sandbox.search import compile_search
from connectors.shopify.sandbox.stock_writing import StockWriting

SCHEMA = "admin-2026-07.graphql"
RECORDS = {"Variant": "ProductVariant", "Item": "InventoryItem", "Level": "InventoryLevel"}
"""What GraphQL calls our classes, where it is not the same."""

Answer = dict[str, object]


@cache
def schema() -> GraphQLSchema:
    """The part of Shopify's schema that is shipped."""
    text = files(__package__).joinpath(SCHEMA).read_text(encoding="utf-8")
    return build_schema(text)


@dataclass(slots=True, kw_only=True)
class Prepared:
    """A request that is valid GraphQL: what will be executed, and what is known of it before."""

    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, object]
    reading: Reading
    root: GraphQLObjectType
    cost: int = 0
    roots: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Operation name and root fields, as faults and the journal call the request."""
        own = self.operation.name.value if self.operation.name else "-"
        return " ".join([own, *self.roots])


class Executor:
    """Executes requests against one shop."""

    def __init__(self, backstage: Backstage, writing: StockWriting, bucket: Bucket) -> None:
        self._queries = Queries(backstage)
        self._backstage = backstage
        self._bucket = bucket
        self._mutations: Mapping[str, Callable[[Arguments, Call, str | None], object]] = {
            "inventoryAdjustQuantities": writing.adjust,
            "inventorySetQuantities": writing.set,
            "bulkOperationRunQuery": lambda given, call, _: backstage.bulk.start(
                str(given["query"]), call, self.rows
            ),
            "bulkOperationCancel": lambda given, *_: backstage.bulk.cancel(
                number_of(given["id"], "BulkOperation")
            ),
            "webhookSubscriptionCreate": self._subscribe,
            "webhookSubscriptionDelete": lambda given, _, __: backstage.subscriptions.delete(
                number_of(given["id"], "WebhookSubscription")
            ),
        }

    def rows(self, name: str, arguments: Mapping[str, object], call: Call) -> Rows[object]:
        """The records behind a root connection, for bulk queries."""
        return self._queries.rows(name, arguments, call)

    def prepare(self, body: Mapping[str, object], formula: str) -> Prepared | Answer:
        """Parse and validate a request; an answer when it is refused."""
        query, variables = body.get("query"), body.get("variables") or {}
        if not isinstance(query, str) or not isinstance(variables, Mapping):
            return {"errors": [{"message": "query must be given as a string"}]}
        name = body.get("operationName")
        try:
            document = parse(query)
            problems = validate(schema(), document)
        except GraphQLError as error:
            return {"errors": [_described(error)]}
        if problems:
            return {"errors": [_described(problem) for problem in problems]}
        operation = get_operation_ast(document, name if isinstance(name, str) else None)
        if operation is None:
            return {"errors": [{"message": "An operation name is required"}]}
        return self._measured(document, operation, variables, formula)

    def throttled(self, prepared: Prepared, raw_now: float) -> Answer:
        """The answer of an empty bucket: no data, no Retry-After."""
        return {"errors": [refusals.throttled()], **self._extensions(prepared, None, raw_now, [])}

    def run(self, prepared: Prepared, call: Call, raw_now: float) -> Answer:
        """Admit and execute; the bucket is charged with what the request did cost."""
        behaviour = call.world.behaviour
        if prepared.cost > behaviour.max_cost:
            return {"errors": [refusals.too_dear(prepared.cost, behaviour.max_cost)]}
        if not self._bucket.admit(prepared.cost, raw_now):
            return self.throttled(prepared, raw_now)
        result = execute_sync(
            schema(),
            prepared.document,
            variable_values=dict(prepared.variables),
            operation_name=prepared.operation.name.value if prepared.operation.name else None,
            context_value=call,
            field_resolver=self._resolve,
            type_resolver=lambda value, *_: _type_name(value),
        )
        _raise_bugs(result.errors)
        spent = min(
            prepared.cost,
            actual(
                prepared.reading, prepared.operation, prepared.root,
                behaviour.cost_formula, result.data or {},
            ),
        )  # fmt: skip
        self._bucket.give_back(prepared.cost - spent)
        answer: Answer = {"data": result.data}
        if result.errors:
            answer["errors"] = [_described(error) for error in result.errors]
        answer |= self._extensions(prepared, spent, raw_now, call.searches)
        return answer

    def _measured(
        self, document: DocumentNode, operation: OperationDefinitionNode,
        variables: Mapping[str, object], formula: str,
    ) -> Prepared | Answer:  # fmt: skip
        coerced = get_variable_values(
            schema(), operation.variable_definitions or (), dict(variables)
        )
        if isinstance(coerced, list):
            return {"errors": [_described(error, "INVALID_VARIABLE") for error in coerced]}
        fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        kind = schema().get_root_type(operation.operation)
        if kind is None:
            return {"errors": [{"message": "Subscriptions are not served"}]}
        reading = Reading(schema(), fragments, coerced)
        prepared = Prepared(
            document=document, operation=operation, variables=variables, reading=reading, root=kind
        )
        try:
            tops = list(reading.fields(operation.selection_set, kind))
            for each in tops:
                if each.is_connection:
                    page_size(each.arguments)
        except GraphQLError as error:
            return {"errors": [_described(error)]}
        prepared.roots = [each.node.name.value for each in tops]
        prepared.cost = requested(reading, operation, kind, formula)
        return prepared

    def _resolve(self, source: object, info: GraphQLResolveInfo, **arguments: object) -> object:
        """The value of any field."""
        parent, name = info.parent_type.name, info.field_name
        call = cast("Call", info.context)
        if isinstance(source, Page):
            return _page_field(source, name)
        needed = SCOPES.get(name)
        if needed is not None and not needed & call.scopes:
            raise refusals.access_denied(name, needed)
        if parent == "Mutation":
            return self._mutations[name](arguments, call, _key(info))
        if parent == "QueryRoot" and not self._queries.is_connection(name):
            return self._queries.plain[name](arguments, call)
        rows = self._connection(parent, name, source, arguments, call)
        if rows is None:
            return _record_field(parent, name, source, arguments, call)
        search = str(arguments.get("query") or "")
        keep = compile_search(search, rows.fields, report(call, info.path.as_list(), search))
        return cut_page(rows, arguments, keep)

    def _connection(
        self, parent: str, name: str, source: object, arguments: Arguments, call: Call
    ) -> Rows[object] | None:
        if parent == "QueryRoot":
            return self._queries.rows(name, arguments, call)
        rows = CONNECTIONS.get(parent, {}).get(name)
        return None if rows is None else rows(source, arguments, call)

    def _subscribe(self, given: Arguments, call: Call, _key: str | None) -> object:
        wanted = given["webhookSubscription"]
        topic, now = str(given["topic"]), call.world.now()
        fields = wanted if isinstance(wanted, Mapping) else {}
        return self._backstage.subscriptions.create(topic, fields, now)

    def _extensions(
        self, prepared: Prepared, spent: int | None, raw_now: float,
        searches: list[dict[str, object]],
    ) -> Answer:  # fmt: skip
        cost = {
            "requestedQueryCost": prepared.cost,
            "actualQueryCost": spent,
            "throttleStatus": self._bucket.status(raw_now),
        }
        return {"extensions": {"cost": cost, **({"search": searches} if searches else {})}}


def _record_field(
    parent: str, name: str, source: object, arguments: Arguments, call: Call
) -> object:
    """A field of a record, or of an answer that a mutation made."""
    if isinstance(source, Mapping):
        return source.get(name)
    resolver = FIELDS.get(parent, {}).get(name)
    if resolver is not None:
        return resolver(source, arguments, call)
    return getattr(source, "gid" if name == "id" else name, None)


def _page_field(page: Page, name: str) -> object:
    if name == "nodes":
        return page.nodes
    if name == "edges":
        rows = zip(page.cursors, page.nodes, strict=True)
        return [{"cursor": cursor, "node": node} for cursor, node in rows]
    return {
        "hasNextPage": page.has_next,
        "hasPreviousPage": False,
        "startCursor": page.cursors[0] if page.cursors else None,
        "endCursor": page.cursors[-1] if page.cursors else None,
    }


def _key(info: GraphQLResolveInfo) -> str | None:
    """The key of `@idempotent` at the mutation, if it has one."""
    directive = schema().get_directive("idempotent")
    if directive is None:
        return None
    given = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    return None if given is None else str(given["key"])


def _type_name(value: object) -> str:
    if isinstance(value, Mapping):
        return str(value.get("__typename", ""))
    name = type(value).__name__
    return RECORDS.get(name, name)


def _described(error: GraphQLError, code: str | None = None) -> dict[str, object]:
    """An error as Shopify words it."""
    said = dict(error.formatted)
    if code is not None:
        said["extensions"] = {"code": code}
    elif "Cannot query field" in error.message:
        said["extensions"] = {"code": "undefinedField"}
    return said


def _raise_bugs(errors: Sequence[GraphQLError] | None) -> None:
    """What is no refusal is a mistake of the simulated shop, and is shown as such."""
    for error in errors or ():
        if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
            raise error.original_error

"""Cuts Shopify's Admin schema down to what our documents touch: small enough to ship with the simulated shop.

Kept are the fields that a document selects, with all their arguments, and whole enums and input types; a field
that no document asks for is unknown to the simulated shop. Descriptions are dropped.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLScalarType,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    Node,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_ast_schema,
    get_named_type,
    is_specified_scalar_type,
    parse,
    print_ast,
    visit,
)
from graphql import FieldNode as Selected

from connectors.shopify.bulk_queries import BULK_DOCUMENTS, bulk_body, bulk_prices
from connectors.shopify.queries import DOCUMENTS

ROOT = Path(__file__).resolve().parent.parent
FULL = ROOT.parent / "shared" / "reference" / "shopify-admin-2026-07.graphql"
TRIMMED = ROOT / "connectors" / "shopify" / "sandbox" / "admin-2026-07.graphql"
DIRECTIVES = frozenset({"idempotent"})
INTERFACE = "Node"
OTHER_CLIENTS = {
    "SET": """
      mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
        inventorySetQuantities(input: $input) @idempotent(key: $key) {
          inventoryAdjustmentGroup { id changes { name delta quantityAfterChange } }
          userErrors { field message code }
        }
      }""",
    "NODE": "query Node($id: ID!) { node(id: $id) { id } }",
    "VARIANT": """
      query Variant($id: ID!) {
        productVariant(id: $id) { id sku inventoryQuantity product { id } inventoryItem { id } }
        product(id: $id) { id status variants(first: 1) { nodes { id } } }
        location(id: $id) { id name updatedAt }
        inventoryItems(first: 1) { edges { cursor node { id } } }
        productVariants(first: 1) { edges { cursor node { id } } }
        priceLists(first: 1) { nodes { id name currency } }
      }""",
}
"""Documents that nobody here sends, but other users of the simulated shop may."""


def documents() -> Mapping[str, str]:
    """All documents by name, bulk bodies included."""
    bulk = {
        "bulk_body": bulk_body(),
        "bulk_body in a country": bulk_body("DE"),
        "bulk_body of prices": bulk_prices("DE"),
    }
    return {**DOCUMENTS, **BULK_DOCUMENTS, **bulk}


def trimmed(full: str) -> str:
    """The part of a schema that the documents need, as SDL."""
    tree = parse(full, no_location=True)
    schema = build_ast_schema(tree, assume_valid=True, assume_valid_sdl=True)
    touched = _Touched(schema)
    for text in (*documents().values(), *OTHER_CLIENTS.values()):
        touched.read(parse(text))
    kept = (_cut(definition, touched) for definition in tree.definitions)
    return print_ast(DocumentNode(definitions=[node for node in kept if node])) + "\n"


class _Touched:
    """Types and fields in use; reading a document adds to them."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.fields: dict[str, set[str]] = {}
        self.whole: set[str] = set()

    def read(self, document: DocumentNode) -> None:
        """Add what a document touches."""
        info = TypeInfo(self._schema)
        visit(document, TypeInfoVisitor(info, _Reader(self, info)))

    def select(self, parent: GraphQLNamedType, field: str) -> None:
        """A document selects that field of that type."""
        self.fields.setdefault(parent.name, set()).add(field)

    def take(self, kind: GraphQLNamedType) -> None:
        """The whole of a scalar, an enum or an input type is in use; an object by its fields only."""
        if kind.name in self.whole or is_specified_scalar_type(kind):
            return
        if isinstance(kind, GraphQLInputObjectType):
            self.whole.add(kind.name)
            for field in kind.fields.values():
                self.take(get_named_type(field.type))
        elif isinstance(kind, GraphQLEnumType | GraphQLScalarType):
            self.whole.add(kind.name)


class _Reader(Visitor):
    def __init__(self, touched: _Touched, info: TypeInfo) -> None:
        super().__init__()
        self._touched = touched
        self._info = info

    def enter_field(self, node: Selected, *_: object) -> None:
        parent, field = self._info.get_parent_type(), self._info.get_field_def()
        if parent is None or field is None:
            raise ValueError(f"the schema has no field {node.name.value} here")
        self._touched.select(parent, node.name.value)
        self._touched.take(get_named_type(field.type))
        for argument in field.args.values():
            self._touched.take(get_named_type(argument.type))


def _cut(definition: DefinitionNode, touched: _Touched) -> Node | None:
    """What stays of a definition; None when all of it goes."""
    if isinstance(definition, SchemaDefinitionNode):
        return definition
    if isinstance(definition, DirectiveDefinitionNode):
        return _bare(definition) if definition.name.value in DIRECTIVES else None
    if isinstance(definition, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        return _cut_fields(definition, touched.fields)
    if isinstance(
        definition,
        ScalarTypeDefinitionNode | EnumTypeDefinitionNode | InputObjectTypeDefinitionNode,
    ):
        return _bare(definition) if definition.name.value in touched.whole else None
    return None


def _cut_fields(
    definition: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode,
    selected: Mapping[str, set[str]],
) -> Node | None:
    wanted = selected.get(definition.name.value)
    if wanted is None:
        return None
    nodes = [one for one in definition.interfaces or () if one.name.value == INTERFACE]
    wanted = wanted | ({"id"} if nodes else set())
    definition.interfaces = tuple(nodes)
    definition.fields = _named(definition.fields or (), wanted)
    return _bare(definition)


def _named(
    fields: Iterable[FieldDefinitionNode], wanted: set[str]
) -> tuple[FieldDefinitionNode, ...]:
    return tuple(field for field in fields if field.name.value in wanted)


class _Bare(Visitor):
    """Takes descriptions and the directives of definitions away."""

    def enter(self, node: Node, *_: object) -> None:
        for attribute, nothing in (("description", None), ("directives", ())):
            if hasattr(node, attribute):
                setattr(node, attribute, nothing)


def _bare(definition: Node) -> Node:
    visit(definition, _Bare())
    return definition


def is_fresh() -> bool:
    """Whether the shipped schema is what the full one gives; true where the full one is absent."""
    if not FULL.exists():
        return True
    return TRIMMED.exists() and TRIMMED.read_text("utf-8") == trimmed(FULL.read_text("utf-8"))


def write() -> None:
    """Renew the shipped schema, where the full one is present."""
    if FULL.exists():
        TRIMMED.write_text(trimmed(FULL.read_text("utf-8")), encoding="utf-8")

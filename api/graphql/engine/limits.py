"""The limits of one document, checked in one pass before the document is validated.

Each selection set is weighed once. The weight of a fragment is stored and used for each spread, so a document
of n tokens takes n steps, however often its fragments spread each other. The weights are:

    depth      fields within fields, of the operation that runs
    cost       a field 1; a connection `first` times its children; another list 5 times
               `first` times, or as often as the list of ids in its arguments is long, where it takes one;
               a picture by its pixels
    pictures   of the operation that runs, counted as the cost is
    values     of the answer, counted while it is read: a list without pages may be long
    aliases    of the operation that runs; those of a fragment count for each spread
    repeats    of one response key in one selection set: comparing them takes the square of their number. As
               many as fragments, which may each ask `id` and be written into one place by a compiler
    of the document: directives, fragments, variables, operations, characters, tokens

Introspection (`__schema`, `__type`, `__typename`) counts neither for depth nor for cost; a document may ask
`__schema` once. A cost that depends on variables is stored as a small formula, so a cached document is
checked again without another walk.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from graphql.language import (
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.pyutils import Undefined
from graphql.utilities.coerce_input_value import coerce_default_value

from api.errors import TooCostly
from api.graphql.engine.costs import (
    Cost,
    Factor,
    ListFactor,
    PageFactor,
    PictureFactor,
    Variable,
    Variables,
    page_size,
    total,
)

LARGE_NUMBER = 10**6
UNREAD = object()
# The type of a field that draws a code, by the arguments `size` and `format`.
PICTURE_TYPE = "QrImage"

# Selection sets within each other, inline fragments included. No honest document comes near; it bounds the
# recursion.
MAX_NESTING = 100


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    characters: int = 20_000
    tokens: int = 1_000
    depth: int = 10
    cost: int = 10_000
    aliases: int = 15
    directives: int = 50
    fragments: int = 50
    variables: int = 50
    operations: int = 5
    introspections: int = 1
    repeats: int = 50
    pictures: int = 20
    values: int = 200_000
    page: int = 100
    list_factor: int = 5


# ---------------------------------------------------------------- values


@dataclass(frozen=True, slots=True)
class Weight:
    """The weight of one selection set. `roots` holds its own fields by response key."""

    depth: int = 0
    aliases: int = 0
    introspections: int = 0
    cost: Cost = field(default_factory=Cost)
    pictures: Cost = field(default_factory=Cost)
    roots: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class OperationPlan:
    """One weighed operation of a document. `roots` names each root field as often as it runs."""

    name: str | None
    kind: str
    roots: tuple[str, ...]
    weight: Weight
    defaults: Mapping[str, object]

    def check(self, variables: Variables, limits: DocumentLimits) -> int:
        """Return what this operation costs with these variables. Raises TooCostly if it is over a limit."""
        weight = self.weight
        _check_limit("introspections", weight.introspections, limits.introspections)
        _check_limit("aliases", weight.aliases, limits.aliases)
        _check_limit("depth", weight.depth, limits.depth)
        values = {**self.defaults, **variables} if weight.cost.parts else variables
        _check_limit("pictures", weight.pictures.value(values), limits.pictures)
        cost = weight.cost.value(values)
        _check_limit("cost", cost, limits.cost)
        return cost


def _check_limit(limit: str, value: int, maximum: int) -> None:
    if value > maximum:
        raise TooCostly(limit=limit, maximum=maximum, value=value)


# ---------------------------------------------------------------- weighing


def weigh(document: DocumentNode, schema: GraphQLSchema, limits: DocumentLimits) -> tuple[OperationPlan, ...]:
    """Return a plan for each operation. Raises TooCostly where the whole document is over a limit."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = [each for each in document.definitions if isinstance(each, FragmentDefinitionNode)]
    _check_limit("operations", len(operations), limits.operations)
    _check_limit("fragments", len(fragments), limits.fragments)
    _check_limit(
        "variables", sum(len(each.variable_definitions or ()) for each in operations), limits.variables
    )
    weigher = _Weigher(schema, limits, fragments)
    plans = tuple(weigher.plan(each) for each in operations)
    for each in fragments:  # a fragment that nothing spreads may hold directives too
        weigher.fragment(each.name.value, 0)
    _check_limit("directives", weigher.directives, limits.directives)
    return plans


class _Weigher:
    """One walk over one document."""

    def __init__(
        self, schema: GraphQLSchema, limits: DocumentLimits, fragments: Iterable[FragmentDefinitionNode]
    ) -> None:
        self.schema, self.limits = schema, limits
        self.fragments = {each.name.value: each for each in fragments}
        self.weights: dict[str, Weight] = {}
        self.visited: set[str] = set()
        self.directives = 0

    def plan(self, operation: OperationDefinitionNode) -> OperationPlan:
        self.directives += len(operation.directives or ())
        defaults: dict[str, object] = {}
        for each in operation.variable_definitions or ():
            self.directives += len(each.directives or ())
            if each.default_value is not None:
                defaults[each.variable.name.value] = _constant(each.default_value)
        weight = self.selections(operation.selection_set, self.schema.get_root_type(operation.operation), 0)
        return OperationPlan(
            name=operation.name.value if operation.name else None,
            kind=operation.operation.value,
            roots=tuple(sorted(name for _, name in weight.roots)),
            weight=weight,
            defaults=defaults,
        )

    def fragment(self, name: str, nesting: int) -> Weight:
        if name in self.weights:
            return self.weights[name]
        node = self.fragments.get(name)
        if node is None or name in self.visited:  # unknown, or a cycle: validation refuses both
            return Weight()
        self.visited.add(name)
        self.directives += len(node.directives or ())
        fragment_type = self.schema.type_map.get(node.type_condition.name.value)
        self.weights[name] = self.selections(node.selection_set, fragment_type, nesting + 1)
        return self.weights[name]

    def selections(self, node: SelectionSetNode, parent: GraphQLNamedType | None, nesting: int) -> Weight:
        if nesting > MAX_NESTING:
            raise TooCostly(limit="depth", maximum=self.limits.depth, value=nesting)
        depth = aliases = introspections = 0
        costs: list[Cost] = []
        pictures: list[Cost] = []
        roots: set[tuple[str, str]] = set()
        _check_limit("repeats", _most_repeated(node), self.limits.repeats)
        for each in node.selections:
            self.directives += len(each.directives or ())
            if isinstance(each, FieldNode):
                weight = self.field(each, parent, nesting)
            elif isinstance(each, InlineFragmentNode):
                fragment_type = (
                    self.schema.type_map.get(each.type_condition.name.value)
                    if each.type_condition
                    else parent
                )
                weight = self.selections(each.selection_set, fragment_type, nesting + 1)
            elif isinstance(each, FragmentSpreadNode):
                weight = self.fragment(each.name.value, nesting)
            else:
                continue
            depth = max(depth, weight.depth)
            aliases += weight.aliases
            introspections += weight.introspections
            roots |= weight.roots
            costs.append(weight.cost)
            pictures.append(weight.pictures)
        return Weight(depth, aliases, introspections, total(costs), total(pictures), frozenset(roots))

    def field(self, node: FieldNode, parent: GraphQLNamedType | None, nesting: int) -> Weight:
        name = node.name.value
        alias = 1 if node.alias else 0
        definition = _definition(parent, name)
        inner = Weight()
        if node.selection_set:
            field_type = get_named_type(definition.type) if definition else None
            inner = self.selections(node.selection_set, field_type, nesting + 1)
        aliases = inner.aliases + alias
        key = frozenset({(node.alias.value if node.alias else name, name)})
        if name.startswith("__"):
            return Weight(0, aliases, inner.introspections + (name == "__schema"), roots=key)
        factor = self.factor(node, definition, parent)
        cost, pictures = inner.cost.multiplied(factor, 1), inner.pictures.multiplied(factor, 0)
        if definition is not None and get_named_type(definition.type).name == PICTURE_TYPE:
            drawing = PictureFactor(_argument(node, "size"), _argument(node, "format"))
            cost, pictures = total([cost, Cost(0, ((drawing, Cost(1)),))]), Cost(1)
        return Weight(inner.depth + 1, aliases, inner.introspections, cost, pictures, key)

    def factor(
        self, node: FieldNode, definition: GraphQLField | None, parent: GraphQLNamedType | None
    ) -> int | Factor:
        """Return how many times the children of this field come."""
        if definition is None:
            return 1
        is_list = is_list_type(get_nullable_type(definition.type))
        is_connection = get_named_type(definition.type).name.endswith("Connection")
        if (is_list or is_connection) and "first" in definition.args:
            return self.page(node, definition)
        if not is_list:
            return 1
        if (
            parent is not None
            and parent.name.endswith("Connection")
            and node.name.value in ("edges", "nodes")
        ):
            return 1  # counted at the connection
        return self.count(node, definition)

    def page(self, node: FieldNode, definition: GraphQLField) -> int | Factor:
        maximum = self.limits.page
        default = coerce_default_value(definition.args["first"])
        default_size = page_size(None if default is Undefined else default, default=maximum, maximum=maximum)
        first = _argument(node, "first")
        if isinstance(first, Variable):
            return PageFactor(first.name, default_size, maximum)
        return page_size(first, default=default_size, maximum=maximum)

    def count(self, node: FieldNode, definition: GraphQLField) -> int | Factor:
        minimum = self.limits.list_factor
        lists = {
            name
            for name, argument in definition.args.items()
            if is_list_type(get_nullable_type(argument.type))
        }
        for name in lists:
            ids = _argument(node, name)
            if isinstance(ids, Variable):
                return ListFactor(ids.name, minimum)
            return max(minimum, len(ids)) if isinstance(ids, list) else minimum
        return minimum


def without_repeats(document: DocumentNode) -> DocumentNode:
    """Return a document without the leaf fields that one selection set asks again: they change no answer, and
    validation compares all fields that have one response key with each other.
    """
    result: DocumentNode = visit(document, _RepeatRemover())
    return result


class _RepeatRemover(Visitor):
    def leave_selection_set(self, node: SelectionSetNode, *_: object) -> SelectionSetNode | None:
        selections: list[SelectionNode] = []
        leaf_keys: set[tuple[str | None, str]] = set()
        for each in node.selections:
            if isinstance(each, FieldNode) and not (each.selection_set or each.arguments or each.directives):
                key = each.alias.value if each.alias else None, each.name.value
                if key in leaf_keys:
                    continue
                leaf_keys.add(key)
            selections.append(each)
        if len(selections) == len(node.selections):
            return None
        return SelectionSetNode(selections=tuple(selections), loc=node.loc)


def _most_repeated(node: SelectionSetNode) -> int:
    keys = Counter((each.alias or each.name).value for each in node.selections if isinstance(each, FieldNode))
    return max(keys.values(), default=0)


def _definition(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    fields: Mapping[str, GraphQLField] | None = getattr(parent, "fields", None)
    return fields.get(name) if fields else None


def _argument(node: FieldNode, name: str) -> object:
    """Return the value of an argument, or its variable; None where it is left out."""
    for argument in node.arguments or ():
        if argument.name.value == name:
            value = argument.value
            return Variable(value.name.value) if isinstance(value, VariableNode) else _constant(value)
    return None


def _constant(node: ValueNode) -> object:
    """Return the value of a literal, as far as a limit reads it; UNREAD for any other, which costs most."""
    if isinstance(node, NullValueNode):
        return None
    if isinstance(node, IntValueNode):
        # A number of more digits is over the limit in any case, and reading thousands of digits takes time.
        return int(node.value) if len(node.value) <= 6 else LARGE_NUMBER
    if isinstance(node, EnumValueNode):
        return node.value
    return list(node.values) if isinstance(node, ListValueNode) else UNREAD

"""The limits of one document, checked in one pass before the document is validated.

Each selection set is weighed once. The weight of a fragment is stored and used for each spread, so a document
of n tokens takes n steps, however often its fragments spread each other. The weights are:

    depth      fields within fields, of the operation that runs
    cost       a field 1; a connection `first` times its children; another list 5 times or `first` times, or
               as often as the list of ids in its arguments is long, where it takes one; a picture by its
               pixels. What is too dear so is merged first (`weighing.merging`): what several fragments ask in
               one place is asked once
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
from dataclasses import field

from graphql import GraphQLNamedType, GraphQLSchema, get_named_type
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    Visitor,
    visit,
)

from api.errors import TooCostly
from api.graphql.engine.weighing.costs import (
    Cost,
    FieldCosts,
    Variables,
    constant_value,
    field_definition,
    total,
)
from api.graphql.engine.weighing.merging import Merging
from domain.model.values import dataclass

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
    """One weighed operation of a document. `roots` names each root field as often as it runs; `merging`
    weighs it once more where the sum is over a limit.
    """

    name: str | None
    kind: str
    roots: tuple[str, ...]
    weight: Weight
    defaults: Mapping[str, object]
    merging: Merging

    def check(self, variables: Variables, limits: DocumentLimits) -> int:
        """Return what this operation costs with these variables. Raises TooCostly if it is over a limit."""
        weight = self.weight
        _check_limit("introspections", weight.introspections, limits.introspections)
        _check_limit("aliases", weight.aliases, limits.aliases)
        _check_limit("depth", weight.depth, limits.depth)
        values = {**self.defaults, **variables} if weight.cost.parts else variables
        pictures, cost = weight.pictures.value(values), weight.cost.value(values)
        # No honest document asks anything more often than it may have fragments.
        is_dear = pictures > limits.pictures or cost > limits.cost
        if is_dear and cost <= limits.cost * limits.fragments:
            merged = self.merging.merged(depth=limits.depth)
            if merged is not None:
                pictures, cost = merged.pictures.value(values), merged.cost.value(values)
        _check_limit("pictures", pictures, limits.pictures)
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
        self.field_costs = FieldCosts(page=limits.page, list_factor=limits.list_factor)

    def plan(self, operation: OperationDefinitionNode) -> OperationPlan:
        self.directives += len(operation.directives or ())
        defaults: dict[str, object] = {}
        for each in operation.variable_definitions or ():
            self.directives += len(each.directives or ())
            if each.default_value is not None:
                defaults[each.variable.name.value] = constant_value(each.default_value)
        root_type = self.schema.get_root_type(operation.operation)
        weight = self.selections(operation.selection_set, root_type, 0)
        return OperationPlan(
            name=operation.name.value if operation.name else None,
            kind=operation.operation.value,
            roots=tuple(sorted(name for _, name in weight.roots)),
            weight=weight,
            defaults=defaults,
            merging=Merging(
                (operation.selection_set, root_type), self.schema, self.fragments, self.field_costs
            ),
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
        definition = field_definition(parent, name)
        inner = Weight()
        if node.selection_set:
            field_type = get_named_type(definition.type) if definition else None
            inner = self.selections(node.selection_set, field_type, nesting + 1)
        aliases = inner.aliases + alias
        key = frozenset({(node.alias.value if node.alias else name, name)})
        if name.startswith("__"):
            return Weight(0, aliases, inner.introspections + (name == "__schema"), roots=key)
        cost, pictures = self.field_costs.of(node, definition, parent, inner.cost, inner.pictures)
        return Weight(inner.depth + 1, aliases, inner.introspections, cost, pictures, key)


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

"""What an operation costs once its selections are merged as the executor merges them: what several fragments
ask in one place is asked once.

The sum that `limits` makes counts each of them. It takes a step a token and is never too low, so an operation
is merged only where it is too dear by that sum. Merging may take many more steps than a document has tokens,
since fragments may be merged with others in each place anew: beyond `MOST_STEPS` the sum stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from graphql import GraphQLNamedType, GraphQLSchema, get_named_type
from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)

from api.graphql.engine.weighing.costs import Cost, FieldCosts, field_definition, total
from domain.model.values import dataclass

MOST_STEPS = 20_000

# A selection set, and the type that it selects of: None where the schema has none of its name.
Selected = tuple[SelectionSetNode, GraphQLNamedType | None]


class _TooManySteps(Exception):
    """Merging would take too long."""


@dataclass(frozen=True, slots=True)
class MergedCosts:
    """The cost of merged selections, and the pictures that they draw."""

    cost: Cost = field(default_factory=Cost)
    pictures: Cost = field(default_factory=Cost)


@dataclass(slots=True)
class _Place:
    """The place of one response key in the selections of one type, and every field that asks for it."""

    parent: GraphQLNamedType | None
    nodes: list[FieldNode] = field(default_factory=list)


class Merging:
    """The merging of one operation, which is done when it is first asked for."""

    def __init__(
        self,
        root: Selected,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        field_costs: FieldCosts,
    ) -> None:
        self._root, self._schema, self._fragments, self._field_costs = root, schema, fragments, field_costs
        self._steps = 0
        self._known: dict[frozenset[tuple[int, str]], MergedCosts] = {}
        self._merged: MergedCosts | None = None

    def merged(self, *, depth: int) -> MergedCosts | None:
        """Return the costs of an operation of at most so many fields within fields; None where merging takes
        too many steps.
        """
        if self._merged is None and self._steps <= MOST_STEPS:
            try:
                self._merged = self._merge([self._root], depth)
            except _TooManySteps:
                self._steps = MOST_STEPS + 1  # it is not tried again
        return self._merged

    def _merge(self, selected: Sequence[Selected], depth: int) -> MergedCosts:
        key = frozenset((id(node), parent.name if parent else "") for node, parent in selected)
        if key not in self._known:
            if depth == 0:  # a ring of fragments, which validation refuses
                raise _TooManySteps
            places, spread = dict[tuple[str, str], _Place](), set[str]()
            for node, parent in selected:
                self._collect(node, parent, places, spread)
            costs = [self._field(each, depth) for each in places.values()]
            self._known[key] = MergedCosts(
                total(each.cost for each in costs), total(each.pictures for each in costs)
            )
        return self._known[key]

    def _collect(
        self,
        node: SelectionSetNode,
        parent: GraphQLNamedType | None,
        places: dict[tuple[str, str], _Place],
        spread: set[str],
    ) -> None:
        """Collect the fields of a selection set by response key and type, those of its fragments too.

        Fields of one key on an object and on its interface count each: they merge for some objects only.
        """
        for each in node.selections:
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise _TooManySteps
            if isinstance(each, FieldNode):
                if not each.name.value.startswith("__"):
                    key = (each.alias or each.name).value, parent.name if parent else ""
                    places.setdefault(key, _Place(parent)).nodes.append(each)
            elif isinstance(each, InlineFragmentNode):
                condition = each.type_condition
                inner = self._schema.type_map.get(condition.name.value) if condition else parent
                self._collect(each.selection_set, inner, places, spread)
            elif isinstance(each, FragmentSpreadNode) and each.name.value not in spread:
                spread.add(each.name.value)
                fragment = self._fragments.get(each.name.value)
                if fragment is not None:
                    inner = self._schema.type_map.get(fragment.type_condition.name.value)
                    self._collect(fragment.selection_set, inner, places, spread)

    def _field(self, place: _Place, depth: int) -> MergedCosts:
        """Return what a field costs. Validation holds all that ask for it to the same arguments."""
        first = place.nodes[0]
        definition = field_definition(place.parent, first.name.value)
        field_type = get_named_type(definition.type) if definition else None
        selected = [(node.selection_set, field_type) for node in place.nodes if node.selection_set]
        inner = self._merge(selected, depth - 1) if selected else MergedCosts()
        return MergedCosts(*self._field_costs.of(first, definition, place.parent, inner.cost, inner.pictures))

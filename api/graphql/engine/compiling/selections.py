"""The compiler: a value's type and what a document selects of it become one function."""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLUnionType,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import get_argument_values
from graphql.language import FieldNode, Node, VariableNode, Visitor, visit
from strawberry.schema import schema_converter
from strawberry.types.arguments import convert_arguments
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from api.graphql.engine import permissions
from api.graphql.engine.compiling.leaves import DEFINITION, leaf_of
from api.graphql.engine.compiling.runs import are_unchanging
from api.graphql.engine.compiling.source import MAX_BLOCKS, Complete, Function, Source
from api.graphql.engine.permissions import ROOT_FIELD, VIEWERS
from domain.model.values import dataclass

if TYPE_CHECKING:
    from api.graphql.engine.compiling.operations import CompilingExecutor

# Where a field's own resolver comes from: any other is a wrapper that we know nothing of.
RESOLVERS = frozenset({schema_converter.__name__, permissions.__name__})


class NotCompiled(Exception):
    """What only the library can execute."""


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedField:
    """One field of a document that a resolver answers."""

    owner: GraphQLObjectType
    name: str
    graphql_field: GraphQLField
    definition: StrawberryField
    details: FieldDetailsList

    @property
    def nodes(self) -> list[FieldNode]:
        return [each.node for each in self.details]

    def read_arguments(self, executor: CompilingExecutor) -> dict[str, object]:
        """Return the arguments of the resolver, as the library and Strawberry read them."""
        first = self.details[0]
        values = get_argument_values(
            self.graphql_field,
            first.node,
            executor.variable_values,
            first.fragment_variable_values,
            executor.hide_suggestions,
        )
        converter = executor.converter
        return convert_arguments(
            values,
            self.definition.arguments,
            scalar_registry=converter.scalar_registry,
            config=converter.config,
        )


class Compiler:
    """Compiles what one operation selects. `executor` says which fields a selection holds, by the variables
    of its directives.

    What becomes of a value is written as statements that leave its answer in the variable of the value
    itself; objects in objects stand in line, and what may be waited for is a function.
    """

    def __init__(self, executor: CompilingExecutor) -> None:
        self.executor, self.source = executor, Source()

    def compile(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Complete:
        """Return what completes a value of a type. Raises NotCompiled."""
        return self.source.load(self._function(type_, details))

    def _function(self, type_: GraphQLOutputType, details: FieldDetailsList) -> str:
        function = self.source.function()
        with function.counted():
            self._value(function, "value", type_, details)
        return function.end("value")

    # ------------------------------------------------------------ values

    def _value(self, out: Function, v: str, type_: GraphQLOutputType, details: FieldDetailsList) -> None:
        if is_non_null_type(type_):
            self._value_of(out, v, type_.of_type, details, nullable=False)
        else:
            self._value_of(out, v, type_, details, nullable=True)

    def _value_of(
        self, out: Function, v: str, type_: GraphQLOutputType, details: FieldDetailsList, *, nullable: bool
    ) -> None:
        if isinstance(type_, GraphQLScalarType | GraphQLEnumType):
            self._leaf(out, v, type_, nullable=nullable)
        elif out.blocks > MAX_BLOCKS:
            same = type_ if nullable else GraphQLNonNull(cast(Any, type_))
            out.add(f"{v} = {self._function(same, details)}({v}, run)")
        elif is_list_type(type_):
            with out.checked(v, f"{v}.__class__ is list or {v}.__class__ is tuple", nullable=nullable):
                answers, each = self.source.fresh("l"), self.source.fresh("v")
                out.add(f"{answers} = []")
                with out.counted(f" * len({v})"), out.block(f"for {each} in {v}"):
                    self._value(out, each, type_.of_type, details)
                    out.add(f"{answers}.append({each})")
                out.add(f"{v} = {answers}")
        elif isinstance(type_, GraphQLObjectType):
            python_type = self.source.bind(_python_type(type_))
            with out.checked(v, f"{v}.__class__ is {python_type}", nullable=nullable):
                self._object(out, v, type_, details)
        elif isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
            by_class = self.source.bind_functions(self._possible(type_, details))
            with out.checked(v, f"{v}.__class__ in {by_class}", nullable=nullable):
                out.add(f"{v} = {by_class}[{v}.__class__]({v}, run)")
        else:
            raise NotCompiled

    def _leaf(
        self, out: Function, v: str, type_: GraphQLScalarType | GraphQLEnumType, *, nullable: bool
    ) -> None:
        leaf = leaf_of(type_, name=self.source.fresh("b"))
        self.source.names.update(leaf.names)
        conditions = [leaf.condition.format(v=v)] if leaf.condition else []
        if leaf.python_type is not None:
            conditions.insert(0, f"{v}.__class__ is {self.source.bind(leaf.python_type)}")
        with out.checked(v, " and ".join(conditions) or f"{v} is not None", nullable=nullable):
            if leaf.writing:
                out.add(f"{v} = {leaf.writing.format(v=v)}")

    def _possible(
        self, type_: GraphQLUnionType | GraphQLInterfaceType, details: FieldDetailsList
    ) -> dict[type, str]:
        """Return the function of each type that a value may be of, by its class."""
        if getattr(type_.extensions[DEFINITION], "resolve_type", None) is not None:
            raise NotCompiled
        possible = self.executor.schema.get_possible_types(type_)
        by_class = {_python_type(each): self._function(each, details) for each in possible}
        if len(by_class) < len(possible):
            raise NotCompiled
        return by_class

    def _object(
        self, out: Function, v: str, object_type: GraphQLObjectType, details: FieldDetailsList
    ) -> None:
        grouped = self.executor.collect_subfields(object_type, details).grouped_field_set
        answer = self.source.fresh("o")
        out.count(len(grouped))
        out.add(f"{answer} = {{}}")
        for name, each in grouped.items():
            self._field(out, v, answer, name, object_type, each)
        out.add(f"{v} = {answer}")

    # ------------------------------------------------------------ fields

    def _field(
        self,
        out: Function,
        source: str,
        answer: str,
        response_name: str,
        owner: GraphQLObjectType,
        details: FieldDetailsList,
    ) -> None:
        """Write what puts a field's answer under its name in the answer of its object."""
        name = details[0].node.name.value
        if name == "__typename":
            out.add(f"{answer}[{response_name!r}] = {owner.name!r}")
            return
        graphql_field = owner.fields[name]
        definition = graphql_field.extensions.get(DEFINITION)
        if (
            not isinstance(definition, StrawberryField)
            or definition.extensions
            or ROOT_FIELD in graphql_field.extensions
            or getattr(graphql_field.resolve, "__module__", None) not in RESOLVERS
        ):
            raise NotCompiled
        field = ResolvedField(owner, name, graphql_field, definition, details)
        v = self.source.fresh("v")
        viewers = graphql_field.extensions.get(VIEWERS)
        if viewers is None:
            self._read(out, v, source, (answer, response_name), field)
        else:
            with out.block(f"if run.may_see({self.source.bind(viewers)})"), out.counted():
                self._read(out, v, source, (answer, response_name), field)
            with out.block("else"):
                out.add("raise NotPlain" if is_non_null_type(graphql_field.type) else f"{v} = None")
        out.add(f"{answer}[{response_name!r}] = {v}")

    def _read(self, out: Function, v: str, source: str, place: tuple[str, str], field: ResolvedField) -> None:
        """Write what reads a field and completes it, or waits for it at its place."""
        type_ = field.graphql_field.type
        if field.definition.base_resolver is None:
            out.add(f"{v} = {source}.{field.definition.python_name}")
            self._value(out, v, type_, field.details)
            return
        resolver, arguments = self._resolver(field)
        out.add(f"{v} = {self.source.bind(resolver)}({', '.join((source, *arguments))})")
        complete = self._function(type_, field.details)
        if iscoroutinefunction(resolver):
            out.add(f"{v} = Later({v}, {complete})")
            out.add(f"run.later.append(({place[0]}, {place[1]!r}, {v}))")
            return
        with out.block(f"if is_awaitable({v})"):
            out.add(f"{v} = Later({v}, {complete})")
            out.add(f"run.later.append(({place[0]}, {place[1]!r}, {v}))")
        with out.block("else"):
            out.add(f"{v} = {complete}({v}, run)")

    def _resolver(self, field: ResolvedField) -> tuple[Callable[..., Any], list[str]]:
        """Return the function that resolves a field, and what it is called with beside the object."""
        resolver = field.definition.base_resolver
        assert resolver is not None, "the field has a resolver"
        if resolver.self_parameter is None or resolver.root_parameter or resolver.parent_parameter:
            raise NotCompiled
        function = cast(Callable[..., Any], resolver.wrapped_func)
        key = self.source.bind(field)
        arguments = [f"{resolver.info_parameter.name}=run.info({key})"] if resolver.info_parameter else []
        if not field.graphql_field.args:
            return function, arguments
        if not variables_of(*(field.details[0].node.arguments or ())):
            values = field.read_arguments(self.executor)
            if are_unchanging(values):
                constants = [f"{name}={self.source.bind(value)}" for name, value in values.items()]
                return function, arguments + constants
        return function, [*arguments, f"**run.arguments({key})"]


def _python_type(object_type: GraphQLObjectType) -> type:
    definition: StrawberryObjectDefinition | None = object_type.extensions.get(DEFINITION)
    if definition is None:  # the library's own, such as __Schema
        raise NotCompiled
    if definition.is_type_of is not None or definition.concrete_of is not None:
        raise NotCompiled
    return definition.origin


def variables_of(*nodes: Node) -> set[str]:
    """Return the names of the variables that a part of a document depends on."""
    finder = _VariableFinder()
    for node in nodes:
        visit(node, finder)
    return finder.names


class _VariableFinder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names = set[str]()

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.names.add(node.name.value)

"""The compiler: a value's type and what a document selects of it become one function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
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
from strawberry.execution import optimized_is_awaitable
from strawberry.schema import schema_converter
from strawberry.types.arguments import convert_arguments
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from api.graphql.engine import permissions
from api.graphql.engine.compiling.leaves import DEFINITION, Complete, complete_leaf
from api.graphql.engine.compiling.runs import Later, NotPlain, Run, are_unchanging
from api.graphql.engine.permissions import ROOT_FIELD, VIEWERS, CallerKinds, caller_kind

if TYPE_CHECKING:
    from api.graphql.engine.compiling.operations import CompilingExecutor

# Reads a field from its object, as it is answered.
Read = Callable[[Any, Run], object]
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
    """

    def __init__(self, executor: CompilingExecutor) -> None:
        self.executor = executor

    def value(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Complete:
        """Return what completes a value of a type. Raises NotCompiled."""
        if is_non_null_type(type_):
            return self._value(type_.of_type, details, nullable=False)
        return self._value(type_, details, nullable=True)

    def _value(self, type_: GraphQLOutputType, details: FieldDetailsList, *, nullable: bool) -> Complete:
        if is_list_type(type_):
            return _list(self.value(type_.of_type, details), nullable=nullable)
        if isinstance(type_, GraphQLScalarType | GraphQLEnumType):
            return complete_leaf(type_, nullable=nullable)
        if isinstance(type_, GraphQLObjectType):
            return _objects({_python_type(type_): self._object(type_, details)}, nullable=nullable)
        if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
            if getattr(type_.extensions[DEFINITION], "resolve_type", None) is not None:
                raise NotCompiled
            possible = self.executor.schema.get_possible_types(type_)
            by_class = {_python_type(each): self._object(each, details) for each in possible}
            if len(by_class) < len(possible):
                raise NotCompiled
            return _objects(by_class, nullable=nullable)
        raise NotCompiled

    def _object(self, object_type: GraphQLObjectType, details: FieldDetailsList) -> Complete:
        grouped = self.executor.collect_subfields(object_type, details).grouped_field_set
        return _object([(name, *self._field(object_type, each)) for name, each in grouped.items()])

    def _field(self, owner: GraphQLObjectType, details: FieldDetailsList) -> tuple[Read, bool]:
        """Return what reads a field, and whether its value may be waited for."""
        name = details[0].node.name.value
        if name == "__typename":
            return lambda _source, _run: owner.name, False
        graphql_field = owner.fields[name]
        definition = graphql_field.extensions.get(DEFINITION)
        if (
            not isinstance(definition, StrawberryField)
            or definition.extensions
            or ROOT_FIELD in graphql_field.extensions
            or getattr(graphql_field.resolve, "__module__", None) not in RESOLVERS
        ):
            raise NotCompiled
        complete = self.value(graphql_field.type, details)
        if definition.base_resolver is None:
            read, may_wait = _attribute(definition.python_name, complete), False
        else:
            field = ResolvedField(owner, name, graphql_field, definition, details)
            read, may_wait = self._resolved(field, complete)
        viewers = graphql_field.extensions.get(VIEWERS)
        return (read if viewers is None else _guarded(read, viewers, complete)), may_wait

    def _resolved(self, field: ResolvedField, complete: Complete) -> tuple[Read, bool]:
        resolver = field.definition.base_resolver
        assert resolver is not None, "the field has a resolver"
        if resolver.self_parameter is None or resolver.root_parameter or resolver.parent_parameter:
            raise NotCompiled
        resolve = cast(Callable[..., Any], resolver.wrapped_func)
        takes_info = resolver.info_parameter.name if resolver.info_parameter else None
        if not takes_info and not field.graphql_field.args:
            return _method(resolve, complete), True
        arguments = None
        if not variables_of(*(field.details[0].node.arguments or ())):
            arguments = field.read_arguments(self.executor)
            if not are_unchanging(arguments):
                arguments = None
        return _call(resolve, field, complete, takes_info=takes_info, arguments=arguments), True


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


# ---------------------------------------------------------------- values


def _objects(by_class: dict[type, Complete], *, nullable: bool) -> Complete:
    """Return what completes an object by its class, which is exactly that of one of the types."""

    def complete(value: object, run: Run) -> object:
        complete_object = by_class.get(value.__class__)
        if complete_object is not None:
            return complete_object(value, run)
        if value is None and nullable:
            return None
        raise NotPlain

    return complete


def _object(fields: Sequence[tuple[str, Read, bool]]) -> Complete:
    """Return what completes an object of one type: these fields, in the order of the query."""
    reads = [(name, read) for name, read, _ in fields]
    waiting = [name for name, _, may_wait in fields if may_wait]
    size = len(reads)

    def complete(value: object, run: Run) -> object:
        run.count(size)
        answer: dict[str, object] = {}
        for name, read in reads:
            answer[name] = read(value, run)
        return answer

    def complete_waiting(value: object, run: Run) -> object:
        run.count(size)
        answer: dict[str, object] = {}
        for name, read in reads:
            answer[name] = field_value = read(value, run)
            if field_value.__class__ is Later:
                run.later.append((answer, name, field_value))
        return answer

    return complete_waiting if waiting else complete


def _list(complete_one: Complete, *, nullable: bool) -> Complete:
    def complete(values: object, run: Run) -> object:
        if values.__class__ is list or values.__class__ is tuple:
            return [complete_one(value, run) for value in cast(list[object], values)]
        if values is None and nullable:
            return None
        raise NotPlain

    return complete


# ---------------------------------------------------------------- fields


def _attribute(name: str, complete: Complete) -> Read:
    get = attrgetter(name)
    return lambda source, run: complete(get(source), run)


def _method(method: Callable[[Any], Any], complete: Complete) -> Read:
    def read(source: object, run: Run) -> object:
        value = method(source)
        return Later(value, complete) if optimized_is_awaitable(value) else complete(value, run)

    return read


def _call(
    resolve: Callable[..., Any],
    field: ResolvedField,
    complete: Complete,
    *,
    takes_info: str | None,
    arguments: dict[str, object] | None,
) -> Read:
    def read(source: object, run: Run) -> object:
        values = run.arguments(field) if arguments is None else arguments
        if takes_info is not None:
            values = {**values, takes_info: run.info(field)}
        value = resolve(source, **values)
        return Later(value, complete) if optimized_is_awaitable(value) else complete(value, run)

    return read


def _guarded(read: Read, viewers: CallerKinds, complete: Complete) -> Read:
    """Return what reads a field for those who may see it, and null for everybody else."""

    def guarded(source: object, run: Run) -> object:
        may_see = caller_kind(run.executor.context_value.caller) in viewers
        return read(source, run) if may_see else complete(None, run)

    return guarded

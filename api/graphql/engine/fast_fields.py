"""Fast fields: fields that are read from their object at once, without the steps of the GraphQL library.

An answer of 20 entries has about a hundred leaves, and each costs the library four steps: the wrapper of a
resolver, an info object, two completions. A field is fast if it is an attribute of its dataclass, or a method
without arguments. Then three kinds of values are answered at once: a leaf whose value has exactly the class
that its scalar or enum writes; `__typename`; and an object, or a list of objects, of which the query selects
only such fields.

All other values go through the library, from their outermost field on, errors included: a value of another
class, null where null is not allowed, an integer beyond 32 bits, a method that raises or takes an argument, a
guarded field, and whatever contains one of these. A method without arguments only computes, so it may run
twice. A test compares the two ways.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from operator import attrgetter
from typing import Any, ClassVar, Final, cast

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

from api.errors import TooCostly
from api.graphql.engine.scalars import MAX_LONG, write_date_time, write_local_date

_DEFINITION: Final = "strawberry-definition"
_NOT_FAST: Final = object()

# Reads a field's value from its object, as it is answered; _NOT_FAST where the library has to do it.
ReadValue = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class ObjectField:
    """A fast field that holds an object of one type, or a list of them. How it is read depends on the
    selection.
    """

    get: ReadValue
    graphql_type: GraphQLObjectType
    python_type: type
    is_list: bool
    is_nullable: bool


FastFields = Mapping[tuple[str, str], ReadValue | ObjectField]


# ---------------------------------------------------------------- which fields are fast


def _int(value: int) -> object:
    return value if -(2**31) <= value < 2**31 else _NOT_FAST


def _long(value: int) -> object:
    return value if -MAX_LONG - 1 <= value <= MAX_LONG else _NOT_FAST


def _float(value: float) -> object:
    return value if isfinite(value) else _NOT_FAST


# The class of a scalar's values, and how a value is written.
_SCALARS: Mapping[str, tuple[type, Callable[[Any], object] | None]] = {
    "String": (str, None),
    "ID": (str, None),
    "Boolean": (bool, None),
    "Int": (int, _int),
    "Long": (int, _long),
    "Float": (float, _float),
    "WalletCode": (str, None),
    "DateTime": (datetime, write_date_time),
    "LocalDate": (date, write_local_date),
}


def find_fast_fields(schema: GraphQLSchema) -> FastFields:
    """Return the fast fields of a schema. Call it after the permissions are installed in front of the
    resolvers.
    """
    fast_fields: dict[tuple[str, str], ReadValue | ObjectField] = {}
    for owner in schema.type_map.values():
        if isinstance(owner, GraphQLObjectType) and not owner.name.startswith("__"):
            fast_fields[owner.name, "__typename"] = _constant_reader(owner.name)
            for name, field in owner.fields.items():
                fast_field = _fast_field(field)
                if fast_field is not None:
                    fast_fields[owner.name, name] = fast_field
    return fast_fields


def _fast_field(field: GraphQLField) -> ReadValue | ObjectField | None:
    get = _getter(field)
    if get is None:
        return None
    is_nullable, value_type = not is_non_null_type(field.type), get_nullable_type(field.type)
    is_list = is_list_type(value_type)
    graphql_type = get_nullable_type(value_type.of_type) if is_list_type(value_type) else value_type
    if isinstance(graphql_type, GraphQLObjectType):
        return ObjectField(
            get, graphql_type, graphql_type.extensions[_DEFINITION].origin, is_list, is_nullable
        )
    if is_list:
        return None
    if isinstance(graphql_type, GraphQLScalarType) and graphql_type.name in _SCALARS:
        return _leaf_reader(get, *_SCALARS[graphql_type.name], is_nullable=is_nullable)
    if isinstance(graphql_type, GraphQLEnumType):
        names = {
            value: graphql_type.coerce_output_value(value)
            for value in graphql_type.extensions[_DEFINITION].wrapped_cls
        }
        return _leaf_reader(
            get, graphql_type.extensions[_DEFINITION].wrapped_cls, names.__getitem__, is_nullable=is_nullable
        )
    return None


def _getter(field: GraphQLField) -> ReadValue | None:
    """Return the function that reads a field's value from its object; None where the field is not fast."""
    definition = field.extensions.get(_DEFINITION)
    if (
        not isinstance(definition, StrawberryField)
        or definition.extensions
        or field.args
        or field.extensions.get("guarded")
    ):
        return None
    method = definition.base_resolver
    if method is None:
        return attrgetter(definition.python_name)
    return (
        cast(ReadValue, method)
        if not method.is_async and list(method.signature.parameters) == ["self"]
        else None
    )


# ---------------------------------------------------------------- reading


def _constant_reader(value: object) -> ReadValue:
    return lambda _source: value


def _leaf_reader(
    get: ReadValue, python_type: type, write: Callable[[Any], object] | None, *, is_nullable: bool
) -> ReadValue:
    def read(source: object) -> object:
        try:
            value = get(source)
        except Exception:  # noqa: BLE001 - told by the library's own way, which comes to the same place
            return _NOT_FAST
        if value.__class__ is python_type:
            return value if write is None else write(value)
        return None if value is None and is_nullable else _NOT_FAST

    return read


def _object_reader(
    object_field: ObjectField, fields: Sequence[tuple[str, ReadValue]], count: Callable[[int], None]
) -> ReadValue:
    """Return the function that reads an object with these fields, in the order of the query. `count` is told
    how many values it is about to read.
    """
    get, python_type = object_field.get, object_field.python_type

    def read_object(value: object) -> object:
        if value.__class__ is not python_type:
            return _NOT_FAST
        count(len(fields))
        answer: dict[str, object] = {}
        for name, read in fields:
            answer[name] = field_value = read(value)
            if field_value is _NOT_FAST:
                return _NOT_FAST
        return answer

    def read_list(values: object) -> object:
        if not isinstance(values, list | tuple):
            return _NOT_FAST
        answers: list[object] = []
        for value in values:
            answers.append(answer := read_object(value))
            if answer is _NOT_FAST:
                return _NOT_FAST
        return answers

    complete = read_list if object_field.is_list else read_object

    def read(source: object) -> object:
        try:
            value = get(source)
        except Exception:  # noqa: BLE001 - as of a leaf
            return _NOT_FAST
        return None if value is None and object_field.is_nullable else complete(value)

    return read


# ---------------------------------------------------------------- the executor


class FastExecutor(StrawberryGraphQLCoreExecutionContext):
    """The library's executor, which reads fast fields first. Each schema has a subclass with its
    `fast_fields`.
    """

    fast_fields: ClassVar[FastFields] = {}
    values_at_most: ClassVar[int] = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.values = 0
        # By the identity of a list of fields, as the library caches what it has collected. The list is stored
        # too, so that its id is not used again.
        self._object_readers: dict[tuple[str, int], tuple[FieldDetailsList, ReadValue | None]] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: object,
        path: Path | None,
        grouped_field_set: dict[str, FieldDetailsList],
        position_context: Any,
    ) -> Any:
        self._count_values(len(grouped_field_set))
        results: dict[str, object] = {}
        slow_fields: dict[str, FieldDetailsList] = {}
        for name, details in grouped_field_set.items():
            read = self._field_reader(parent_type.name, details)
            value = _NOT_FAST if read is None else read(source_value)
            results[name] = value  # also _NOT_FAST: it keeps the place, so that the order is the query's
            if value is _NOT_FAST:
                slow_fields[name] = details
        if not slow_fields:
            return results
        slow_results = super().execute_fields(parent_type, source_value, path, slow_fields, position_context)
        return results | slow_results if isinstance(slow_results, dict) else _merged(results, slow_results)

    def _field_reader(self, owner: str, details: FieldDetailsList) -> ReadValue | None:
        fast_field = self.fast_fields.get((owner, details[0].node.name.value))
        if not isinstance(fast_field, ObjectField):
            return fast_field
        key = owner, id(details)
        cached = self._object_readers.get(key)
        if cached is None:
            cached = self._object_readers[key] = details, self._object_field_reader(fast_field, details)
        return cached[1]

    def _object_field_reader(self, object_field: ObjectField, details: FieldDetailsList) -> ReadValue | None:
        """Return the function that reads an object field; None where a selected field is not fast."""
        fields: list[tuple[str, ReadValue]] = []
        for name, subfield_details in self.collect_subfields(
            object_field.graphql_type, details
        ).grouped_field_set.items():
            read = self._field_reader(object_field.graphql_type.name, subfield_details)
            if read is None:
                return None
            fields.append((name, read))
        return _object_reader(object_field, fields, self._count_values)

    def _count_values(self, count: int) -> None:
        """Count values before they are read. Raises TooCostly where the answer has too many: how long a list
        without pages is, such as the lines of a receipt, nobody knows before.
        """
        self.values += count
        if self.values > self.values_at_most:
            raise TooCostly(limit="values", maximum=self.values_at_most, value=self.values)


async def _merged(
    results: dict[str, object], slow_results: Awaitable[dict[str, object]]
) -> dict[str, object]:
    return results | await slow_results


def fast_executor(schema: GraphQLSchema, *, values_at_most: int) -> type[FastExecutor]:
    """Return the executor class for this schema, whose answers hold so many values at most."""
    return type(
        "SchemaExecutor",
        (FastExecutor,),
        {"fast_fields": find_fast_fields(schema), "values_at_most": values_at_most},
    )

"""Plain fields, read without ceremony: the short way for the many fields whose object alone knows what they
hold.

An answer of 20 entries has a hundred leaves, and each costs the protocol library four steps (a resolver's
wrapping, a value object, two completions). Here a field that is an attribute of its dataclass, or a method of
it without arguments, is handed over at once: a leaf whose value is of the very class that its scalar or enum
writes, `__typename`, and an object, or a list of objects, of which nothing but such fields is asked.
Everything else (another class, null where none may be, an integer beyond 32 bits, a method that raises or is
given anything, a guard, and whatever holds one of these) goes the library's own way from its outermost field
on, errors included: a method that is given nothing only computes, so it may be asked again. A test holds the
two ways equal.
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

from api.graphql.scalars import LONG_AT_MOST, write_date_time, write_local_date

_DEFINITION: Final = "strawberry-definition"
_OTHERWISE: Final = object()

# The value of a field as it is answered, read from the object that holds it; _OTHERWISE where the library has
# to see to it.
Read = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Branch:
    """A plain field that holds an object of one type, or a list of them: how it is read depends on what is
    asked of it.
    """

    get: Read
    to: GraphQLObjectType
    of: type
    many: bool
    nullable: bool


Plain = Mapping[tuple[str, str], Read | Branch]


# --- what is plain
# ---------------------------------------------------------------------------------------------------


def _int(value: int) -> object:
    return value if -(2**31) <= value < 2**31 else _OTHERWISE


def _long(value: int) -> object:
    return value if -LONG_AT_MOST - 1 <= value <= LONG_AT_MOST else _OTHERWISE


def _float(value: float) -> object:
    return value if isfinite(value) else _OTHERWISE


# What a scalar is read from, and how that is written (None: as it is).
_WAYS: Mapping[str, tuple[type, Callable[[Any], object] | None]] = {
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


def plain_fields(schema: GraphQLSchema) -> Plain:
    """Return the fields of this schema that may go the short way: called after whatever stands in front of
    resolvers is there.
    """
    found: dict[tuple[str, str], Read | Branch] = {}
    for owner in schema.type_map.values():
        if isinstance(owner, GraphQLObjectType) and not owner.name.startswith("__"):
            found[owner.name, "__typename"] = _constant(owner.name)
            for name, field in owner.fields.items():
                plain = _plain(field)
                if plain is not None:
                    found[owner.name, name] = plain
    return found


def _plain(field: GraphQLField) -> Read | Branch | None:
    get = _getter(field)
    if get is None:
        return None
    nullable, of = not is_non_null_type(field.type), get_nullable_type(field.type)
    many = is_list_type(of)
    to = get_nullable_type(of.of_type) if is_list_type(of) else of
    if isinstance(to, GraphQLObjectType):
        return Branch(get, to, to.extensions[_DEFINITION].origin, many, nullable)
    if many:
        return None
    if isinstance(to, GraphQLScalarType) and to.name in _WAYS:
        return _leaf(get, *_WAYS[to.name], nullable=nullable)
    if isinstance(to, GraphQLEnumType):
        words = {value: to.coerce_output_value(value) for value in to.extensions[_DEFINITION].wrapped_cls}
        return _leaf(get, to.extensions[_DEFINITION].wrapped_cls, words.__getitem__, nullable=nullable)
    return None


def _getter(field: GraphQLField) -> Read | None:
    """Return what gets a plain field's value from its object; None where the field is not plain."""
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
        cast(Read, method) if not method.is_async and list(method.signature.parameters) == ["self"] else None
    )


# --- reading it
# ------------------------------------------------------------------------------------------------------


def _constant(value: object) -> Read:
    return lambda _source: value


def _leaf(get: Read, of: type, write: Callable[[Any], object] | None, *, nullable: bool) -> Read:
    def read(source: object) -> object:
        try:
            value = get(source)
        except Exception:  # noqa: BLE001 - told by the library's own way, which comes to the same place
            return _OTHERWISE
        if value.__class__ is of:
            return value if write is None else write(value)
        return None if value is None and nullable else _OTHERWISE

    return read


def _whole(branch: Branch, fields: Sequence[tuple[str, Read]]) -> Read:
    """Return how a branch is read of which these fields are asked, in the order of the query's."""
    get, of = branch.get, branch.of

    def one(value: object) -> object:
        if value.__class__ is not of:
            return _OTHERWISE
        answer: dict[str, object] = {}
        for name, read in fields:
            answer[name] = found = read(value)
            if found is _OTHERWISE:
                return _OTHERWISE
        return answer

    def several(values: object) -> object:
        if not isinstance(values, list | tuple):
            return _OTHERWISE
        answers: list[object] = []
        for value in values:
            answers.append(found := one(value))
            if found is _OTHERWISE:
                return _OTHERWISE
        return answers

    complete = several if branch.many else one

    def read(source: object) -> object:
        try:
            value = get(source)
        except Exception:  # noqa: BLE001 - as of a leaf
            return _OTHERWISE
        return None if value is None and branch.nullable else complete(value)

    return read


# --- the executor
# ----------------------------------------------------------------------------------------------------


class LeanExecutor(StrawberryGraphQLCoreExecutionContext):
    """The library's executor with the short way in front; `plain` is set on a subclass a schema."""

    plain: ClassVar[Plain] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By a list's identity, as the library remembers what it has collected; the list is kept, so that its
        # id stays its own.
        self._branches: dict[tuple[str, int], tuple[FieldDetailsList, Read | None]] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: object,
        path: Path | None,
        grouped_field_set: dict[str, FieldDetailsList],
        position_context: Any,
    ) -> Any:
        results: dict[str, object] = {}
        others: dict[str, FieldDetailsList] = {}
        for name, details in grouped_field_set.items():
            read = self._read(parent_type.name, details)
            value = _OTHERWISE if read is None else read(source_value)
            results[name] = (
                value  # also where it is still to come: the answer's fields stand in the order of the query's
            )
            if value is _OTHERWISE:
                others[name] = details
        if not others:
            return results
        rest = super().execute_fields(parent_type, source_value, path, others, position_context)
        return results | rest if isinstance(rest, dict) else _joined(results, rest)

    def _read(self, owner: str, details: FieldDetailsList) -> Read | None:
        plain = self.plain.get((owner, details[0].node.name.value))
        if not isinstance(plain, Branch):
            return plain
        key = owner, id(details)
        known = self._branches.get(key)
        if known is None:
            known = self._branches[key] = details, self._branch(plain, details)
        return known[1]

    def _branch(self, branch: Branch, details: FieldDetailsList) -> Read | None:
        """Return how a branch is read; None where something asked of it is not plain."""
        fields: list[tuple[str, Read]] = []
        for name, asked in self.collect_subfields(branch.to, details).grouped_field_set.items():
            read = self._read(branch.to.name, asked)
            if read is None:
                return None
            fields.append((name, read))
        return _whole(branch, fields)


async def _joined(results: dict[str, object], rest: Awaitable[dict[str, object]]) -> dict[str, object]:
    return results | await rest


def lean_executor(schema: GraphQLSchema) -> type[LeanExecutor]:
    """Return the executor class for this schema."""
    return type("SchemaExecutor", (LeanExecutor,), {"plain": plain_fields(schema)})

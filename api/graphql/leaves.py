"""Plain leaves, read without ceremony: the short way for the many fields that are an attribute holding what its type says.

An answer of 20 entries has a hundred leaves, and each costs the protocol library four steps (a resolver's wrapping, a value
object, two completions). Here a leaf that is a plain attribute of its dataclass, and whose value is of the very class that its
scalar writes, is handed over at once. Everything else (another class, null where none may be, an integer beyond 32 bits, any
field with a resolver, an argument or a guard) goes the library's own way, errors included; a test holds the two ways equal.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Any, ClassVar, Final

from graphql import GraphQLField, GraphQLObjectType, GraphQLScalarType, GraphQLSchema, get_nullable_type, is_non_null_type
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

from api.graphql.scalars import write_date_time, write_local_date

_DEFINITION: Final = "strawberry-definition"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A plain attribute: where it stands, the class its value must be of, and how that is written (None: as it is)."""

    attribute: str
    of: type
    write: Callable[[Any], object] | None
    nullable: bool


Leaves = Mapping[tuple[str, str], Leaf]


def _int(value: int) -> object:
    return value if -(2**31) <= value < 2**31 else _OTHERWISE


def _float(value: float) -> object:
    return value if isfinite(value) else _OTHERWISE


_OTHERWISE: Final = object()

_WAYS: Mapping[str, tuple[type, Callable[[Any], object] | None]] = {
    "String": (str, None),
    "ID": (str, None),
    "Boolean": (bool, None),
    "Int": (int, _int),
    "Float": (float, _float),
    "WalletCode": (str, None),
    "DateTime": (datetime, write_date_time),
    "LocalDate": (date, write_local_date),
}


def plain_leaves(schema: GraphQLSchema) -> Leaves:
    """Return the fields of this schema that may go the short way: called after whatever stands in front of resolvers is there."""
    found: dict[tuple[str, str], Leaf] = {}
    for owner in schema.type_map.values():
        if isinstance(owner, GraphQLObjectType) and not owner.name.startswith("__"):
            for name, field in owner.fields.items():
                leaf = _leaf(field)
                if leaf is not None:
                    found[owner.name, name] = leaf
    return found


def _leaf(field: GraphQLField) -> Leaf | None:
    definition, scalar = field.extensions.get(_DEFINITION), get_nullable_type(field.type)
    if not isinstance(definition, StrawberryField) or not isinstance(scalar, GraphQLScalarType) or scalar.name not in _WAYS:
        return None
    if not definition.is_basic_field or definition.extensions or field.args or field.extensions.get("guarded"):
        return None
    of, write = _WAYS[scalar.name]
    return Leaf(definition.python_name, of, write, nullable=not is_non_null_type(field.type))


class LeanExecutor(StrawberryGraphQLCoreExecutionContext):
    """The library's executor with the short way in front; `leaves` is set on a subclass a schema."""

    leaves: ClassVar[Leaves] = {}

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
        leaves, owner = self.leaves, parent_type.name
        for name, details in grouped_field_set.items():
            leaf = leaves.get((owner, details[0].node.name.value))
            value = _OTHERWISE if leaf is None else _read(leaf, source_value)
            results[name] = value  # also where it is still to come: the answer's fields stand in the order of the query's
            if value is _OTHERWISE:
                others[name] = details
        if not others:
            return results
        rest = super().execute_fields(parent_type, source_value, path, others, position_context)
        return results | rest if isinstance(rest, dict) else _joined(results, rest)


def _read(leaf: Leaf, source: object) -> object:
    try:
        value = getattr(source, leaf.attribute)
    except Exception:  # noqa: BLE001 - told by the library's own way, which comes to the same place
        return _OTHERWISE
    if value.__class__ is leaf.of:
        return value if leaf.write is None else leaf.write(value)
    return None if value is None and leaf.nullable else _OTHERWISE


async def _joined(results: dict[str, object], rest: Awaitable[dict[str, object]]) -> dict[str, object]:
    return results | await rest


def lean_executor(schema: GraphQLSchema) -> type[LeanExecutor]:
    """Return the executor class for this schema."""
    return type("SchemaExecutor", (LeanExecutor,), {"leaves": plain_leaves(schema)})

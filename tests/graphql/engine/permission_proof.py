"""The proof that the table of permissions is whole, without running anything: each field has an entry, and no
answer reaches, at any depth, a type that its caller may not see.
"""

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from api.graphql.engine.permissions import GUARDED_FIELDS, ROOTS, TYPES
from api.graphql.engine.permitted.caller_kinds import PUBLIC, CallerKinds, RootPermission


def permission_faults(
    schema: GraphQLSchema,
    *,
    roots: Mapping[str, Mapping[str, RootPermission]] = ROOTS,
    types: Mapping[str, CallerKinds] = TYPES,
    guarded: Mapping[tuple[str, str], CallerKinds] = GUARDED_FIELDS,
) -> list[str]:
    """Return each root field and object type without an entry, and each answer that reaches a type which its
    caller may not see.
    """
    all_roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    roots_of_schema = [each for each in all_roots if each is not None]
    messages = [
        f"{name}: no entry in TYPES"
        for name, each in sorted(schema.type_map.items())
        if isinstance(each, GraphQLObjectType)
        and each not in roots_of_schema
        and not name.startswith("__")
        and name not in types
    ]
    for root in roots_of_schema:
        for name, field in root.fields.items():
            permission = roots.get(root.name, {}).get(name)
            if permission is None:
                messages.append(f"{root.name}.{name}: no entry in ROOTS")
                continue
            messages += [
                f"{root.name}.{name}: reaches {reached}, which is not for the eyes of {blind}"
                for reached in _reachable_types(schema, field, guarded)
                for blind in sorted(each.value for each in permission.viewers - types.get(reached, PUBLIC))
            ]
    return messages


def _reachable_types(
    schema: GraphQLSchema, field: GraphQLField, guarded: Mapping[tuple[str, str], CallerKinds]
) -> Iterator[str]:
    pending: list[GraphQLNamedType] = [get_named_type(field.type)]
    visited: set[str] = set()
    while pending:
        each = pending.pop()
        if each.name in visited:
            continue
        visited.add(each.name)
        if isinstance(each, GraphQLInterfaceType | GraphQLUnionType):
            pending += schema.get_possible_types(each)
        elif isinstance(each, GraphQLObjectType):
            yield each.name
            pending += [
                get_named_type(inner.type)
                for name, inner in each.fields.items()
                if (each.name, name) not in guarded
            ]

"""For each type of the schema, the dearest document that the limits accept: every leaf of the type, at the end of
the path on which there are most of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    parse,
)

from api.errors import TooCostly
from api.graphql.engine.limits import DocumentLimits, weigh

LIMITS = DocumentLimits()
PAGE_SIZES = (100, 50, 20, 10, 5)
ALIASES = (15, 8, 4, 2, 1)


@dataclass(frozen=True, slots=True)
class Step:
    """One field of a path, with the type whose field it is."""

    owner: str
    name: str
    arguments: str
    count: int


Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class DearestDocument:
    """A document, the type whose leaves it asks for, and how many values it may be answered with."""

    type_name: str
    text: str
    values: int


def dearest_documents(
    schema: GraphQLSchema, *, roots: frozenset[str], arguments: Mapping[str, str], sizes: Mapping[str, int]
) -> Iterator[DearestDocument]:
    """Yield the dearest document of each type that these roots lead to. `arguments` says what fields with
    arguments are given, `sizes` how many rows a list without a page has.
    """
    for type_name, path, leaves in _types(schema, roots, arguments, sizes):
        dearest = _dearest(schema, type_name, path, leaves)
        if dearest is not None:
            yield dearest


def dearest_of_leaves(
    schema: GraphQLSchema,
    *,
    roots: frozenset[str],
    arguments: Mapping[str, str],
    sizes: Mapping[str, int],
    alone: Collection[str],
) -> Iterator[DearestDocument]:
    """Yield the dearest document of each leaf that is named in `alone` as `Type.field`: it asks for that leaf of
    the type only, so that more rows of it are accepted.
    """
    for type_name, path, leaves in _types(schema, roots, arguments, sizes):
        for leaf in leaves:
            if f"{type_name}.{leaf}" in alone:
                dearest = _dearest(schema, type_name, path, [leaf])
                assert dearest is not None, "the smallest page of one leaf is accepted"
                yield dearest


def _types(
    schema: GraphQLSchema, roots: frozenset[str], arguments: Mapping[str, str], sizes: Mapping[str, int]
) -> Iterator[tuple[str, Path, list[str]]]:
    """Yield each type that has leaves, the path on which there are most of it, and its leaves."""
    query = schema.query_type
    assert query is not None
    for type_name, path in sorted(_best_paths(schema, query, roots, arguments, sizes).items()):
        graphql_type = schema.type_map[type_name]
        assert isinstance(graphql_type, GraphQLObjectType)
        leaves = [
            name + arguments.get(f"{type_name}.{name}", "")
            for name, field in graphql_type.fields.items()
            if is_leaf_type(get_named_type(field.type)) and _is_possible(type_name, name, field, arguments)
        ]
        if leaves:
            yield type_name, path, leaves


def _dearest(
    schema: GraphQLSchema, type_name: str, path: Path, leaves: Sequence[str]
) -> DearestDocument | None:
    candidates = [
        DearestDocument(type_name, text, values)
        for page in PAGE_SIZES
        for times in ALIASES
        for text, values in _written(path, leaves, page, times)
    ]
    candidates.sort(key=lambda document: -document.values)
    return next((document for document in candidates if _is_accepted(document.text, schema)), None)


def _best_paths(
    schema: GraphQLSchema,
    query: GraphQLObjectType,
    roots: frozenset[str],
    arguments: Mapping[str, str],
    sizes: Mapping[str, int],
) -> dict[str, Path]:
    """Return for each type the path on which there are most of it, found breadth first to the depth limit."""
    best: dict[str, Path] = {}
    paths: list[tuple[GraphQLObjectType, Path]] = [(query, ())]
    for _ in range(LIMITS.depth - 1):
        longer: dict[str, tuple[GraphQLObjectType, Path]] = {}
        for owner, path in paths:
            for name, field in owner.fields.items():
                if (not path and name not in roots) or not _is_possible(owner.name, name, field, arguments):
                    continue
                step = Step(
                    owner.name,
                    name,
                    arguments.get(f"{owner.name}.{name}", ""),
                    _count(owner, name, field, sizes),
                )
                for reached in _objects(schema, field):
                    new = (*path, step)
                    if reached.name not in longer or _product(longer[reached.name][1]) < _product(new):
                        longer[reached.name] = reached, new
        for reached, path in longer.values():
            if reached.name not in best or _product(best[reached.name]) < _product(path):
                best[reached.name] = path
        paths = list(longer.values())
    return best


def _objects(schema: GraphQLSchema, field: GraphQLField) -> list[GraphQLObjectType]:
    named = get_named_type(field.type)
    if isinstance(named, GraphQLObjectType):
        return [named]
    if isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
        return list(schema.get_possible_types(named))
    return []


def _is_possible(owner: str, name: str, field: GraphQLField, arguments: Mapping[str, str]) -> bool:
    required = any(is_required_argument(argument) for argument in field.args.values())
    return f"{owner}.{name}" in arguments or not required


def _count(owner: GraphQLObjectType, name: str, field: GraphQLField, sizes: Mapping[str, int]) -> int:
    if "first" in field.args or name == "nodes":
        return 100
    if not is_list_type(get_nullable_type(field.type)) or owner.name.endswith("Connection"):
        return 1
    return sizes.get(f"{owner.name}.{name}", 5)


def _product(path: Path) -> int:
    product = 1
    for step in path:
        product *= step.count
    return product


def _written(path: Path, leaves: Sequence[str], page: int, times: int) -> Iterator[tuple[str, int]]:
    """Yield the document with the leaves repeated, and with the last list of the path repeated."""
    lists = [index for index, step in enumerate(path) if step.count > 1]
    rows = 1
    for step in path:
        rows *= min(step.count, page) if step.count == 100 else step.count
    repeated = [f"a{n}: {leaf}" for leaf in leaves[:1] for n in range(times)]
    yield _nested(path, [*leaves, *repeated], page, None, 1), rows * (len(leaves) + times)
    if lists:
        yield _nested(path, leaves, page, lists[-1], times), rows * times * len(leaves)


def _nested(path: Path, leaves: Sequence[str], page: int, repeated: int | None, times: int) -> str:
    text = "{ " + " ".join(leaves) + " }"
    for index in reversed(range(len(path))):
        step, owner_before = path[index], path[index - 1] if index else None
        arguments = step.arguments.replace("PAGE", str(page))
        count = times if index == repeated else 1
        fields = " ".join(
            (f"a{n}: " if count > 1 else "") + f"{step.name}{arguments} {text}" for n in range(count)
        )
        text = f"{{ ... on {step.owner} {{ {fields} }} }}" if owner_before else f"{{ {fields} }}"
    return text


def _is_accepted(text: str, schema: GraphQLSchema) -> bool:
    if len(text) > LIMITS.characters:
        return False
    try:
        (plan,) = weigh(parse(text, max_tokens=LIMITS.tokens), schema, LIMITS)
        plan.check({}, LIMITS)
    except (TooCostly, GraphQLError):
        return False
    return True

"""Inputs are read as Strawberry reads them, whichever of our types they are of."""

from random import Random
from typing import Any, cast

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.types.arguments import convert_argument
from strawberry.types.base import StrawberryObjectDefinition

from api.graphql.engine.compiling.leaves import DEFINITION
from api.graphql.schema import make_schema

SCHEMA = make_schema()
INPUTS = [each for each in SCHEMA._schema.type_map.values() if is_input_object_type(each)]
DEEPEST = 4


def definition_of(graphql_type: GraphQLInputObjectType) -> StrawberryObjectDefinition:
    return cast(StrawberryObjectDefinition, graphql_type.extensions[DEFINITION])


def random_value(random: Random, graphql_type: GraphQLInputType, depth: int = 0) -> Any:
    """Return a value as the library hands it on after its own checks: enums are read, defaults filled in."""
    if is_non_null_type(graphql_type):
        return _value_of(random, graphql_type.of_type, depth)
    return None if random.random() < 0.3 else _value_of(random, graphql_type, depth)


def _value_of(random: Random, graphql_type: GraphQLInputType, depth: int) -> Any:
    if is_list_type(graphql_type):
        return [random_value(random, graphql_type.of_type, depth + 1) for _ in range(random.randrange(4))]
    if isinstance(graphql_type, GraphQLEnumType):
        return random.choice(list(graphql_type.values.values())).value
    if not is_input_object_type(graphql_type):
        return random.choice(("", "1", 7, True, ["scalars may be anything"]))
    return {
        name: random_value(random, field.type, depth + 1)
        for name, field in graphql_type.fields.items()
        if is_non_null_type(field.type) or (depth < DEEPEST and random.random() < 0.6)
    }


@pytest.mark.parametrize("graphql_type", INPUTS, ids=lambda each: each.name)
def test_a_value_is_read_as_strawberry_reads_it(
    graphql_type: GraphQLInputObjectType, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(graphql_type.name)
    values = [_value_of(random, graphql_type, 0) for _ in range(40)]
    origin = definition_of(graphql_type).origin

    def converted(value: object) -> object:
        converter = SCHEMA.schema_converter
        return convert_argument(value, origin, converter.scalar_registry, converter.config)

    ours = [converted(value) for value in values]
    assert definition_of(graphql_type).from_input is not None
    for each in INPUTS:
        monkeypatch.setattr(definition_of(each), "from_input", None)
    assert ours == [converted(value) for value in values]


def test_a_list_that_is_read_is_a_copy() -> None:
    graphql_type = next(
        each for each in INPUTS if any(is_list_type(field.type) for field in each.fields.values())
    )
    name, field = next((n, f) for n, f in graphql_type.fields.items() if is_list_type(f.type))
    reader = definition_of(graphql_type).from_input
    assert reader is not None
    mine: list[object] = []
    required = {
        n: _value_of(Random(1), f.type.of_type, DEEPEST)
        for n, f in graphql_type.fields.items()
        if is_non_null_type(f.type)
    }
    read = reader(definition_of(graphql_type).origin, {**required, name: mine}, cast(Any, None))
    assert getattr(read, field.extensions[DEFINITION].python_name) == mine
    assert getattr(read, field.extensions[DEFINITION].python_name) is not mine

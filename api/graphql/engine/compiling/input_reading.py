"""Inputs read by functions that are made once for each input type of a schema.

Strawberry asks for the type of each field of an input, and for what that type is, whenever it reads a value.
Its `from_input` lets a type build its own value. What is read equals what Strawberry reads
(`tests/graphql/engine/test_input_reading.py`): whoever adds an input needs to know nothing of this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any, cast

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryObjectDefinition

from api.graphql.engine.compiling.leaves import DEFINITION

# Returns the value of ours for one that the library has checked; null is never asked for.
Read = Callable[[Any], object]


class InputReader:
    """Reads the values of one input type. Its fields are filled in by whoever makes it: a type may hold
    itself.
    """

    def __init__(self, definition: StrawberryObjectDefinition) -> None:
        self._origin = definition.origin
        # What a client leaves out of a nullable field is null, as with Strawberry.
        self._blank: dict[str, object] = {
            field.python_name: None
            for field in definition.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }
        self.fields: dict[str, tuple[str, Read | None]] = {}

    def __call__(self, values: Mapping[str, object]) -> object:
        return self.build(self._origin, values)

    def from_input(self, kind: type, values: Mapping[str, Any], _context: InputContext) -> object:
        """Return the value of a class of this type, as Strawberry asks for it."""
        return self.build(kind, values)

    def build(self, kind: type, values: Mapping[str, object]) -> object:
        """Return the value of a class of this type."""
        read_values = self._blank.copy()
        for name, value in values.items():
            python_name, read = self.fields[name]
            read_values[python_name] = value if read is None or value is None else read(value)
        return kind(**read_values)


def read_inputs(schema: GraphQLSchema) -> None:
    """Let each input type of a schema read its values by a reader of its own."""
    readers: dict[str, InputReader] = {}
    for graphql_type in schema.type_map.values():
        if is_input_object_type(graphql_type):
            _definition_of(graphql_type).from_input = _input_reader(graphql_type, readers).from_input


def _input_reader(graphql_type: GraphQLInputObjectType, readers: dict[str, InputReader]) -> InputReader:
    reader = readers.get(graphql_type.name)
    if reader is None:
        reader = readers[graphql_type.name] = InputReader(_definition_of(graphql_type))
        for name, field in graphql_type.fields.items():
            python_name = field.extensions[DEFINITION].python_name
            reader.fields[name] = (python_name, _reader(field.type, readers))
    return reader


def _reader(graphql_type: GraphQLInputType, readers: dict[str, InputReader]) -> Read | None:
    """Return what reads a value of a type; None for scalars and enums, which the library has read."""
    if is_non_null_type(graphql_type):
        return _reader(cast(GraphQLInputType, graphql_type.of_type), readers)
    if is_list_type(graphql_type):
        read = _reader(cast(GraphQLInputType, graphql_type.of_type), readers)
        if read is None:
            return list  # a copy: a default of the schema is the same list each time
        return lambda values: [value if value is None else read(value) for value in values]
    return _input_reader(graphql_type, readers) if is_input_object_type(graphql_type) else None


def _definition_of(graphql_type: GraphQLInputObjectType) -> StrawberryObjectDefinition:
    return cast(StrawberryObjectDefinition, graphql_type.extensions[DEFINITION])

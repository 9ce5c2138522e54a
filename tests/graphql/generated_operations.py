"""Random operations over the schema: fragments, aliases, directives, variables, nulls, and what is wrong with
them. Each seed is one operation.

`hypothesis-graphql` was tried for this: of 60 operations over our schema none had a variable, a directive or a
named fragment, and its ids are never those of something that exists, so its answers are errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)

MAX_DEPTH = 6


@dataclass
class GeneratedOperation:
    """One operation as a client sends it."""

    text: str
    variables: Mapping[str, object]


@dataclass
class Generator:
    """Makes the operation of one seed. `values` are what arguments are given, by name or type; `roots` the root
    fields to choose from.
    """

    schema: GraphQLSchema
    random: Random
    values: Mapping[str, Sequence[object]]
    roots: Sequence[str]
    definitions: dict[str, str] = field(default_factory=dict)
    variables: dict[str, object] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)

    def operation(self) -> GeneratedOperation:
        """Return the operation."""
        query = self.schema.query_type
        assert query is not None, "there are queries"
        names = self.random.sample(list(self.roots), k=self.random.choice((1, 1, 2)))
        selected = " ".join(self._field(name, query.fields[name], 1) for name in names)
        named = ", ".join(f"${name}: {kind}" for name, kind in self.definitions.items())
        head = f"query Generated({named})" if named else "query Generated"
        return GeneratedOperation(f"{head} {{ {selected} }} {' '.join(self.fragments)}", self.variables)

    def _selection(self, owner: GraphQLNamedType, depth: int) -> str:
        if isinstance(owner, GraphQLUnionType | GraphQLInterfaceType):
            possible = list(self.schema.get_possible_types(owner))
            chosen = self.random.sample(possible, k=min(len(possible), 4))
            parts = [f"... on {each.name} {{ {self._selection(each, depth)} }}" for each in chosen]
            if isinstance(owner, GraphQLInterfaceType):
                parts.insert(0, " ".join(owner.fields))
            return " ".join(["__typename", *parts])
        assert isinstance(owner, GraphQLObjectType)
        fields = [
            (name, each)
            for name, each in owner.fields.items()
            if depth < MAX_DEPTH or is_leaf_type(get_named_type(each.type))
        ]
        chosen_fields = self.random.sample(fields, k=min(len(fields), self.random.randint(1, 5)))
        parts = [self._field(name, each, depth + 1) for name, each in chosen_fields]
        if self.random.random() < 0.2 or not parts:
            parts.append("__typename")
        return " ".join(self._wrapped(owner, part) for part in parts)

    def _wrapped(self, owner: GraphQLObjectType, part: str) -> str:
        chance = self.random.random()
        if chance < 0.06:
            return f"... on {owner.name} {{ {part} }}"
        if chance < 0.12:
            name = f"part{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {owner.name} {{ {part} }}")
            return f"...{name}"
        if chance < 0.17:
            return f"... {self._condition()} {{ {part} }}"
        return part

    def _field(self, name: str, definition: GraphQLField, depth: int) -> str:
        arguments = [
            f"{each}: {self._argument(each, argument)}"
            for each, argument in definition.args.items()
            if is_required_argument(argument) or self.random.random() < 0.5
        ]
        text = f"a{self.random.randrange(10**6)}: {name}" if self.random.random() < 0.1 else name
        # Another value of the same field has another name, or the two could not be merged.
        if arguments and ":" not in text:
            text = f"b{self.random.randrange(10**6)}: {name}"
        text += f"({', '.join(arguments)})" if arguments else ""
        if self.random.random() < 0.06:
            text += f" {self._condition()}"
        inner = get_named_type(definition.type)
        return text if is_leaf_type(inner) else f"{text} {{ {self._selection(inner, depth)} }}"

    def _condition(self) -> str:
        if self.random.random() < 0.5:
            return self.random.choice(("@include(if: true)", "@skip(if: false)", "@skip(if: true)"))
        name = f"c{len(self.definitions)}"
        self.definitions[name] = "Boolean!"
        self.variables[name] = self.random.random() < 0.6
        return f"@{self.random.choice(('include', 'skip'))}(if: ${name})"

    def _argument(self, name: str, argument: GraphQLArgument) -> str:
        value = self._value(name, argument.type)
        if self.random.random() < 0.5:
            variable = f"v{len(self.definitions)}"
            self.definitions[variable] = str(argument.type)
            if is_required_argument(argument) or self.random.random() < 0.8:
                self.variables[variable] = value
            return f"${variable}"
        return self._literal(value, argument.type)

    def _value(self, name: str, type_: GraphQLInputType) -> object:
        inner, named = get_nullable_type(type_), get_named_type(type_)
        if is_list_type(inner):
            return [self._value(name, inner.of_type) for _ in range(self.random.randint(0, 3))]
        if isinstance(named, GraphQLEnumType):
            return self.random.choice(list(named.values))
        return self.random.choice(self.values.get(name) or self.values.get(named.name) or [None])

    def _literal(self, value: object, type_: GraphQLInputType) -> str:
        named = get_named_type(type_)
        inner = get_nullable_type(type_)
        if isinstance(value, list) and is_list_type(inner):
            return f"[{', '.join(self._literal(each, inner.of_type) for each in value)}]"
        if isinstance(value, Mapping):
            fields = getattr(named, "fields", {})
            return f"{{{', '.join(f'{key}: {self._literal(each, fields[key].type)}' for key, each in value.items())}}}"
        if isinstance(named, GraphQLEnumType) and value is not None:
            return str(value)
        if isinstance(value, bool) or value is None:
            return {True: "true", False: "false", None: "null"}[value]
        return str(value) if isinstance(value, int) else '"' + str(value).replace('"', '\\"') + '"'

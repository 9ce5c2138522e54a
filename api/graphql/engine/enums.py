"""GraphQL enums made of the domain's words. An enum that lacks a word, or has one too many, fails to import.

A resolver turns a word into its enum value by `LockReason[lock.reason]`. If the enum did not know the word,
this would answer INTERNAL, and only to the members who meet it. So both are compared once, at the start.
"""

from collections.abc import Callable, Collection
from enum import Enum
from typing import TypeVar, get_args

import strawberry

EnumT = TypeVar("EnumT", bound=type[Enum])

# The words of the domain behind each enum, for the test that walks all enums of the schema.
DOMAIN_WORDS: dict[str, frozenset[str]] = {}


def enum_of_words(
    literal: object, *, description: str, besides: Collection[str] = ()
) -> Callable[[EnumT], EnumT]:
    """Return a decorator that makes a class the GraphQL enum of a `Literal` of the domain.

    The values are the literal's words in upper case, and those of `besides`, which the API derives itself.
    The class spells each value, with its description. Raises TypeError where the two differ.
    """
    words = frozenset(word.upper() for word in get_args(literal))

    def make(enum: EnumT) -> EnumT:
        names = frozenset(enum.__members__)
        differing = sorted(names ^ (words | frozenset(besides)))
        if not words or differing:
            raise TypeError(f"{enum.__name__} and the domain's words differ in {differing or 'everything'}")
        DOMAIN_WORDS[enum.__name__] = words
        return strawberry.enum(enum, description=description)

    return make

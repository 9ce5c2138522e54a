"""Stores, as everybody may see them: a code and a name."""

from collections.abc import Iterable, Mapping

import strawberry

from api.graphql.ids import encode


@strawberry.type
class Store:
    id: strawberry.ID
    code: str
    name: str


def store_of(code: str, names: Mapping[str, str]) -> Store:
    """Return a store by its code; one that was never opened here goes by its code."""
    return Store(id=strawberry.ID(encode("Store", code)), code=code, name=names.get(code, code))


def stores_of(codes: Iterable[str], names: Mapping[str, str]) -> list[Store]:
    """Return stores by their codes, in that order."""
    return [store_of(code, names) for code in codes]

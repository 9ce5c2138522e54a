"""Stores as everybody may see them: a code and a name."""

from collections.abc import Iterable, Mapping

import strawberry

from api.graphql.engine.ids import encode_id


@strawberry.type(description="A shop.")
class Store:
    id: strawberry.ID = strawberry.field(description="Global id.")
    code: str = strawberry.field(description="Its code, as receipts and the programme file name it.")
    name: str = strawberry.field(description="As people know it.")


def store_of(code: str, names: Mapping[str, str]) -> Store:
    """Return a store by its code. A store that was never opened here has its code as its name."""
    return Store(id=strawberry.ID(encode_id("Store", code)), code=code, name=names.get(code, code))


def stores_of(codes: Iterable[str], names: Mapping[str, str]) -> list[Store]:
    """Return stores by their codes, in that order."""
    return [store_of(code, names) for code in codes]

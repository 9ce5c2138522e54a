"""Stores as everybody may see them: a code and a name."""

from collections.abc import Iterable, Mapping, Sequence

import strawberry

from api.graphql.engine.ids import encode_id
from api.graphql.engine.later import later
from api.graphql.engine.shared_types import Info


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


def stores_by_code(info: Info, codes: Sequence[str]) -> list[Store]:
    """Return what a field answers of stores by their codes: at once where their names are in memory."""
    names = info.context.loaders.known_store_names() if codes else {}
    return stores_of(codes, names) if names is not None else later(_read_stores(info, codes))


async def _read_stores(info: Info, codes: Sequence[str]) -> list[Store]:
    return stores_of(codes, await info.context.loaders.store_names())

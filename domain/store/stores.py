"""Stores: where staff work and what a till is bound to. Few, and known by their code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from domain.store.base import Store
from domain.store.connect import Raw

COLLECTION = "stores"


@dataclass(frozen=True, slots=True)
class Shop:
    """A store: `code` is its identity, on receipts too."""

    code: str
    name: str
    created_at: datetime


async def find(store: Store, code: str) -> Shop | None:
    """Return a store."""
    row = await store[COLLECTION].find_one({"_id": code})
    return None if row is None else _shop(row)


async def listed(store: Store) -> list[Shop]:
    """Return every store, by code."""
    return sorted([_shop(row) async for row in store[COLLECTION].find({})], key=lambda shop: shop.code)


async def add(store: Store, shop: Shop) -> bool:
    """Write down a new store; False where the code is taken."""
    try:
        await store[COLLECTION].insert_one(
            {"_id": shop.code, "name": shop.name, "created_at": shop.created_at}
        )
    except DuplicateKeyError:
        return False
    return True


def _shop(row: Raw) -> Shop:
    return Shop(row["_id"], row["name"], row["created_at"])

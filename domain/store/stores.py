"""Stores: where staff work and what a till is bound to. Few, and known by their code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

Raw = Mapping[str, Any]
Data = AsyncDatabase[Raw]

COLLECTION = "stores"


@dataclass(frozen=True, slots=True)
class Shop:
    """A store: `code` is its identity, on receipts too."""

    code: str
    name: str
    created_at: datetime


async def find(data: Data, code: str) -> Shop | None:
    """Return a store."""
    row = await data[COLLECTION].find_one({"_id": code})
    return None if row is None else _shop(row)


async def listed(data: Data) -> list[Shop]:
    """Return every store, by code."""
    return sorted([_shop(row) async for row in data[COLLECTION].find({})], key=lambda shop: shop.code)


async def add(data: Data, shop: Shop) -> bool:
    """Write down a new store; False where the code is taken."""
    try:
        await data[COLLECTION].insert_one({"_id": shop.code, "name": shop.name, "created_at": shop.created_at})
    except DuplicateKeyError:
        return False
    return True


def _shop(row: Raw) -> Shop:
    return Shop(row["_id"], row["name"], row["created_at"])

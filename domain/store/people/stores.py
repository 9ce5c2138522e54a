"""Stores: where staff work and what a till is bound to. Few, and known by their code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from domain.store.connect import Raw
from domain.store.document_store import DocumentStore

COLLECTION = "stores"


@dataclass(frozen=True, slots=True)
class RetailStore:
    """A store: `code` is its identity, on receipts too."""

    code: str
    name: str
    created_at: datetime


async def find(store: DocumentStore, code: str) -> RetailStore | None:
    """Return a store."""
    row = await store[COLLECTION].find_one({"_id": code})
    return None if row is None else _read_store(row)


async def find_all(store: DocumentStore) -> list[RetailStore]:
    """Return every store, by code."""
    return sorted([_read_store(row) async for row in store[COLLECTION].find({})], key=lambda shop: shop.code)


async def add(store: DocumentStore, retail_store: RetailStore) -> bool:
    """Write down a new store; False where the code is taken."""
    try:
        await store[COLLECTION].insert_one(
            {"_id": retail_store.code, "name": retail_store.name, "created_at": retail_store.created_at}
        )
    except DuplicateKeyError:
        return False
    return True


def _read_store(row: Raw) -> RetailStore:
    return RetailStore(row["_id"], row["name"], row["created_at"])

"""Stores: where staff work and what a till is bound to. They are few, and known by their code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from domain.store.document_store import DocumentStore
from domain.store.stored_document import StoredDocument

COLLECTION = "stores"


class RetailStoreDocument(StoredDocument):
    """A store in the database; `_id` is its code."""

    name: str
    created_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION


@dataclass(frozen=True, slots=True)
class RetailStore:
    """A store: `code` is its identity, on receipts too."""

    code: str
    name: str
    created_at: datetime


async def find(store: DocumentStore, code: str) -> RetailStore | None:
    """Return a store."""
    document = await store.documents(RetailStoreDocument).find_one({"_id": code})
    return None if document is None else _read_store(document)


async def find_all(store: DocumentStore) -> list[RetailStore]:
    """Return every store, by code."""
    documents = await store.documents(RetailStoreDocument).find({}).to_list()
    return sorted(map(_read_store, documents), key=lambda retail_store: retail_store.code)


async def add(store: DocumentStore, retail_store: RetailStore) -> bool:
    """Insert a new store; False where the code is taken."""
    document = store.documents(RetailStoreDocument)(
        id=retail_store.code, name=retail_store.name, created_at=retail_store.created_at
    )
    try:
        await document.insert()
    except DuplicateKeyError:
        return False
    return True


def _read_store(document: RetailStoreDocument) -> RetailStore:
    return RetailStore(document.id, document.name, document.created_at)

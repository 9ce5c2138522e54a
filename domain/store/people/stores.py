"""Stores: where staff work and what a till is bound to. They are few, and known by their code."""

from __future__ import annotations

from datetime import datetime

from domain.model.values import dataclass
from domain.store.document_store import EPOCH, DocumentStore, StoreFault, Write, insert, update
from domain.store.stored_document import StoredDocument

COLLECTION = "stores"


class RetailStoreDocument(StoredDocument):
    """A store in the database; `_id` is its code."""

    name: str
    created_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION


class StoreTaken(StoreFault):
    """Another store has the code."""


@dataclass(frozen=True, slots=True)
class RetailStore:
    """A store: `code` is its identity, on receipts too."""

    code: str
    name: str
    created_at: datetime


# Where whoever signs in at the console works: no store, and no store can have this code.
CONSOLE = RetailStore("@console", "Console", EPOCH)


async def find(store: DocumentStore, code: str) -> RetailStore | None:
    """Return a store."""
    document = await store.documents(RetailStoreDocument).find_one({"_id": code})
    return None if document is None else _read_store(document)


async def find_all(store: DocumentStore) -> list[RetailStore]:
    """Return every store, by code."""
    documents = await store.documents(RetailStoreDocument).find({}).to_list()
    return sorted(map(_read_store, documents), key=lambda retail_store: retail_store.code)


def add_write(retail_store: RetailStore) -> Write:
    """Return the insertion of a new store; it raises StoreTaken where the code is taken."""
    row = {"_id": retail_store.code, "name": retail_store.name, "created_at": retail_store.created_at}
    return insert(COLLECTION, row, if_taken=StoreTaken(retail_store.code))


def rename_write(retail_store: RetailStore) -> Write:
    """Return the write of a store's name."""
    return update(COLLECTION, {"_id": retail_store.code}, {"$set": {"name": retail_store.name}})


def _read_store(document: RetailStoreDocument) -> RetailStore:
    return RetailStore(document.id, document.name, document.created_at)

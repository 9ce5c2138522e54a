"""Which member a source's customer is: by the hash of source and customer, so that no customer's number
stands here. A binding that a contact brought only ever credits; one that the member's card brought is proven.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from pymongo import IndexModel, ReplaceOne

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Write
from domain.store.stored_document import StoredDocument

COLLECTION = "intake_bindings"


class BindingDocument(StoredDocument):
    """A binding in the database; `_id` is the hash of source and customer."""

    source: str
    member: str
    at: datetime
    is_proven: bool = False

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"member": 1}), IndexModel({"source": 1}))


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose customer somebody is, and whether they showed their card for it."""

    member: str
    is_proven: bool


async def find(store: DocumentStore, customer_hashes: Sequence[str]) -> Binding | None:
    """Return the binding of a customer; a proven one before any that an earlier secret hashed."""
    query = {"_id": {"$in": list(customer_hashes)}}
    rows = [row async for row in store[COLLECTION].find(query).limit(len(customer_hashes))]
    bound = [Binding(str(row["member"]), bool(row.get("is_proven", False))) for row in rows]
    return max(bound, key=lambda binding: binding.is_proven, default=None)


async def find_proven(store: DocumentStore, customer_hashes: Sequence[str]) -> frozenset[str]:
    """Return which customers, by their hashes, were bound by a member's card."""
    query = {"_id": {"$in": list(customer_hashes)}}
    rows = store[COLLECTION].find(query, {"is_proven": 1}).limit(len(customer_hashes) or 1)
    return frozenset([row["_id"] async for row in rows if row.get("is_proven", False)])


async def find_member(store: DocumentStore, customer_hashes: Sequence[str]) -> str | None:
    """Return the member that a customer is bound to."""
    binding = await find(store, customer_hashes)
    return None if binding is None else binding.member


def bind_write(customer_hash: str, *, source: str, member: str, now: datetime) -> Write:
    """Return the write that binds a customer to a member, whoever they were bound to before."""
    row = {"_id": customer_hash, "source": source, "member": member, "at": now}
    return Write(COLLECTION, ReplaceOne({"_id": customer_hash}, row, upsert=True))


def prove_write(customer_hash: str, *, source: str, member: str, now: datetime) -> Write:
    """Return the write that binds a customer to the member who showed their card."""
    row = {"_id": customer_hash, "source": source, "member": member, "at": now, "is_proven": True}
    return Write(COLLECTION, ReplaceOne({"_id": customer_hash}, row, upsert=True))


async def remove(store: DocumentStore, customer_hashes: Sequence[str]) -> int:
    """Drop the bindings of a customer; return how many."""
    return (await store[COLLECTION].delete_many({"_id": {"$in": list(customer_hashes)}})).deleted_count


async def remove_source(store: DocumentStore, source: str) -> int:
    """Drop all bindings of a source; return how many."""
    return (await store[COLLECTION].delete_many({"source": source})).deleted_count

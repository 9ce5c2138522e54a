"""Contacts: `email:...`, `phone:...`, `number:...`, each belonging to one member: the `_id` is the contact
itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import ClassVar, cast

from pymongo import DeleteOne, IndexModel

from domain.store.document_store import DocumentStore, Stale, StoreFault, Write, insert
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "contacts"


class ContactDocument(StoredDocument):
    """A contact in the database; `_id` is the contact itself. One that was replaced is held a while."""

    member: str
    until: datetime | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (ttl_index("until"),)


class ContactInUse(StoreFault):
    """The contact belongs to a member already."""


def number_key(number: str) -> str:
    """Return the key of a membership number."""
    return f"number:{number}"


async def find_member(store: DocumentStore, key: str) -> str | None:
    """Return the member whose contact it is."""
    row = await store[COLLECTION].find_one({"_id": key})
    return None if row is None else cast(str, row["member"])


async def find_members(store: DocumentStore, keys: Collection[str]) -> frozenset[str]:
    """Return the members whose contacts these are."""
    if not keys:
        return frozenset()
    return frozenset(
        [cast(str, row["member"]) async for row in store[COLLECTION].find({"_id": {"$in": list(keys)}})]
    )


def take_write(key: str, member: str) -> Write:
    """Return the write that gives a contact to a member; it raises ContactInUse where somebody has it."""
    return insert(COLLECTION, {"_id": key, "member": member}, if_taken=ContactInUse(key.partition(":")[0]))


def release_write(key: str, member: str) -> Write:
    """Return the write that takes a contact from a member, so that anybody may have it."""
    return Write(
        COLLECTION, DeleteOne({"_id": key, "member": member}), Stale("the contact changed meanwhile")
    )

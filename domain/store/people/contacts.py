"""Contacts: `email:...`, `phone:...`, `number:...`, each belonging to one member: the `_id` is the contact
itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import ClassVar, cast

from pymongo import DeleteOne, IndexModel

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Stale, StoreFault, Write, insert, replace, update
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
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"member": 1}), ttl_index("until"))


class ContactInUse(StoreFault):
    """The contact belongs to a member already."""


@dataclass(frozen=True, slots=True)
class ContactHolder:
    """A member and their contact. One that was replaced is theirs `until` an instant, else it is None."""

    member: str
    until: datetime | None = None

    def bars(self, member: str, now: datetime) -> bool:
        """Tell whether a member cannot take the contact: it is in use, or held for somebody else."""
        return not self.is_over(now) and (self.member != member or self.until is None)

    def is_over(self, now: datetime) -> bool:
        """Tell whether anybody may have the contact."""
        return self.until is not None and self.until <= now


def number_key(number: str) -> str:
    """Return the key of a membership number."""
    return f"number:{number}"


async def find_member(store: DocumentStore, key: str, *, now: datetime | None = None) -> str | None:
    """Return the member whose contact it is, or was until a moment after `now`."""
    holder = await find_holder(store, key)
    return holder.member if holder is not None and not (now and holder.is_over(now)) else None


async def find_holder(store: DocumentStore, key: str) -> ContactHolder | None:
    """Return who holds a contact, also one whose time is over and that was not deleted yet."""
    row = await store[COLLECTION].find_one({"_id": key})
    return None if row is None else ContactHolder(row["member"], row.get("until"))


async def find_holders(store: DocumentStore, keys: Collection[str]) -> dict[str, ContactHolder]:
    """Return who holds contacts, by key."""
    rows = store[COLLECTION].find({"_id": {"$in": list(keys)}})
    return {row["_id"]: ContactHolder(row["member"], row.get("until")) async for row in rows}


async def find_members(store: DocumentStore, keys: Collection[str]) -> frozenset[str]:
    """Return the members whose contacts these are."""
    if not keys:
        return frozenset()
    return frozenset(
        [cast(str, row["member"]) async for row in store[COLLECTION].find({"_id": {"$in": list(keys)}})]
    )


def take_write(key: str, member: str, *, holder: ContactHolder | None = None) -> Write:
    """Return the write that gives a contact to a member; it raises ContactInUse where somebody has it.

    `holder` is whoever held it until now, whose time is over or who is that member.
    """
    row = {"_id": key, "member": member}
    in_use = ContactInUse(key.partition(":")[0])
    if holder is None:
        return insert(COLLECTION, row, if_taken=in_use)
    query = {"_id": key, "member": holder.member, "until": holder.until}
    return replace(COLLECTION, query, row, if_missed=in_use)


def hold_write(key: str, member: str, *, until: datetime) -> Write:
    """Return the write that leaves a contact that was replaced to its member until an instant."""
    query = {"_id": key, "member": member}
    return update(
        COLLECTION, query, {"$set": {"until": until}}, if_missed=Stale("the contact changed meanwhile")
    )


def keep_write(key: str, member: str) -> Write:
    """Return the write that gives a contact that was replaced back to its member for good."""
    query = {"_id": key, "member": member}
    return update(
        COLLECTION, query, {"$unset": {"until": ""}}, if_missed=Stale("the contact changed meanwhile")
    )


def move_write(key: str, member: str, *, to: str) -> Write:
    """Return the write that has a contact lead to another member; nothing where this one has it no more."""
    return update(COLLECTION, {"_id": key, "member": member}, {"$set": {"member": to}})


def release_write(key: str, member: str) -> Write:
    """Return the write that takes a contact from a member, so that anybody may have it; nothing where they
    have it no more.
    """
    return Write(COLLECTION, DeleteOne({"_id": key, "member": member}))

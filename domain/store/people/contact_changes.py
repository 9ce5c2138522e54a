"""Changes of contacts that their owner may still undo: each by the hash of the token in the notice of it.

A row holds both contacts, and is deleted with the time in which the old one keeps signing in.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import ClassVar

from pymongo import IndexModel

from domain.model.people.contacts import Contact, ContactKind
from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, StoreFault, Write, insert, update
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "contact_changes"


class ContactChangeDocument(StoredDocument):
    """A change in the database: `old` and `new` are the values of a kind of contact."""

    member: str
    kind: ContactKind
    old: str | None = None
    new: str | None = None
    at: datetime
    until: datetime
    undone_at: datetime | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"member": 1}), ttl_index("until"))


class ChangeUndone(StoreFault):
    """The change was undone meanwhile."""


@dataclass(frozen=True, slots=True)
class StoredContactChange:
    """A change of a member's contact; `old` is None where they had none of its kind, `new` where it was taken
    away.
    """

    id: str
    member: str
    kind: ContactKind
    old: Contact | None
    new: Contact | None
    at: datetime
    until: datetime


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, id: str, *, now: datetime) -> StoredContactChange | None:
    """Return a change that may still be undone, by the hash of its token."""
    document = await store.documents(ContactChangeDocument).find_one({"_id": id})
    return None if document is None or not _is_open(document, now) else _read_change(document)


async def find_open(store: DocumentStore, member: str, *, now: datetime) -> list[StoredContactChange]:
    """Return the changes of a member that may still be undone, oldest first."""
    documents = await store.documents(ContactChangeDocument).find({"member": member}).to_list()
    changes = [_read_change(document) for document in documents if _is_open(document, now)]
    return sorted(changes, key=lambda change: (change.at, change.id))


async def find_keys(store: DocumentStore, members: Collection[str]) -> list[str]:
    """Return the keys of the contacts that some members' changes were from and to: a contact that was
    replaced or taken away is held with its change.
    """
    documents = (
        await store.documents(ContactChangeDocument).find({"member": {"$in": list(members)}}).to_list()
    )
    changes = [_read_change(document) for document in documents]
    return [each.key for change in changes for each in (change.old, change.new) if each is not None]


# ---------------------------------------------------------------- writes
def open_write(change: StoredContactChange) -> Write:
    """Return the insertion of a change that may be undone."""
    document = ContactChangeDocument(
        id=change.id,
        member=change.member,
        kind=change.kind,
        old=change.old.value if change.old else None,
        new=change.new.value if change.new else None,
        at=change.at,
        until=change.until,
    )
    return insert(COLLECTION, document.row())


def undo_write(id: str, *, now: datetime) -> Write:
    """Return the write that notes that a change was undone; it raises ChangeUndone where it was before."""
    query = {"_id": id, "undone_at": None}
    return update(COLLECTION, query, {"$set": {"undone_at": now}}, if_missed=ChangeUndone(id))


def _is_open(document: ContactChangeDocument, now: datetime) -> bool:
    return document.undone_at is None and now < document.until


def _read_change(document: ContactChangeDocument) -> StoredContactChange:
    return StoredContactChange(
        id=document.id,
        member=document.member,
        kind=document.kind,
        old=Contact(document.kind, document.old) if document.old is not None else None,
        new=Contact(document.kind, document.new) if document.new is not None else None,
        at=document.at,
        until=document.until,
    )

"""Notes of service about a member: what the next colleague should know.

They stand beside the aggregate, which every purchase reads. Those of a membership that was merged stay with
it, as its journal does, and are read with the other's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from pymongo import DeleteOne, IndexModel

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, StoreFault, Write, insert
from domain.store.stored_document import StoredDocument

COLLECTION = "service_notes"
MOST_NOTES = 200


class ServiceNoteDocument(StoredDocument):
    """A note in the database; `staff` is the employee who wrote it."""

    member: str
    at: datetime
    staff: str
    text: str

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"member": 1, "at": 1}),)


class NoteGone(StoreFault):
    """The note was taken away meanwhile."""


@dataclass(frozen=True, slots=True)
class ServiceNote:
    """What an employee has noted of a member."""

    id: str
    member: str
    at: datetime
    staff: str
    text: str


async def find_of_members(store: DocumentStore, members: Sequence[str]) -> list[ServiceNote]:
    """Return the notes of a membership and of those merged into it, newest first."""
    query = {"member": {"$in": list(members)}}
    documents = store.documents(ServiceNoteDocument).find(query).limit(MOST_NOTES * len(members))
    notes = [_read_note(document) for document in await documents.to_list()]
    return sorted(notes, key=lambda note: (note.at, note.id), reverse=True)


async def count(store: DocumentStore, member: str) -> int:
    """Return how many notes stand with a member."""
    return await store[COLLECTION].count_documents({"member": member}, limit=MOST_NOTES)


async def find(store: DocumentStore, id: str) -> ServiceNote | None:
    """Return a note."""
    document = await store.documents(ServiceNoteDocument).find_one({"_id": id})
    return None if document is None else _read_note(document)


def add_write(note: ServiceNote) -> Write:
    """Return the insertion of a note."""
    document = ServiceNoteDocument(
        id=note.id, member=note.member, at=note.at, staff=note.staff, text=note.text
    )
    return insert(COLLECTION, document.row())


def remove_write(id: str) -> Write:
    """Return the write that takes a note away; it raises NoteGone."""
    return Write(COLLECTION, DeleteOne({"_id": id}), NoteGone(id))


def _read_note(document: ServiceNoteDocument) -> ServiceNote:
    return ServiceNote(document.id, document.member, document.at, document.staff, document.text)

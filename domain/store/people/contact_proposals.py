"""Contacts that an employee has proposed for a member who lost theirs, until a colleague approves: a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from pymongo import DeleteOne, IndexModel

from domain.model.people.contacts import Contact, ContactKind
from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, StoreFault, Write, insert
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "contact_proposals"


class ContactProposalDocument(StoredDocument):
    """A proposal in the database; `staff` is the employee who proposed it."""

    member: str
    kind: ContactKind
    value: str
    staff: str
    reason: str
    until: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"member": 1}), ttl_index("until"))


class ProposalGone(StoreFault):
    """The proposal was approved meanwhile."""


@dataclass(frozen=True, slots=True)
class ContactProposal:
    """A proven contact that waits for a second employee."""

    id: str
    member: str
    contact: Contact
    staff: str
    reason: str
    until: datetime


async def find(store: DocumentStore, id: str, *, now: datetime) -> ContactProposal | None:
    """Return a proposal that can still be approved."""
    document = await store.documents(ContactProposalDocument).find_one({"_id": id})
    return None if document is None or document.until <= now else _read_proposal(document)


async def find_open(store: DocumentStore, *, now: datetime, first: int) -> list[ContactProposal]:
    """Return the proposals that can still be approved, the one that lapses first before the others."""
    query = {"until": {"$gt": now}}
    documents = store.documents(ContactProposalDocument).find(query).sort("+until").limit(first)
    return [_read_proposal(document) for document in await documents.to_list()]


def propose_write(proposal: ContactProposal) -> Write:
    """Return the insertion of a proposal."""
    document = ContactProposalDocument(
        id=proposal.id,
        member=proposal.member,
        kind=proposal.contact.kind,
        value=proposal.contact.value,
        staff=proposal.staff,
        reason=proposal.reason,
        until=proposal.until,
    )
    return insert(COLLECTION, document.row())


def approve_write(id: str) -> Write:
    """Return the write that ends a proposal because it was approved; it raises ProposalGone."""
    return Write(COLLECTION, DeleteOne({"_id": id}), ProposalGone(id))


def _read_proposal(document: ContactProposalDocument) -> ContactProposal:
    contact = Contact(document.kind, document.value)
    return ContactProposal(
        document.id, document.member, contact, document.staff, document.reason, document.until
    )

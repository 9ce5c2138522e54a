"""What an employee may not do alone, until a second one approves or declines it: a week.

Corrections and contacts have proposals of their own. `terms` is what the kind needs to be carried out: codes,
figures, ids of members, and of a new operator what `staff` will hold of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pymongo import DeleteOne, IndexModel

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, StoreFault, Write, insert, update
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "staff_proposals"
PROPOSED_FOR = timedelta(days=7)

ProposalKind = Literal[
    "OPERATOR_ADDED",
    "SECOND_FACTOR_RESET",
    "CLIENT_ADDED",
    "CLIENT_CHANGED",
    "CLIENT_KEY_ROTATED",
    "REWARD_GIVEN",
    "BULK_CORRECTION",
    "MESSAGE_SENT",
    "TAGS_OF_MANY",
]


class StaffProposalDocument(StoredDocument):
    """A proposal in the database; `staff` asks for it, `members` are whom it concerns."""

    kind: ProposalKind
    subject: str
    terms: dict[str, Any]
    members: list[str]
    reason: str
    staff: str
    at: datetime
    until: datetime
    approved_by: str | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"members": 1}), ttl_index("until"))


class StaffProposalEnded(StoreFault):
    """The proposal was approved or declined meanwhile."""


@dataclass(frozen=True, slots=True)
class StaffProposal:
    """What waits for a second person; `subject` names what it is about to whoever approves. `approved_by` is
    set while what was approved is being carried out in parts.
    """

    id: str
    kind: ProposalKind
    subject: str
    reason: str
    staff: str
    at: datetime
    until: datetime
    terms: Mapping[str, Any] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    approved_by: str | None = None


async def find(store: DocumentStore, id: str, *, now: datetime) -> StaffProposal | None:
    """Return a proposal that can still be approved."""
    document = await store.documents(StaffProposalDocument).find_one({"_id": id})
    return None if document is None or document.until <= now else _read_proposal(document)


async def find_open(store: DocumentStore, *, now: datetime, first: int) -> list[StaffProposal]:
    """Return the proposals that can still be approved, the one that lapses first before the others."""
    query = {"until": {"$gt": now}}
    documents = store.documents(StaffProposalDocument).find(query).sort("+until").limit(first)
    return [_read_proposal(document) for document in await documents.to_list()]


def propose_write(proposal: StaffProposal) -> Write:
    """Return the insertion of a proposal."""
    document = StaffProposalDocument(
        id=proposal.id,
        kind=proposal.kind,
        subject=proposal.subject,
        terms=dict(proposal.terms),
        members=list(proposal.members),
        reason=proposal.reason,
        staff=proposal.staff,
        at=proposal.at,
        until=proposal.until,
    )
    return insert(COLLECTION, document.row())


def begin_write(id: str, *, approver: str) -> Write:
    """Return the write by which an approved proposal begins to be carried out; it raises StaffProposalEnded
    where another has approved it.
    """
    query = {"_id": id, "approved_by": {"$in": [None, approver]}}
    return update(COLLECTION, query, {"$set": {"approved_by": approver}}, if_missed=StaffProposalEnded(id))


def progress_write(id: str, *, done: Sequence[int], refused: int) -> Write:
    """Return the write that takes rows out which were carried out, and leaves what an erasure took meanwhile;
    it raises StaffProposalEnded.
    """
    change = {"$pull": {"terms.rows": {"n": {"$in": list(done)}}}, "$set": {"terms.refused": refused}}
    return update(COLLECTION, {"_id": id}, change, if_missed=StaffProposalEnded(id))


def end_write(id: str) -> Write:
    """Return the write that ends a proposal, carried out or declined; it raises StaffProposalEnded."""
    return Write(COLLECTION, DeleteOne({"_id": id}), StaffProposalEnded(id))


async def erase_member(store: DocumentStore, member: str) -> None:
    """Take a member out of what waits: what concerns them alone goes whole."""
    await store[COLLECTION].delete_many({"members": [member]})
    change = {"$pull": {"members": member, "terms.rows": {"member": member}}}
    await store[COLLECTION].update_many({"members": member}, change)


def _read_proposal(document: StaffProposalDocument) -> StaffProposal:
    return StaffProposal(
        document.id,
        document.kind,
        document.subject,
        document.reason,
        document.staff,
        document.at,
        document.until,
        document.terms,
        tuple(document.members),
        document.approved_by,
    )

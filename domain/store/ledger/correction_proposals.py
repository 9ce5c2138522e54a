"""Corrections of balances that an employee asked for, until somebody else approves or declines: a week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from pymongo import DeleteOne, IndexModel

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, StoreFault, Write, insert
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "correction_proposals"
PROPOSED_FOR = timedelta(days=7)


class CorrectionProposalDocument(StoredDocument):
    """A proposal in the database; `staff` is the employee who asks, at `store`."""

    member: str
    wallet: str
    amount: int
    reason: str
    staff: str
    store: str
    at: datetime
    until: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"member": 1}), ttl_index("until"))


class CorrectionEnded(StoreFault):
    """The proposal was approved or declined meanwhile."""


@dataclass(frozen=True, slots=True)
class CorrectionProposal:
    """A correction that waits for a second person: `amount` is signed, in points or minor units."""

    id: str
    member: str
    wallet: str
    amount: int
    reason: str
    staff: str
    store: str
    at: datetime
    until: datetime


async def find(store: DocumentStore, id: str, *, now: datetime) -> CorrectionProposal | None:
    """Return a proposal that can still be approved."""
    document = await store.documents(CorrectionProposalDocument).find_one({"_id": id})
    return None if document is None or document.until <= now else _read_proposal(document)


async def find_open(store: DocumentStore, *, now: datetime, first: int) -> list[CorrectionProposal]:
    """Return the proposals that can still be approved, the one that lapses first before the others."""
    query = {"until": {"$gt": now}}
    documents = store.documents(CorrectionProposalDocument).find(query).sort("+until").limit(first)
    return [_read_proposal(document) for document in await documents.to_list()]


def propose_write(proposal: CorrectionProposal) -> Write:
    """Return the insertion of a proposal."""
    document = CorrectionProposalDocument(
        id=proposal.id,
        member=proposal.member,
        wallet=proposal.wallet,
        amount=proposal.amount,
        reason=proposal.reason,
        staff=proposal.staff,
        store=proposal.store,
        at=proposal.at,
        until=proposal.until,
    )
    return insert(COLLECTION, document.row())


def end_write(id: str) -> Write:
    """Return the write that ends a proposal, approved or declined; it raises CorrectionEnded."""
    return Write(COLLECTION, DeleteOne({"_id": id}), CorrectionEnded(id))


def _read_proposal(document: CorrectionProposalDocument) -> CorrectionProposal:
    return CorrectionProposal(
        document.id,
        document.member,
        document.wallet,
        document.amount,
        document.reason,
        document.staff,
        document.store,
        document.at,
        document.until,
    )

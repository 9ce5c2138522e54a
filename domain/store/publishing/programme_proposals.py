"""Versions of the programme that an operator proposed: until another approves or declines them, and approved
ones until their instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pymongo import DeleteOne, IndexModel

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, StoreFault, Write, insert, update
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "programme_proposals"
PROPOSED_FOR = timedelta(days=7)
SHOWN_FOR = timedelta(days=30)

# WAITING for approval, SCHEDULED once it is approved for an instant to come; DROPPED where another version
# was published before that instant, or the file is faulty by then.
ProposalState = Literal["WAITING", "SCHEDULED", "DROPPED"]


class ProgrammeProposalDocument(StoredDocument):
    """A proposal in the database: made from the version `base`; `staff` asks for it, at `store`."""

    text: str
    digest: str
    note: str
    base: int
    publish_at: datetime | None
    staff: str
    store: str
    at: datetime
    until: datetime
    state: ProposalState
    approved_by: str | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"state": 1, "publish_at": 1}),
            ttl_index("until"),
        )


class ProposalEnded(StoreFault):
    """The proposal was approved, declined or published meanwhile."""


@dataclass(frozen=True, slots=True)
class ProgrammeProposal:
    """A version that is not published yet. `until` is when it lapses, and later, once it is scheduled or
    dropped, when it is no longer shown.
    """

    id: str
    text: str
    digest: str
    note: str
    base: int
    publish_at: datetime | None
    staff: str
    store: str
    at: datetime
    until: datetime
    state: ProposalState = "WAITING"
    approved_by: str | None = None


async def find(store: DocumentStore, id: str, *, now: datetime) -> ProgrammeProposal | None:
    """Return a proposal that has not lapsed."""
    document = await store.documents(ProgrammeProposalDocument).find_one({"_id": id})
    return None if document is None or document.until <= now else _read_proposal(document)


async def find_shown(store: DocumentStore, *, now: datetime, first: int) -> list[ProgrammeProposal]:
    """Return the proposals that have not lapsed, newest first, without their texts."""
    rows = store[COLLECTION].find({"until": {"$gt": now}}, {"text": 0}).sort({"at": -1, "_id": -1})
    return [
        _read_proposal(ProgrammeProposalDocument(**{**row, "id": row["_id"], "text": ""}))
        async for row in rows.limit(first)
    ]


async def find_due(store: DocumentStore, *, now: datetime, first: int) -> list[ProgrammeProposal]:
    """Return scheduled proposals whose instant has come, the earliest first."""
    query = {"state": "SCHEDULED", "publish_at": {"$lte": now}}
    documents = store.documents(ProgrammeProposalDocument).find(query).sort("+publish_at").limit(first)
    return [_read_proposal(document) for document in await documents.to_list()]


def propose_write(proposal: ProgrammeProposal) -> Write:
    """Return the insertion of a proposal."""
    document = ProgrammeProposalDocument(
        id=proposal.id,
        text=proposal.text,
        digest=proposal.digest,
        note=proposal.note,
        base=proposal.base,
        publish_at=proposal.publish_at,
        staff=proposal.staff,
        store=proposal.store,
        at=proposal.at,
        until=proposal.until,
        state=proposal.state,
    )
    return insert(COLLECTION, document.row())


def schedule_write(proposal: ProgrammeProposal, *, approved_by: str, until: datetime) -> Write:
    """Return the write that schedules an approved proposal; it raises ProposalEnded."""
    change = {"$set": {"state": "SCHEDULED", "approved_by": approved_by, "until": until}}
    return update(
        COLLECTION, {"_id": proposal.id, "state": "WAITING"}, change, if_missed=ProposalEnded(proposal.id)
    )


def drop_write(proposal: ProgrammeProposal, *, until: datetime) -> Write:
    """Return the write that drops a scheduled proposal; it raises ProposalEnded."""
    change = {"$set": {"state": "DROPPED", "until": until}}
    return update(
        COLLECTION, {"_id": proposal.id, "state": "SCHEDULED"}, change, if_missed=ProposalEnded(proposal.id)
    )


def end_write(proposal: ProgrammeProposal) -> Write:
    """Return the write that ends a proposal in the state that was read; it raises ProposalEnded."""
    query = {"_id": proposal.id, "state": proposal.state}
    return Write(COLLECTION, DeleteOne(query), ProposalEnded(proposal.id))


def _read_proposal(document: ProgrammeProposalDocument) -> ProgrammeProposal:
    return ProgrammeProposal(
        document.id,
        document.text,
        document.digest,
        document.note,
        document.base,
        document.publish_at,
        document.staff,
        document.store,
        document.at,
        document.until,
        document.state,
        document.approved_by,
    )

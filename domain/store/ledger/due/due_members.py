"""The members for whom time may have brought something by now, found by their next due instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.model.values import dataclass
from domain.store.document_store import EPOCH, DocumentStore
from domain.store.ledger import members


@dataclass(frozen=True, slots=True)
class DueMembers:
    """Members for whom time may have brought something, and when.

    All others are due at `rest_due_at` or later; it is None where there are no others.
    """

    due_at_by_member: Mapping[str, datetime]
    rest_due_at: datetime | None


async def find_due(store: DocumentStore, *, now: datetime, first: int) -> DueMembers:
    """Return the first members for whom time may have brought something by now, the soonest first."""
    query = {"due_at": {"$gt": EPOCH, "$lte": now}, "status": "active"}
    rows = store[members.COLLECTION].find(query, {"due_at": 1}).sort("due_at", 1).limit(first)
    due_at_by_member = {row["_id"]: row["due_at"] async for row in rows}
    rest_due_at = max(due_at_by_member.values()) if len(due_at_by_member) == first else None
    return DueMembers(due_at_by_member, rest_due_at)

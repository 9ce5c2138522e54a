"""Which rows of a member leave for the archive: those from the beginning of their journal that are old
enough.

Nothing asks the database for rows so old: an event that comes late reaches back 400 days, and what it meets
was decided by facts of the 400 days before. What is behind refunds and corrections by then is closed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from domain.model.event_names import PURCHASED
from domain.model.values import dataclass
from domain.services.late_event_history import LATE_LIMIT
from domain.services.ledger.purchase_queries import receipt_id_of_event
from domain.store.archive.segments import ArchivedDocument
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.figures import member_figures
from domain.store.ledger import journal, members, receipts
from domain.store.ledger.archived import journal_bases

LEAST_DAYS: Final = 2 * LATE_LIMIT // timedelta(days=1)
# A base weighs about as much as two rows: of fewer rows, hardly anything would be saved.
LEAST_ROWS: Final = 10
BATCH_SIZE: Final = 100


@dataclass(frozen=True, slots=True)
class OldRows:
    """A member's rows that may leave, and the receipts of purchases among them, as they are stored now."""

    member: str
    rows: list[Raw]
    receipts: list[Raw]

    def documents(self) -> list[ArchivedDocument]:
        """Return them as a segment holds them, each receipt beside the row of its purchase."""
        by_seq = {receipt["seq"]: receipt for receipt in self.receipts}
        documents = list[ArchivedDocument]()
        for row in self.rows:
            seq, at = row["seq"], row["at"]
            documents.append(ArchivedDocument("journal", self.member, seq, at, row))
            if seq in by_seq:
                documents.append(ArchivedDocument("receipts", self.member, seq, at, by_seq[seq]))
        return documents


def bound(now: datetime, *, days: int) -> datetime:
    """Return the instant before which rows are old: the first of a month, at least so many days ago."""
    day = (now.astimezone(UTC) - timedelta(days=days)).date()
    return datetime(day.year, day.month, 1, tzinfo=UTC)


async def find_old_rows(store: DocumentStore, member: str, *, before: datetime) -> OldRows | None:
    """Return what may leave of a member: not what figures have not counted yet, and nothing of an event that
    came late before what was decided earlier is old. None where that is hardly anything.
    """
    document = await store[members.COLLECTION].find_one({"_id": member}, {"version": 1})
    figures = (await member_figures.find_many(store, [member])).get(member)
    if document is None or figures is None:
        return None
    archived_seq = await journal_bases.find_seq(store, member)
    last = min(document["version"], figures.seq)
    if last - archived_seq < LEAST_ROWS:
        return None
    rows = list[Raw]()
    query = {"member": member, "seq": {"$gt": archived_seq, "$lte": last}}
    async for row in store[journal.COLLECTION].find(query).sort("seq", 1).batch_size(BATCH_SIZE):
        if row["at"] >= before:
            break
        rows.append(row)
    if len(rows) < LEAST_ROWS:
        return None
    return OldRows(member, rows, await find_receipts(store, rows))


async def find_receipts(store: DocumentStore, rows: list[Raw]) -> list[Raw]:
    """Return the open receipts of the purchases among rows."""
    ids = {
        receipt_id_of_event(row["event"]["id"]): row["seq"]
        for row in rows
        if row["event"]["name"] == PURCHASED and "rule" not in row["event"]
    }
    query = {"_id": {"$in": sorted(id for id in ids if id is not None)}}
    return [
        receipt
        async for receipt in store[receipts.COLLECTION].find(query)
        if receipts.is_open(receipt) and receipt["seq"] == ids[receipt["_id"]]
    ]

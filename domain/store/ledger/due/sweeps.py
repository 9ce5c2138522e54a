"""The sweep after a publish: ranges of members whose next due instant is computed anew by the new version.

The transaction that publishes inserts a row for each range. Any worker claims any row at random; a claim
moves the row's due instant on, and each batch moves it again, so that a range whose worker died comes up from
where it was. A process notices a new version a second late, and may commit by the old one meanwhile: so what
was swept soon after the publish is swept once more.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pymongo import IndexModel, UpdateOne

from domain.model.id_ranges import id_ranges
from domain.model.ledger.sweeping.due_change import DueChange
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import EPOCH, DocumentStore, Write, insert
from domain.store.ledger import members
from domain.store.ledger.members import NextDue
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "sweeps"
RANGES = 64
LEASE = timedelta(seconds=60)
STRAGGLERS_FOR = timedelta(seconds=30)  # the rounds of a commit, and a second until a process notices
DONE_ROWS_STAY = timedelta(days=7)
BATCH = 50  # of a few tenths of a millisecond each: no request of the same process waits for long
SweepState = Literal["pending", "swept", "done"]


class SweepDocument(StoredDocument):
    """A range of a sweep in the database; `_id` is `VERSION:START`. `due` is missing once it is done."""

    version: int
    start: str
    end: str
    position: str
    published_at: datetime
    due: datetime | None = None
    state: SweepState
    purge_at: datetime | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"due": 1}),
            IndexModel({"state": 1}),
            ttl_index("purge_at"),
        )


@dataclass(frozen=True, slots=True)
class SweepRange:
    """A claimed range: the members up to `end` whose instants an older version than `version` gave. Those up
    to `position` are swept.
    """

    id: str
    version: int
    start: str
    end: str
    position: str
    published_at: datetime
    claimed_until: datetime


@dataclass(frozen=True, slots=True)
class ComputedDue:
    """A member's next due instant, computed on a version of their ledger."""

    member: str
    ledger_version: int
    next_due: NextDue


# ---------------------------------------------------------------- reads
async def claim_random(store: DocumentStore, *, now: datetime) -> SweepRange | None:
    """Claim a range that is due, whichever; None where none is."""
    rows = [row async for row in store[COLLECTION].find({"due": {"$gt": EPOCH, "$lte": now}})]
    while rows:
        row = rows.pop(secrets.randbelow(len(rows)))
        until = now + LEASE
        query = {"_id": row["_id"], "due": row["due"]}
        result = await store[COLLECTION].update_one(query, {"$set": {"due": until}})
        if result.matched_count:
            return SweepRange(
                row["_id"],
                row["version"],
                row["start"],
                row["end"],
                row["position"],
                row["published_at"],
                until,
            )
    return None


async def iterate_batches(
    store: DocumentStore, sweep_range: SweepRange, change: DueChange
) -> AsyncIterator[list[Raw]]:
    """Yield the members of a range whose instants may change, in the order of ids."""
    query: dict[str, Any] = {
        "_id": {"$gt": sweep_range.position, "$lte": sweep_range.end},
        "due_version": {"$gt": 0, "$lt": sweep_range.version},
        "status": "active",
        **_narrowed(change),
    }
    batch: list[Raw] = []
    cursor = store[members.COLLECTION].find(query, members.NOT_SHOWN, batch_size=BATCH).sort("_id", 1)
    async for row in cursor:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _narrowed(change: DueChange) -> dict[str, Any]:
    """Return the filter of a change of one kind; one of several kinds is told by looking at each member."""
    if change.everyone or len(change.wallets) + len(change.segments) + change.tiers != 1:
        return {}
    if change.tiers:
        return {"ledger.tier": {"$exists": True}}
    if change.segments:
        return {"ledger.segments": next(iter(change.segments))}
    return {f"ledger.wallets.{next(iter(change.wallets))}": {"$exists": True}}


# ---------------------------------------------------------------- writes
def start_writes(store: DocumentStore, *, version: int, now: datetime) -> list[Write]:
    """Return the insertion of a row for each range; the embedded database, which reads all members for a
    range of ids, gets one.
    """
    return [
        insert(
            COLLECTION,
            {
                "_id": f"{version}:{ids.start}",
                "version": version,
                "start": ids.start,
                "end": ids.end,
                "position": ids.start,
                "published_at": now,
                "due": now,
                "state": "pending",
            },
        )
        for ids in id_ranges(1 if store.is_embedded else RANGES)
    ]


async def write_dues(store: DocumentStore, dues: Sequence[ComputedDue]) -> int:
    """Write the instants of members who have not changed since; return how many were written. Whoever has
    changed got an instant with that change.
    """
    updates = [
        UpdateOne(
            {"_id": due.member, "version": due.ledger_version, "due_version": {"$lt": due.next_due.version}},
            {"$set": {"due_at": due.next_due.at, "due_version": due.next_due.version}},
        )
        for due in dues
    ]
    if not updates:
        return 0
    result = await store[members.COLLECTION].bulk_write(updates, ordered=False)
    return result.matched_count


async def note_position(
    store: DocumentStore, sweep_range: SweepRange, position: str, *, now: datetime
) -> SweepRange | None:
    """Note up to which id a range is swept, and hold it for longer; None where another worker has it."""
    until = now + LEASE
    sets = {"position": position, "due": until}
    result = await store[COLLECTION].update_one(_claimed(sweep_range), {"$set": sets})
    return replace(sweep_range, position=position, claimed_until=until) if result.matched_count else None


async def finish(store: DocumentStore, sweep_range: SweepRange, *, now: datetime) -> None:
    """Mark a range as swept; soon after the publish it comes up once more, for who was committed by the
    version before.
    """
    again_at = sweep_range.published_at + STRAGGLERS_FOR
    change: Raw = (
        {"$set": {"state": "swept", "due": again_at, "position": sweep_range.start}}
        if now < again_at
        else {"$set": {"state": "done", "purge_at": now + DONE_ROWS_STAY}, "$unset": {"due": ""}}
    )
    await store[COLLECTION].update_one(_claimed(sweep_range), change)


def _claimed(sweep_range: SweepRange) -> Raw:
    return {"_id": sweep_range.id, "due": sweep_range.claimed_until}

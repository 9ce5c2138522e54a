"""Members whose commits never take: what they are decided on has changed each time, as where stored data is
damaged.

Such a member is refused with BUSY for ever, and no repeating mends it. So whoever gives up on one again and
again writes it here, for `selo verify` to list.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from pymongo.errors import PyMongoError

from domain.model.values import dataclass
from domain.store.stored_document import StoredDocument

if TYPE_CHECKING:
    from domain.store.document_store import DocumentStore

COLLECTION = "stale_commits"
TIMES = 3
MAX_QUEUES = 1_000

log = structlog.get_logger(__name__)


class StaleCommitDocument(StoredDocument):
    """A member whose commits never take: `_id` is their id, `why` the last fault, `at` when that was."""

    at: datetime
    why: str

    class Settings(StoredDocument.Settings):
        name = COLLECTION


@dataclass(frozen=True, slots=True)
class StaleCommit:
    """A member whose commits did not take at an instant, and why."""

    member: str
    at: datetime
    why: str


async def find_all(store: DocumentStore) -> list[StaleCommit]:
    """Return them all, by member."""
    rows = store[COLLECTION].find({"_id": {"$gt": ""}}).sort("_id", 1)
    return [StaleCommit(row["_id"], row["at"], row["why"]) async for row in rows]


class StaleCommits:
    """Counts in one process how often a member was stale in all rounds, and records who stays so."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}

    async def note_stale(self, store: DocumentStore, queue: str, fault: Exception) -> None:
        """Log and record a member whose rounds were all stale TIMES in a row; any other queue is ignored."""
        if len(self._times) >= MAX_QUEUES:
            self._times.clear()
        times = self._times[queue] = self._times.get(queue, 0) + 1
        if times < TIMES:
            return
        why = str(fault)
        try:
            if await store["members"].find_one({"_id": queue}, {"_id": 1}) is None:
                return
            change = {"$set": {"why": why}, "$currentDate": {"at": True}}
            await store[COLLECTION].update_one({"_id": queue}, change, upsert=True)
        except PyMongoError as error:
            log.error("member.stale_not_recorded", member=queue, why=type(error).__name__)
        else:
            log.error("member.always_stale", member=queue, why=why, remedy="selo verify says what differs")

    async def note_taken(self, store: DocumentStore, queue: str | None) -> None:
        """Forget a member, because a round of theirs has taken."""
        if queue is not None and self._times.pop(queue, 0) >= TIMES:
            await store[COLLECTION].delete_one({"_id": queue})

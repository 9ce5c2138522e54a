"""Calls of shops and systems that were refused before anything of them was stored: counted by source and day.

A row holds a source that is known, never a text that a stranger sent: what no source or system is known of
stands in one row a day, whose source is empty. No body, header, address or contact is in it. A row has as
many counts as there are reasons, and leaves after 90 days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, cast

from pymongo import IndexModel, UpdateOne

from domain.model.intake.refusals import CallRefusal
from domain.model.values import dataclass
from domain.store.document_store import EPOCH, DocumentStore, Write
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "refused_calls"
KEPT_FOR = timedelta(days=90)
MOST_ROWS = 2_000
STRANGERS = ""  # the source of calls of which no source or system is known


class RefusedCallsDocument(StoredDocument):
    """What was refused of a source in a day; `_id` is `DAY|SOURCE`. `reasons` holds n, first and last by the
    reason; `last` is the newest of all.
    """

    source: str
    day: str
    reasons: dict[str, dict[str, Any]]
    last: datetime
    purge_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"last": 1}), ttl_index("purge_at"))


@dataclass(frozen=True, slots=True)
class RefusedCalls:
    """How many calls of a source were refused in a day for a reason, the first and the last when."""

    source: str
    day: date
    reason: CallRefusal
    count: int
    first: datetime
    last: datetime


# ---------------------------------------------------------------- reads
async def find_since(store: DocumentStore, since: datetime) -> list[RefusedCalls]:
    """Return what was refused on the days of whose calls the last came after an instant, the newest first."""
    rows = store[COLLECTION].find({"last": {"$gt": max(since, EPOCH)}}).sort("last", -1).limit(MOST_ROWS)
    counted = [
        RefusedCalls(
            row["source"],
            date.fromisoformat(row["day"]),
            cast(CallRefusal, reason),
            tally["n"],
            tally["first"],
            tally["last"],
        )
        async for row in rows
        for reason, tally in row["reasons"].items()
    ]
    return sorted(counted, key=lambda each: each.last, reverse=True)


# ---------------------------------------------------------------- writes
def count_write(source: str, day: date, calls: Iterable[RefusedCalls]) -> Write:
    """Return the write that adds calls of a source and day to its row."""
    added, first, last = dict[str, int](), dict[str, datetime](), dict[str, datetime]()
    for each in calls:
        place = f"reasons.{each.reason}"
        added[f"{place}.n"], first[f"{place}.first"] = each.count, each.first
        last[f"{place}.last"] = each.last
    newest = max(last.values())
    change = {
        "$inc": added,
        "$min": first,
        "$max": {**last, "last": newest, "purge_at": newest + KEPT_FOR},
        "$setOnInsert": {"source": source, "day": day.isoformat()},
    }
    return Write(COLLECTION, UpdateOne({"_id": f"{day.isoformat()}|{source}"}, change, upsert=True))

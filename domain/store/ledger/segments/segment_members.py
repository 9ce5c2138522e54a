"""The members of a segment in the order of their ids, a page at a time.

Ids are random, so a page lies in a range of ids whose width follows from how many members the segment has:
a database that reads a whole range before it cuts reads about a page. A range that held too few is widened.
"""

from __future__ import annotations

from typing import Any

from domain.model.id_ranges import END
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.ledger import members
from domain.store.ledger.members import StoredMember, read_member

DIGITS = 8
SPACE: int = 16**DIGITS


async def find_page(
    store: DocumentStore, segment: str, *, after: str, first: int, size: int
) -> list[StoredMember]:
    """Return the first active members of a segment after an id; `size` is about how many it has. Fewer than
    `first` are the last.
    """
    start, width, rows = after, _width(first, size), list[Raw]()
    while len(rows) < first and start != END:
        end = _end(start, width)
        query: dict[str, Any] = {
            "ledger.segments": segment,
            "_id": {"$gt": start, "$lte": end},
            "status": "active",
        }
        cursor = store[members.COLLECTION].find(query, members.NOT_SHOWN).sort("_id", 1)
        rows += [row async for row in cursor.limit(first - len(rows))]
        start, width = end, 2 * width
    return [read_member(row) for row in rows[:first]]


def _width(first: int, size: int) -> int:
    """Return the width of a range of ids that holds a page and some more."""
    return max(1, min(SPACE, 2 * SPACE * first // max(size, 1)))


def _end(start: str, width: int) -> str:
    """Return the end of a range that begins after an id; all of them where an id tells no width."""
    try:
        end = int(start[:DIGITS].ljust(DIGITS, "0"), 16) + width
    except ValueError:
        return END
    return END if end >= SPACE else f"{end:0{DIGITS}x}"

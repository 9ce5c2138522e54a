"""What members wrote beside the scores of surveys, read from their letters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from domain.store.document_store import EPOCH, DocumentStore
from domain.store.messages.inbox import COLLECTION, COMMENTED, Letter, read_letter

LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)


async def find(
    store: DocumentStore,
    survey: str,
    *,
    scores: tuple[int, int],
    since: tuple[datetime, int] | None,
    first: int,
) -> list[Letter]:
    """Return the questions of a survey that were answered with words and a score from one to another, newest
    first. `since` is when the last one of the page before was answered, and how many of then were read.
    """
    query: dict[str, Any] = {"code": survey, **COMMENTED, "kind": "survey"}
    query["score"] = {"$gte": scores[0], "$lte": scores[1]}
    until, passed = (LAST, 0) if since is None else since
    query["answered_at"] = {"$gte": EPOCH, "$lte": until}
    order = [("answered_at", -1), ("_id", -1)]
    rows = store[COLLECTION].find(query).sort(order).limit(passed + first)
    return [read_letter(row) async for row in rows][passed:]

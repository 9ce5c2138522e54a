"""How periods of leaderboards ended: the places as they were when the period was judged. They change no more,
and prizes are paid by them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.store.document_store import DocumentStore, Stale, Write, insert, update
from domain.store.stored_document import StoredDocument

COLLECTION = "leaderboard_results"


class ResultDocument(StoredDocument):
    """A result in the database; `_id` is the period's key, `places` are [member, rank, score]."""

    judged_at: datetime
    places: list[list[Any]]
    is_paid: bool

    class Settings(StoredDocument.Settings):
        name = COLLECTION


@dataclass(frozen=True, slots=True)
class Result:
    """How a period ended: the first places with rank and score, and whether its prizes are paid."""

    board: str
    judged_at: datetime
    places: tuple[tuple[str, int, int], ...]
    is_paid: bool


async def find_many(store: DocumentStore, boards: Collection[str]) -> dict[str, Result]:
    """Return the results that there are of some periods, by their keys."""
    rows = store[COLLECTION].find({"_id": {"$in": list(boards)}})
    return {
        row["_id"]: Result(
            row["_id"], row["judged_at"], tuple((m, r, s) for m, r, s in row["places"]), row["is_paid"]
        )
        async for row in rows
    }


async def find_paid(store: DocumentStore, boards: Collection[str]) -> set[str]:
    """Return those of some periods whose prizes are paid, by their keys."""
    rows = store[COLLECTION].find({"_id": {"$in": list(boards)}}, {"is_paid": 1})
    return {row["_id"] async for row in rows if row["is_paid"]}


def freeze_write(board: str, places: Sequence[tuple[str, int, int]], *, now: datetime) -> Write:
    """Return the insertion of a result; it raises Stale where the period was judged already."""
    row = {"_id": board, "judged_at": now, "places": [list(each) for each in places], "is_paid": False}
    return insert(COLLECTION, row, if_taken=Stale("the period was judged meanwhile"))


def paid_write(board: str) -> Write:
    """Return the write that notes that a result's prizes are on their way."""
    return update(COLLECTION, {"_id": board}, {"$set": {"is_paid": True}})

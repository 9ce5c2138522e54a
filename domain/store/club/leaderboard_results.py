"""How periods of leaderboards ended: the places as they were when the period was judged. They change no more,
and prizes are paid by them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from domain.model.club.leaderboards import BoardSpread
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, insert, update
from domain.store.stored_document import StoredDocument

COLLECTION = "leaderboard_results"


class ResultDocument(StoredDocument):
    """A result in the database; `_id` is the period's key, `places` are [member, rank, score], `players` how
    many stood, `quartiles` of their scores.
    """

    judged_at: datetime
    places: list[list[Any]]
    is_paid: bool
    players: int | None = None
    quartiles: list[int] | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION


@dataclass(frozen=True, slots=True)
class Result:
    """How a period ended: the first places with rank and score, and whether its prizes are paid."""

    board: str
    judged_at: datetime
    places: tuple[tuple[str, int, int], ...]
    is_paid: bool


@dataclass(frozen=True, slots=True)
class Turnout:
    """How many took part in a period that was judged, and how their scores were spread; None of one that was
    judged before that was written down.
    """

    judged_at: datetime
    spread: BoardSpread | None


async def find_many(store: DocumentStore, boards: Collection[str]) -> dict[str, Result]:
    """Return the results that there are of some periods, by their keys."""
    rows = store[COLLECTION].find({"_id": {"$in": list(boards)}})
    return {
        row["_id"]: Result(
            row["_id"], row["judged_at"], tuple((m, r, s) for m, r, s in row["places"]), row["is_paid"]
        )
        async for row in rows
    }


async def find_turnouts(store: DocumentStore, boards: Collection[str]) -> dict[str, Turnout]:
    """Return how many took part in those of some periods that were judged, by their keys."""
    rows = store[COLLECTION].find({"_id": {"$in": list(boards)}}, {"places": 0})
    return {row["_id"]: _read_turnout(row) async for row in rows}


def _read_turnout(row: Raw) -> Turnout:
    players, quartiles = row.get("players"), row.get("quartiles")
    if players is None:
        return Turnout(row["judged_at"], None)
    spread = BoardSpread(players, None if quartiles is None else (quartiles[0], quartiles[1], quartiles[2]))
    return Turnout(row["judged_at"], spread)


async def find_paid(store: DocumentStore, boards: Collection[str]) -> set[str]:
    """Return those of some periods whose prizes are paid, by their keys."""
    rows = store[COLLECTION].find({"_id": {"$in": list(boards)}}, {"is_paid": 1})
    return {row["_id"] async for row in rows if row["is_paid"]}


def freeze_write(
    board: str, places: Sequence[tuple[str, int, int]], spread: BoardSpread, *, now: datetime
) -> Write:
    """Return the insertion of a result; it raises Stale where the period was judged already."""
    row: dict[str, Any] = {
        "_id": board,
        "judged_at": now,
        "places": [list(each) for each in places],
        "is_paid": False,
        "players": spread.players,
    }
    if spread.quartiles is not None:
        row["quartiles"] = list(spread.quartiles)
    return insert(COLLECTION, row, if_taken=Stale("the period was judged meanwhile"))


def paid_write(board: str) -> Write:
    """Return the write that notes that a result's prizes are on their way."""
    return update(COLLECTION, {"_id": board}, {"$set": {"is_paid": True}})

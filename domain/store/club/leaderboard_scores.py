"""Scores of leaderboards, one a period and member, and how many stand in each bucket of a period's scores.

The figures' projector adds to both in the transaction that folds the rows. A score has `standing`, the
period's key, where its member has joined; only those are ranked. A period's ranks are the counts of its
buckets, so that how many stand above a score takes its bucket alone to be counted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from pymongo import DeleteOne, IndexModel, UpdateOne

from domain.model.club.leaderboards import RANKS, SCORES, bucket_end, bucket_of
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, insert, update
from domain.store.stored_document import StoredDocument


class ScoreDocument(StoredDocument):
    """A score in the database; `_id` is `CODE|FIRST_DAY|MEMBER`, `board` the period's key."""

    board: str
    member: str
    score: int
    standing: str | None = None

    class Settings(StoredDocument.Settings):
        name = SCORES
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"standing": 1, "score": -1}, partialFilterExpression={"standing": {"$exists": True}}),
            IndexModel({"member": 1}),
            IndexModel({"board": 1}),
        )


class RanksDocument(StoredDocument):
    """How many stand in each bucket of a period; `_id` is its key, `total` of them all."""

    buckets: dict[str, int]
    total: int

    class Settings(StoredDocument.Settings):
        name = RANKS


@dataclass(frozen=True, slots=True)
class Score:
    """A member's score in a period, and whether they stand on the leaderboard."""

    id: str
    board: str
    member: str
    score: int
    is_standing: bool


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, board: str, member: str) -> Score | None:
    """Return a member's score in a period."""
    row = await store[SCORES].find_one({"_id": f"{board}|{member}"})
    return None if row is None else _read(row)


async def find_many(store: DocumentStore, ids: Sequence[str]) -> dict[str, Score]:
    """Return those scores that there are, by id, in one command."""
    return {row["_id"]: _read(row) async for row in store[SCORES].find({"_id": {"$in": list(ids)}})}


async def find_of_members(store: DocumentStore, members: Collection[str]) -> list[Score]:
    """Return all scores of some members, in one command."""
    return [_read(row) async for row in store[SCORES].find({"member": {"$in": list(members)}})]


async def find_of_member(store: DocumentStore, member: str) -> list[Score]:
    """Return all scores of a member."""
    return [_read(row) async for row in store[SCORES].find({"member": member})]


async def find_top(store: DocumentStore, board: str, *, first: int) -> list[tuple[str, int]]:
    """Return the highest scores above 0 that stand in a period, with their members."""
    rows = store[SCORES].find({"standing": board, "score": {"$gt": 0}}).sort("score", -1).limit(first)
    return [(row["member"], row["score"]) async for row in rows]


async def find_beside(
    store: DocumentStore, board: str, score: int, *, above: bool, first: int
) -> list[tuple[str, int]]:
    """Return the scores next above one, or it and those next below it, the nearest first."""
    bound = {"$gt": score} if above else {"$gt": 0, "$lte": score}
    rows = store[SCORES].find({"standing": board, "score": bound}).sort("score", 1 if above else -1)
    return [(row["member"], row["score"]) async for row in rows.limit(first)]


async def count_above(store: DocumentStore, board: str, score: int) -> tuple[int, int]:
    """Return how many stand above a score, and how many in all: two commands, however many there are."""
    ranks = await store[RANKS].find_one({"_id": board}) or {}
    buckets = {int(bucket): count for bucket, count in ranks.get("buckets", {}).items()}
    own = bucket_of(score)
    above = sum(count for bucket, count in buckets.items() if bucket > own)
    if buckets.get(own, 0) > 1:
        query = {"standing": board, "score": {"$gt": score, "$lte": bucket_end(own)}}
        above += await store[SCORES].count_documents(query)
    return above, ranks.get("total", 0)


async def find_buckets(store: DocumentStore, boards: Sequence[str]) -> dict[str, dict[int, int]]:
    """Return how many stand in each bucket of those of some periods in which somebody stands or stood."""
    rows = store[RANKS].find({"_id": {"$in": list(boards)}})
    return {
        row["_id"]: {int(bucket): count for bucket, count in row.get("buckets", {}).items()}
        async for row in rows
    }


async def find_periods(store: DocumentStore) -> list[str]:
    """Return the key of every period in which somebody stands."""
    return [row["_id"] async for row in store[RANKS].find({}, {"_id": 1})]


# ---------------------------------------------------------------- writes
def same_query(known: Score | None) -> dict[str, Any]:
    """Return the query that matches a score while it is as it was read; of none, one that does not stand."""
    if known is None:
        return {"standing": {"$exists": False}}
    return {"score": known.score, "standing": known.board if known.is_standing else {"$exists": False}}


def stand_writes(board: str, member: str, known: Score | None) -> list[Write]:
    """Return the writes that let a member stand with the score that they have; they raise Stale where it is
    another by now.
    """
    if known is None:
        row = {"_id": f"{board}|{member}", "board": board, "member": member, "score": 0, "standing": board}
        return [insert(SCORES, row, if_taken=Stale("the score has come meanwhile"))]
    query = {"_id": known.id, "score": known.score, "standing": {"$exists": False}}
    standing = update(SCORES, query, {"$set": {"standing": board}}, if_missed=Stale("the score has moved"))
    return [standing, *_rank_writes(board, known.score, 1)]


def leave_writes(known: Score) -> list[Write]:
    """Return the writes after which a member stands no more; they raise Stale where the score has moved."""
    query = {"_id": known.id, "score": known.score, "standing": known.board}
    leaving = update(SCORES, query, {"$unset": {"standing": ""}}, if_missed=Stale("the score has moved"))
    return [leaving, *_rank_writes(known.board, known.score, -1)]


async def erase(store: DocumentStore, member: str) -> None:
    """Delete a member's scores, and take them out of the ranks."""

    async def attempt() -> None:
        for known in await find_of_member(store, member):
            gone = Write(SCORES, DeleteOne({"_id": known.id, "score": known.score}), Stale("it has moved"))
            ranks = _rank_writes(known.board, known.score, -1) if known.is_standing else []
            await store.transact([gone, *ranks])

    await store.run_rounds(attempt, queue=f"scores:{member}")


async def clear(store: DocumentStore, board: str) -> None:
    """Delete what a period needs no more once its prizes are paid."""
    await store[SCORES].delete_many({"board": board})
    await store[RANKS].delete_one({"_id": board})


def _rank_writes(board: str, score: int, change: int) -> list[Write]:
    if score <= 0:
        return []
    added: dict[str, Any] = {f"buckets.{bucket_of(score)}": change, "total": change}
    return [Write(RANKS, UpdateOne({"_id": board}, {"$inc": added}, upsert=True))]


def _read(row: Raw) -> Score:
    return Score(row["_id"], row["board"], row["member"], row["score"], "standing" in row)

"""Who plays on leaderboards: the nickname that a member chose, and from which period on they stand on which.

The nickname is personal: it stands here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from pymongo import UpdateOne

from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, update
from domain.store.stored_document import StoredDocument

COLLECTION = "leaderboard_players"


class PlayerDocument(StoredDocument):
    """A player in the database; `_id` is the member, `boards` the first day of the first period by board, and
    `placed` how often a score of theirs began to stand.
    """

    nickname: str
    boards: dict[str, str]
    placed: int = 0

    class Settings(StoredDocument.Settings):
        name = COLLECTION


@dataclass(frozen=True, slots=True)
class Player:
    """A member who plays, and since which period of which leaderboard."""

    member: str
    nickname: str
    boards: Mapping[str, date]

    def stands(self, code: str, first_day: date) -> bool:
        """Tell whether they stand on a leaderboard in the period that begins on a day."""
        return code in self.boards and self.boards[code] <= first_day


async def find_many(store: DocumentStore, members: Collection[str]) -> dict[str, Player]:
    """Return those of some members who play, in one command."""
    rows = store[COLLECTION].find({"_id": {"$in": list(members)}})
    return {row["_id"]: _read(row) async for row in rows}


def join_write(member: str, nickname: str, code: str, first_day: date) -> Write:
    """Return the write by which a member plays under a nickname from a period on."""
    change = {"$set": {"nickname": nickname, f"boards.{code}": first_day.isoformat()}}
    return Write(COLLECTION, UpdateOne({"_id": member}, change, upsert=True))


async def take_over_writes(store: DocumentStore, source: str, *, into: str) -> list[Write]:
    """Return the writes by which whoever took a membership over plays where that one did, under its nickname
    where they have none.
    """
    players = await find_many(store, [source, into])
    closing, taking = players.get(source), players.get(into)
    if closing is None:
        return []
    boards = {} if taking is None else taking.boards
    sets = {f"boards.{code}": day.isoformat() for code, day in closing.boards.items() if code not in boards}
    if not sets:
        return []
    if not boards:
        sets["nickname"] = closing.nickname
    return [Write(COLLECTION, UpdateOne({"_id": into}, {"$set": sets}, upsert=True))]


def rename_write(member: str, nickname: str) -> Write:
    """Return the write that gives a player another nickname."""
    return Write(COLLECTION, UpdateOne({"_id": member}, {"$set": {"nickname": nickname}}))


def leave_write(member: str, code: str) -> Write:
    """Return the write after which a member plays on a leaderboard no more."""
    return Write(COLLECTION, UpdateOne({"_id": member}, {"$unset": {f"boards.{code}": ""}}))


def playing_write(member: str, code: str) -> Write:
    """Return the write by which a transaction proves that a member plays on a leaderboard; it raises Stale.
    It changes something, so that nobody leaves meanwhile.
    """
    query = {"_id": member, f"boards.{code}": {"$exists": True}}
    return update(COLLECTION, query, {"$inc": {"placed": 1}}, if_missed=Stale("the member has left"))


def _read(row: Raw) -> Player:
    boards = {code: date.fromisoformat(day) for code, day in row.get("boards", {}).items()}
    return Player(row["_id"], row["nickname"], boards)

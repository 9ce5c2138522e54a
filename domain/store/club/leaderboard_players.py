"""Who plays on leaderboards: the nickname that a member chose, and from which period on they stand on which.

The nickname is personal: it stands here and nowhere else. One that service took away is empty, and what it
was is kept by its letters, so that it is not chosen again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final

from pymongo import UpdateOne

from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, update
from domain.store.stored_document import StoredDocument

COLLECTION = "leaderboard_players"
# A nickname that the member chose, or none.
_CHOSEN: Final = {"$unset": {"replaced": ""}}


class PlayerDocument(StoredDocument):
    """A player in the database; `_id` is the member, `boards` the first day of the first period by board,
    `placed` how often a score of theirs began to stand, `refused` the nicknames that were taken away,
    `replaced` whether the one of now was put in the place of such a one.
    """

    nickname: str
    boards: dict[str, str]
    placed: int = 0
    refused: list[str] | None = None
    replaced: bool | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION


@dataclass(frozen=True, slots=True)
class Player:
    """A member who plays, and since which period of which leaderboard. `nickname` is empty where it was taken
    away and none was chosen since; `refused` are those that were. `is_replaced` tells that service put this
    one in the place of such a one.
    """

    member: str
    nickname: str
    boards: Mapping[str, date]
    refused: tuple[str, ...] = ()
    is_replaced: bool = False

    def stands(self, code: str, first_day: date) -> bool:
        """Tell whether they stand on a leaderboard in the period that begins on a day."""
        return code in self.boards and self.boards[code] <= first_day


async def find_many(store: DocumentStore, members: Collection[str]) -> dict[str, Player]:
    """Return those of some members who play, in one command."""
    rows = store[COLLECTION].find({"_id": {"$in": list(members)}})
    return {row["_id"]: _read(row) async for row in rows}


def join_write(member: str, nickname: str, code: str, first_day: date) -> Write:
    """Return the write by which a member plays under a nickname from a period on."""
    change = {"$set": {"nickname": nickname, f"boards.{code}": first_day.isoformat()}, **_CHOSEN}
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
    new_boards = {code: day for code, day in closing.boards.items() if code not in boards}
    if not new_boards and not closing.refused:
        return []
    sets: dict[str, object] = {f"boards.{code}": day.isoformat() for code, day in new_boards.items()}
    if not boards:
        sets["nickname"] = closing.nickname
        if closing.is_replaced:
            sets["replaced"] = True
    if closing.refused:
        before = () if taking is None else taking.refused
        sets["refused"] = list(dict.fromkeys((*before, *closing.refused)))
    return [Write(COLLECTION, UpdateOne({"_id": into}, {"$set": sets}, upsert=True))]


def rename_write(member: str, nickname: str) -> Write:
    """Return the write that gives a player another nickname."""
    return Write(COLLECTION, UpdateOne({"_id": member}, {"$set": {"nickname": nickname}, **_CHOSEN}))


def take_away_write(player: Player, instead: str, *, refused: Sequence[str]) -> Write:
    """Return the write that puts a nickname, or none, in the place of another that is refused from now on; it
    raises Stale where the member has chosen one meanwhile.
    """
    query = {"_id": player.member, "nickname": player.nickname}
    replaced = {"$set": {"nickname": instead, "refused": list(refused), "replaced": True}}
    change = replaced if instead else {"$set": {"nickname": "", "refused": list(refused)}, **_CHOSEN}
    return update(COLLECTION, query, change, if_missed=Stale("another nickname was chosen meanwhile"))


def leave_write(member: str, code: str) -> Write:
    """Return the write after which a member plays on a leaderboard no more; it raises Stale where they do not
    by then.
    """
    query = {"_id": member, f"boards.{code}": {"$exists": True}}
    return update(
        COLLECTION, query, {"$unset": {f"boards.{code}": ""}}, if_missed=Stale("the member has left")
    )


def playing_write(member: str, code: str) -> Write:
    """Return the write by which a transaction proves that a member plays on a leaderboard; it raises Stale.
    It changes something, so that nobody leaves meanwhile.
    """
    query = {"_id": member, f"boards.{code}": {"$exists": True}}
    return update(COLLECTION, query, {"$inc": {"placed": 1}}, if_missed=Stale("the member has left"))


def _read(row: Raw) -> Player:
    boards = {code: date.fromisoformat(day) for code, day in row.get("boards", {}).items()}
    return Player(
        row["_id"], row["nickname"], boards, tuple(row.get("refused") or ()), bool(row.get("replaced"))
    )

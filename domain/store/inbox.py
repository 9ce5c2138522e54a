"""The inbox: a member's messages, numbered without a gap, each under the id of the outbox row that promised
it, so it comes once.

Rows hold codes and figures, no personal data: they are rendered when they are read. What is counted of them
stands in the member's mailbox, outside the aggregate, guarded by a version of its own: how many there are,
how many nobody has read, and when a message that may come only so often came last.

A letter is posted by single writes, no transaction, so that a worker killed at any point leaves nothing
locked: the mailbox counts it and holds it, then the inbox has it. Whoever comes next first puts in what the
mailbox holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from domain.model.events import Json
from domain.store.base import DUPLICATE, UNREADABLE, Stale, Store, Write, update
from domain.store.connect import Raw

COLLECTION = "inbox"
MAILBOXES = "mailboxes"
LetterKind = Literal["message", "survey"]


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Letter:
    """A message, or a survey's question, as it lies in the inbox, the member's `n`-th; `balance` is the first
    wallet's when it came, `score` what a question was answered with.
    """

    id: str
    member: str
    n: int
    kind: LetterKind
    code: str
    version: int
    event: str
    data: Mapping[str, Json]
    balance: int
    sent_at: datetime
    read_at: datetime | None = None
    score: int | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What is counted of a member's messages. `last` is when each message that may come only so often came,
    and by which row; `holds` the letter posted last. Version 0: none yet.
    """

    member: str
    version: int = 0
    n: int = 0
    unread: int = 0
    last: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)
    holds: Letter | None = None

    def told(self, code: str, at: datetime, *, by: str) -> Mailbox:
        """Return it with a message of a code that came at an instant, promised by a row of the outbox."""
        return replace(self, last={**self.last, code: (at, by)})


# ---------------------------------------------------------------- reads
async def mailbox(store: Store, member: str) -> Mailbox:
    """Return a member's mailbox, an empty one where nothing came yet."""
    found = await store[MAILBOXES].find_one({"_id": member})
    return Mailbox(member) if found is None else _mailbox(found)


async def mailboxes(store: Store, members: Sequence[str]) -> Mapping[str, Mailbox]:
    """Return the mailboxes of members, an empty one where nothing came yet, none for one that cannot be read:
    `mailbox` says of it why.
    """
    found = {member: Mailbox(member) for member in members}
    async for row in store[MAILBOXES].find({"_id": {"$in": list(members)}}):
        try:
            found[row["_id"]] = _mailbox(row)
        except UNREADABLE:
            del found[row["_id"]]
    return found


def _mailbox(row: Raw) -> Mailbox:
    last = {code: (at, by) for code, at, by in row["last"]}
    holds = letter(row["holds"]) if row["holds"] else None
    return Mailbox(row["_id"], row["version"], row["n"], row["unread"], last, holds)


async def window(store: Store, member: str, *, before: int, first: int) -> tuple[Letter, ...]:
    """Return the letters numbered in [before - first, before), newest first."""
    asked = {"member": member, "n": {"$gte": before - first, "$lt": before}}
    found = [letter(row) async for row in store[COLLECTION].find(asked)]
    return tuple(sorted(found, key=lambda one: -one.n))


async def some(store: Store, ids: Sequence[str]) -> list[Letter]:
    """Return those letters that there are."""
    return [letter(row) async for row in store[COLLECTION].find({"_id": {"$in": list(ids)}})]


def letter(row: Raw) -> Letter:
    """Return the letter of a document."""
    return Letter(
        id=row["_id"],
        member=row["member"],
        n=row["n"],
        kind=row.get("kind", "message"),
        code=row["code"],
        version=row["version"],
        event=row["event"],
        data=dict(row["data"]),
        balance=row["balance"],
        sent_at=row["sent_at"],
        read_at=row.get("read_at"),
        score=row.get("score"),
        answered_at=row.get("answered_at"),
    )


# ---------------------------------------------------------------- writes
async def post(store: Store, posted: Sequence[tuple[Mailbox, Mailbox]]) -> None:
    """Count what was posted, each mailbox before and after, with the letter that is; then put the letters
    into the inbox.

    Raises Stale where a mailbox has moved on; the others have theirs.
    """
    first = [
        {"_id": after.member, **_counted(before, after)} for before, after in posted if not before.version
    ]
    later = [
        UpdateOne({"_id": after.member, "version": before.version}, {"$set": _counted(before, after)})
        for before, after in posted
        if before.version
    ]
    moved = bool(first) and not await _inserted(store, MAILBOXES, first)
    if later:
        done = await store[MAILBOXES].bulk_write(later, ordered=False)
        moved = moved or done.matched_count < len(later)
    if moved:
        raise Stale("a mailbox has moved on")
    await put_in(
        store, [after.holds for before, after in posted if after.holds is not None and after.n > before.n]
    )


async def put_in(store: Store, held: Sequence[Letter]) -> None:
    """Have what mailboxes hold in the inbox: once, however often it is put there."""
    if held:
        await _inserted(store, COLLECTION, [_document(one) for one in held])


async def _inserted(store: Store, collection: str, documents: Sequence[Raw]) -> bool:
    """Insert documents; tell whether none of them was there."""
    try:
        await store[collection].insert_many(documents, ordered=False)
    except BulkWriteError as fault:
        if any(one["code"] != DUPLICATE for one in fault.details["writeErrors"]):
            raise
        return False
    return True


def _document(one: Letter) -> dict[str, Any]:
    return {
        "_id": one.id,
        "member": one.member,
        "n": one.n,
        "kind": one.kind,
        "code": one.code,
        "version": one.version,
        "event": one.event,
        "data": [[name, value] for name, value in one.data.items()],
        "balance": one.balance,
        "sent_at": one.sent_at,
    }


def counted(before: Mailbox, after: Mailbox) -> Write:
    """Return the guarded change of a mailbox that there is."""
    asked = {"_id": after.member, "version": before.version}
    return update(
        MAILBOXES, asked, {"$set": _counted(before, after)}, missed=Stale("the mailbox has moved on")
    )


def _counted(before: Mailbox, after: Mailbox) -> dict[str, Any]:
    return {
        "n": after.n,
        "unread": after.unread,
        "version": before.version + 1,
        "last": [[code, at, by] for code, (at, by) in after.last.items()],
        "holds": _document(after.holds) if after.holds is not None else None,
    }


def read(one: Letter, *, at: datetime) -> Write:
    """Return the guarded mark that a letter was read."""
    return update(
        COLLECTION,
        {"_id": one.id, "read_at": None},
        {"$set": {"read_at": at}},
        missed=Stale("somebody has read it"),
    )


def answered(one: Letter, *, score: int, at: datetime) -> Write:
    """Return the guarded mark that a question was answered, and with that read."""
    asked = {"_id": one.id, "answered_at": None, "read_at": one.read_at}
    sets = {"score": score, "answered_at": at, "read_at": one.read_at or at}
    return update(COLLECTION, asked, {"$set": sets}, missed=Stale("somebody has read or answered it"))

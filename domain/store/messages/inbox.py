"""The inbox: a member's messages, numbered without a gap, each once, under the id of its outbox row.

Rows hold codes and figures, and what a member wrote beside an answer; they are rendered when they are read.
The member's mailbox counts them, outside the aggregate and guarded by a version of its own: how many there
are, how many are unread, when a message with a limited frequency came last, and which letters were read or
answered lately.

A letter is posted by single writes without a transaction, so that a worker killed at any point leaves nothing
locked: the mailbox counts it and holds it, then it is inserted into the inbox. The next post first inserts
what the mailbox holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Any, ClassVar, Literal

from pymongo import IndexModel, UpdateOne
from pymongo.errors import BulkWriteError

from domain.model.ledger.events import Json
from domain.model.programme import MessageSpec
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import (
    DUPLICATE_KEY,
    READ_ERRORS,
    DocumentStore,
    Stale,
    Write,
    insert,
    update,
)
from domain.store.figures.uncounted import FLAG, FLAG_INDEX
from domain.store.stored_document import StoredDocument

COLLECTION = "inbox"
MAILBOXES = "mailboxes"
LetterKind = Literal["message", "survey", "once"]
MAX_CHANGED = 200
COMMENTED = {"comment": {"$exists": True}}
COMMENT_INDEX = IndexModel(
    {"code": 1, "answered_at": -1, "_id": -1, "score": 1}, partialFilterExpression=COMMENTED
)


class LetterDocument(StoredDocument):
    """A letter in the database; `_id` is the outbox row's, `n` counts the member's letters."""

    member: str
    n: int
    kind: LetterKind = "message"
    code: str
    version: int
    event: str
    data: list[list[Any]]
    balance: int
    sent_at: datetime
    read_at: datetime | None = None
    score: int | None = None
    answered_at: datetime | None = None
    comment: str | None = None
    uncounted: bool | None = None
    clicked_at: datetime | None = None
    click_only: bool | None = None
    variant: str | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"member": 1, "n": 1}, unique=True),
            FLAG_INDEX,
            COMMENT_INDEX,
        )


class MailboxDocument(StoredDocument):
    """A mailbox in the database; `_id` is the member, `holds` the letter posted last."""

    n: int
    unread: int
    version: int
    last: list[list[Any]]
    holds: dict[str, Any] | None
    changed: list[list[int]] | None = None
    changed_version: int | None = None

    class Settings(StoredDocument.Settings):
        name = MAILBOXES


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Letter:
    """A message or a survey's question; `number` counts the member's letters.

    `balance` is the first wallet's when the letter came, `score` the answer to a question, `comment` the
    member's words beside it, `variant` the message's as which it was sent, `text` that of a message sent
    once, put in by whoever reads it (`once_texts`). `clicked_at` is when its link was followed,
    `is_uncounted` whether figures do not know of it yet that it was read or followed.
    """

    id: str
    member: str
    number: int
    kind: LetterKind
    code: str
    version: int
    event: str
    event_data: Mapping[str, Json]
    balance: int
    sent_at: datetime
    read_at: datetime | None = None
    score: int | None = None
    answered_at: datetime | None = None
    variant: str | None = None
    text: MessageSpec | None = None
    clicked_at: datetime | None = None
    is_uncounted: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The counters of a member's messages; version 0 means that none came yet.

    `last_received` says when each message with a limited frequency came, and by which outbox row.
    `changed_letters` are the last 200 that were read or answered: the mailbox's version then, and the
    number of the letter.
    """

    member: str
    version: int = 0
    letter_count: int = 0
    unread_count: int = 0
    last_received: Mapping[str, tuple[datetime, str]] = field(default_factory=dict)
    held_letter: Letter | None = None
    changed_letters: tuple[tuple[int, int], ...] = ()

    @property
    def changed_version(self) -> int:
        """Return the version at which letters were read or answered last; 0 where none was."""
        return self.changed_letters[-1][0] if self.changed_letters else 0

    def with_changed(self, letters: Sequence[Letter]) -> Mailbox:
        """Return the mailbox after letters were read or answered; those that were unread count down."""
        unread = sum(one.read_at is None for one in letters)
        changed = (*self.changed_letters, *((self.version + 1, one.number) for one in letters))
        return replace(
            self,
            unread_count=max(0, self.unread_count - unread),
            changed_letters=changed[-MAX_CHANGED:],
        )

    def with_received(self, code: str, at: datetime, *, by: str) -> Mailbox:
        """Return the mailbox after a message came at an instant, by an outbox row."""
        return replace(self, last_received={**self.last_received, code: (at, by)})


# ---------------------------------------------------------------- reads
async def find_mailbox(store: DocumentStore, member: str) -> Mailbox:
    """Return a member's mailbox; an empty one where nothing came yet."""
    row = await store[MAILBOXES].find_one({"_id": member})
    return Mailbox(member) if row is None else _read_mailbox(row)


async def find_mailboxes(store: DocumentStore, members: Sequence[str]) -> Mapping[str, Mailbox]:
    """Return the mailboxes of members; an empty one where nothing came yet.

    A mailbox that cannot be read is left out: `find_mailbox` says why.
    """
    mailbox_by_member = {member: Mailbox(member) for member in members}
    async for row in store[MAILBOXES].find({"_id": {"$in": list(members)}}):
        try:
            mailbox_by_member[row["_id"]] = _read_mailbox(row)
        except READ_ERRORS:
            del mailbox_by_member[row["_id"]]
    return mailbox_by_member


def _read_mailbox(row: Raw) -> Mailbox:
    last_received = {code: (at, by) for code, at, by in row["last"]}
    held_letter = read_letter(row["holds"]) if row["holds"] else None
    changed = tuple((version, n) for version, n in row.get("changed") or ())
    return Mailbox(row["_id"], row["version"], row["n"], row["unread"], last_received, held_letter, changed)


async def find_window(store: DocumentStore, member: str, *, before: int, first: int) -> tuple[Letter, ...]:
    """Return the letters numbered in [before - first, before), newest first."""
    query = {"member": member, "n": {"$gte": before - first, "$lt": before}}
    letters = [read_letter(row) async for row in store[COLLECTION].find(query)]
    return tuple(sorted(letters, key=lambda letter: -letter.number))


async def find_by_number(store: DocumentStore, member: str, numbers: Sequence[int]) -> list[Letter]:
    """Return the letters of a member with these numbers, oldest first."""
    query = {"member": member, "n": {"$in": list(numbers)}}
    letters = [read_letter(row) async for row in store[COLLECTION].find(query)]
    return sorted(letters, key=lambda letter: letter.number)


async def find_many(store: DocumentStore, ids: Sequence[str]) -> list[Letter]:
    """Return the letters that exist."""
    return [read_letter(row) async for row in store[COLLECTION].find({"_id": {"$in": list(ids)}})]


def read_letter(row: Raw) -> Letter:
    """Return the letter of a document."""
    return Letter(
        id=row["_id"],
        member=row["member"],
        number=row["n"],
        kind=row.get("kind", "message"),
        code=row["code"],
        version=row["version"],
        event=row["event"],
        event_data=dict(row["data"]),
        balance=row["balance"],
        sent_at=row["sent_at"],
        read_at=row.get("read_at"),
        score=row.get("score"),
        answered_at=row.get("answered_at"),
        variant=row.get("variant"),
        clicked_at=row.get("clicked_at"),
        is_uncounted=FLAG in row,
        comment=row.get("comment"),
    )


# ---------------------------------------------------------------- writes
async def post(store: DocumentStore, changes: Sequence[tuple[Mailbox, Mailbox]]) -> None:
    """Write mailboxes, each given before and after a letter was posted, then insert their letters.

    Raises Stale where a mailbox has moved on; the other mailboxes are written.
    """
    new_mailboxes = [
        {"_id": after.member, **_mailbox_document(before, after)}
        for before, after in changes
        if not before.version
    ]
    updates = [
        UpdateOne(
            {"_id": after.member, "version": before.version}, {"$set": _mailbox_document(before, after)}
        )
        for before, after in changes
        if before.version
    ]
    is_stale = bool(new_mailboxes) and not await _insert_missing(store, MAILBOXES, new_mailboxes)
    if updates:
        result = await store[MAILBOXES].bulk_write(updates, ordered=False)
        is_stale = is_stale or result.matched_count < len(updates)
    if is_stale:
        raise Stale("a mailbox has moved on")
    await insert_letters(
        store,
        [
            after.held_letter
            for before, after in changes
            if after.held_letter is not None and after.letter_count > before.letter_count
        ],
    )


async def insert_letters(store: DocumentStore, letters: Sequence[Letter]) -> None:
    """Insert the letters that mailboxes hold; a letter that exists stays as it is."""
    if letters:
        await _insert_missing(store, COLLECTION, [_letter_document(one) for one in letters])


async def _insert_missing(store: DocumentStore, collection: str, documents: Sequence[Raw]) -> bool:
    """Insert documents; tell whether none of them existed."""
    try:
        await store[collection].insert_many(documents, ordered=False)
    except BulkWriteError as fault:
        if any(one["code"] != DUPLICATE_KEY for one in fault.details["writeErrors"]):
            raise
        return False
    return True


def _letter_document(letter: Letter) -> dict[str, Any]:
    return {
        "_id": letter.id,
        "member": letter.member,
        "n": letter.number,
        "kind": letter.kind,
        "code": letter.code,
        "version": letter.version,
        "event": letter.event,
        "data": [[name, value] for name, value in letter.event_data.items()],
        "balance": letter.balance,
        "sent_at": letter.sent_at,
        **({} if letter.variant is None else {"variant": letter.variant}),
    }


def fill_writes(mailbox: Mailbox, letters: Sequence[Letter]) -> list[Write]:
    """Return the insertions of a member's first letters, read or not, and of the mailbox that counts them."""
    return [
        insert(MAILBOXES, {"_id": mailbox.member, **_mailbox_document(Mailbox(mailbox.member), mailbox)}),
        *(insert(COLLECTION, {**_letter_document(letter), **_reading(letter)}) for letter in letters),
    ]


def _reading(letter: Letter) -> dict[str, Any]:
    """Return when a letter was read, and followed where it was."""
    clicked = {} if letter.clicked_at is None else {"clicked_at": letter.clicked_at}
    return {"read_at": letter.read_at, **clicked}


def mailbox_write(before: Mailbox, after: Mailbox) -> Write:
    """Return the guarded update of a mailbox that exists."""
    query = {"_id": after.member, "version": before.version}
    return update(
        MAILBOXES,
        query,
        {"$set": _mailbox_document(before, after)},
        if_missed=Stale("the mailbox has moved on"),
    )


def _mailbox_document(before: Mailbox, after: Mailbox) -> dict[str, Any]:
    document = {
        "n": after.letter_count,
        "unread": after.unread_count,
        "version": before.version + 1,
        "last": [[code, at, by] for code, (at, by) in after.last_received.items()],
        "holds": _letter_document(after.held_letter) if after.held_letter is not None else None,
    }
    if after.changed_letters != before.changed_letters:
        # The change stream looks for `changed_version`: it tells that more than a new letter has come.
        document["changed"] = [[version, n] for version, n in after.changed_letters]
        document["changed_version"] = after.changed_version
    return document


def mark_read_write(letter: Letter, *, at: datetime) -> Write:
    """Return the guarded mark that a letter was read."""
    return update(
        COLLECTION,
        {"_id": letter.id, "read_at": None},
        {"$set": {"read_at": at, FLAG: True}},
        if_missed=Stale("somebody has read it"),
    )


def click_write(letter: Letter, *, at: datetime) -> Write:
    """Return the guarded mark that the link of a letter was followed, and so that it was read. Where it was
    read, and that is counted, only the click is left to count.
    """
    query: dict[str, Any] = {"_id": letter.id, "clicked_at": None, "read_at": letter.read_at}
    sets: dict[str, Any] = {"clicked_at": at, "read_at": letter.read_at or at, FLAG: True}
    if letter.read_at is not None and not letter.is_uncounted:
        sets["click_only"] = True
    query[FLAG] = True if letter.is_uncounted else {"$exists": False}
    return update(COLLECTION, query, {"$set": sets}, if_missed=Stale("somebody has read or followed it"))


def answer_write(letter: Letter, *, score: int, comment: str | None, at: datetime) -> Write:
    """Return the guarded mark that a question was answered, and so read."""
    query = {"_id": letter.id, "answered_at": None, "read_at": letter.read_at}
    sets: dict[str, Any] = {"score": score, "answered_at": at, "read_at": letter.read_at or at}
    if comment is not None:
        sets["comment"] = comment
    if letter.read_at is None:
        sets[FLAG] = True
    return update(COLLECTION, query, {"$set": sets}, if_missed=Stale("somebody has read or answered it"))

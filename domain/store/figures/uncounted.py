"""Messages whose fate, or reading, no figure holds yet: a flag on their row, taken off by whoever counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pymongo import IndexModel

from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, update

OUTBOX, INBOX = "outbox", "inbox"
FLAG = "uncounted"
FLAGGED = {FLAG: True}
FLAG_INDEX = IndexModel({FLAG: 1}, partialFilterExpression={FLAG: {"$exists": True}})


@dataclass(frozen=True, slots=True)
class UncountedMessage:
    """A message: of the outbox with its state, reason and the states of its channels, or of the inbox, read.
    `at` is when that was.
    """

    collection: Literal["outbox", "inbox"]
    id: str
    kind: str
    code: str
    version: int
    at: datetime
    state: str = ""
    reason: str = ""
    delivered: tuple[str, ...] = ()
    variant: str | None = None


async def find_settled(store: DocumentStore, *, first: int) -> list[UncountedMessage]:
    """Return the first rows of the outbox that are done, dropped or parked and were not counted."""
    rows = store[OUTBOX].find(FLAGGED).limit(first)
    return [
        UncountedMessage(
            "outbox",
            row["_id"],
            row["kind"],
            row["code"],
            row["version"],
            row["settled_at"],
            row["state"],
            row.get("error", ""),
            tuple(delivery[2] for delivery in row.get("deliveries") or ()),
            row.get("variant"),
        )
        async for row in rows
    ]


async def find_read(store: DocumentStore, *, first: int) -> list[UncountedMessage]:
    """Return the first letters that were read, which was not counted."""
    rows = store[INBOX].find(FLAGGED).limit(first)
    return [_letter(row) async for row in rows]


def _letter(row: Raw) -> UncountedMessage:
    kind = row.get("kind", "message")
    variant = row.get("variant")
    return UncountedMessage(
        "inbox", row["_id"], kind, row["code"], row["version"], row["read_at"], variant=variant
    )


def counted_writes(messages: Sequence[UncountedMessage]) -> list[Write]:
    """Return the writes that take the flags off; they raise Stale where another has counted."""
    return [
        update(
            message.collection,
            {"_id": message.id, FLAG: True},
            {"$unset": {FLAG: ""}},
            if_missed=Stale("another has counted it"),
        )
        for message in messages
    ]

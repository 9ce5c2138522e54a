"""Messages whose fate, or reading, no figure holds yet: a flag on their row, taken off by whoever counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pymongo import IndexModel

from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, update

OUTBOX, INBOX = "outbox", "inbox"
FLAG = "uncounted"
FLAGGED = {FLAG: True}
FLAG_INDEX = IndexModel({FLAG: 1}, partialFilterExpression={FLAG: {"$exists": True}})


@dataclass(frozen=True, slots=True)
class UncountedMessage:
    """A message: of the outbox with its state, reason and the states of its channels, or of the inbox, read.
    `at` is when that was, `failed_at` when it had failed, where that was counted and it was sent again.
    `clicked_at` is when its link was followed; `is_click_only` tells that this is all that is left to count,
    `is_tap_counted` that it was counted, of a row that was sent again.
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
    failed_at: datetime | None = None
    clicked_at: datetime | None = None
    is_click_only: bool = False
    is_tap_counted: bool = False


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
            row.get("failed_at"),
            clicked_at=None if row.get("tap_counted") else row.get("tapped_at"),
            is_click_only=row.get("click_only", False),
            is_tap_counted=row.get("tap_counted", False),
        )
        async for row in rows
    ]


async def find_read(store: DocumentStore, *, first: int) -> list[UncountedMessage]:
    """Return the first letters that were read, which was not counted."""
    rows = store[INBOX].find(FLAGGED).limit(first)
    return [_letter(row) async for row in rows]


def _letter(row: Raw) -> UncountedMessage:
    kind = row.get("kind", "message")
    return UncountedMessage(
        "inbox",
        row["_id"],
        kind,
        row["code"],
        row["version"],
        row["read_at"],
        variant=row.get("variant"),
        clicked_at=row.get("clicked_at"),
        is_click_only=row.get("click_only", False),
    )


def counted_writes(messages: Sequence[UncountedMessage]) -> list[Write]:
    """Return the writes that take the flags off; they raise Stale where another has counted, or a link was
    followed meanwhile.
    """
    return [
        update(
            message.collection, _as_read(message), _counted(message), if_missed=Stale("another counted it")
        )
        for message in messages
    ]


def _as_read(message: UncountedMessage) -> dict[str, object]:
    query: dict[str, object] = {"_id": message.id, FLAG: True}
    if message.collection == "inbox":
        return {**query, "clicked_at": message.clicked_at}
    return query if message.is_tap_counted else {**query, "tapped_at": message.clicked_at}


def _counted(message: UncountedMessage) -> dict[str, object]:
    change: dict[str, object] = {"$unset": {FLAG: "", "failed_at": "", "click_only": ""}}
    is_tap = message.collection == "outbox" and message.clicked_at is not None
    return {**change, "$set": {"tap_counted": True}} if is_tap else change

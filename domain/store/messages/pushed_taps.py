"""Taps of pushes that lie in no inbox: the row of the outbox keeps when that was, and figures count it once.

A tap may come before the row is settled, since a device shows a push at once: then it is counted with the
row's fate. Where that is counted already, only the tap is left to count.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Stale, Write, update
from domain.store.figures.uncounted import FLAG
from domain.store.messages.outbox import COLLECTION

TAPPED_KINDS = ("message", "once")


@dataclass(frozen=True, slots=True)
class PushedMessage:
    """A message that went as a push: whether it was tapped, whether its row is settled, and whether figures
    do not know of something of it yet.
    """

    id: str
    member: str
    is_tapped: bool
    is_settled: bool
    is_uncounted: bool


async def find_pushed(store: DocumentStore, ids: Sequence[str]) -> list[PushedMessage]:
    """Return those of some rows that went, or are going, as a push, in one command."""
    pushed = list[PushedMessage]()
    async for row in store[COLLECTION].find({"_id": {"$in": list(ids)}, "kind": {"$in": list(TAPPED_KINDS)}}):
        if any(channel == "push" for channel, *_ in row.get("deliveries") or ()):
            is_settled = row["state"] != "pending"
            pushed.append(
                PushedMessage(
                    row["_id"], row["member"], row.get("tapped_at") is not None, is_settled, FLAG in row
                )
            )
    return pushed


def tap_write(pushed: PushedMessage, *, at: datetime) -> Write:
    """Return the guarded mark that a push was tapped. It raises Stale where its row has moved on."""
    query: dict[str, Any] = {
        "_id": pushed.id,
        "tapped_at": None,
        "state": {"$ne": "pending"} if pushed.is_settled else "pending",
        FLAG: True if pushed.is_uncounted else {"$exists": False},
    }
    sets: dict[str, Any] = {"tapped_at": at}
    if pushed.is_settled and not pushed.is_uncounted:
        sets |= {FLAG: True, "click_only": True}
    return update(COLLECTION, query, {"$set": sets}, if_missed=Stale("its row has moved on"))

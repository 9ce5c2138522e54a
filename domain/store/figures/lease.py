"""The projector's lease: one process folds at a time, and each of its commits proves that it still holds it.

So whoever takes the lease away, to make figures again, knows that no fold of another comes in between.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import field
from datetime import date, datetime, timedelta

from pymongo.errors import DuplicateKeyError

from domain.model.values import dataclass
from domain.store import meta
from domain.store.document_store import EPOCH, DocumentStore, StoreFault, Write, update

LEASE = timedelta(seconds=10)
# What folds make of a row, as a number: a higher one has the figures that a lower one made made again.
FOLDS = 5


class FoldingElsewhere(StoreFault):
    """Another process folds now."""


class MustCountAll(StoreFault):
    """Figures cannot be made again from a day on: those of the days before it are not whole themselves."""


@dataclass(slots=True)
class LeaseHolder:
    """Whoever may fold: the world's clock, a name in the lease, and until when it need not ask again.
    `must_rebuild` tells that figures are to be made again, or that this was cut off.
    """

    clock: Callable[[], datetime]
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    held_until: datetime | None = None
    must_rebuild: bool = False

    async def holds(self, store: DocumentStore) -> bool:
        """Take the lease, or renew it when half of it is over; False where another process has it."""
        now = self.clock()
        if self.held_until is not None and now < self.held_until - LEASE / 2:
            return True
        is_taken = await take(store, holder=self.name, now=now)
        self.held_until = now + LEASE if is_taken else None
        if is_taken:
            self.must_rebuild = await is_rebuilding(store)
        return is_taken

    def write(self) -> Write:
        """Return the write by which a transaction proves that the lease is held, and renews it."""
        return held_write(self.name, now=self.clock())


async def take(store: DocumentStore, *, holder: str, now: datetime) -> bool:
    """Take or renew the lease; False where another holds it."""
    held = {"lease": holder, "lease_until": now + LEASE}
    documents = store[meta.COLLECTION]
    own = {"_id": meta.FIGURES_ID, "lease": holder}
    if (await documents.update_one(own, {"$set": held})).matched_count:
        return True
    free = {"_id": meta.FIGURES_ID, "lease_until": {"$gte": EPOCH, "$lte": now}}
    if (await documents.update_one(free, {"$set": held})).matched_count:
        return True
    try:
        await documents.insert_one({"_id": meta.FIGURES_ID, "folds": FOLDS, **held})
    except DuplicateKeyError:
        return False
    return True


def held_write(holder: str, *, now: datetime) -> Write:
    """Return a transaction's write that renews the lease; it raises FoldingElsewhere where it was lost."""
    query = {"_id": meta.FIGURES_ID, "lease": holder}
    return update(
        meta.COLLECTION,
        query,
        {"$set": {"lease_until": now + LEASE}},
        if_missed=FoldingElsewhere("another folds"),
    )


async def release(store: DocumentStore, *, holder: str) -> None:
    """Give the lease up, so that another process may fold at once."""
    query = {"_id": meta.FIGURES_ID, "lease": holder}
    await store[meta.COLLECTION].update_one(query, {"$set": {"lease_until": EPOCH, "lease": ""}})


# ---------------------------------------------------------------- making figures again
async def is_rebuilding(store: DocumentStore) -> bool:
    """Tell whether figures are to be made again, or are being made: also those that older folds made."""
    row = await store[meta.COLLECTION].find_one({"_id": meta.FIGURES_ID})
    return row is not None and (row.get("done") is False or row.get("folds", 1) < FOLDS)


async def ask_rebuild(store: DocumentStore) -> None:
    """Note that figures are to be made again, by whoever folds: within seconds, or once a worker runs."""
    note = {
        "$set": {"done": False},
        "$unset": {"since": ""},
        "$setOnInsert": {"lease": "", "lease_until": EPOCH},
    }
    await store[meta.COLLECTION].update_one({"_id": meta.FIGURES_ID}, note, upsert=True)


async def begin_rebuild(store: DocumentStore, holder: LeaseHolder) -> None:
    """Take the lease away from whoever holds it, and note that figures are being made again. Until
    `end_rebuild` they must be, whatever cuts this off.
    """
    now = holder.clock()
    change = {"$set": _begun(holder, now), "$unset": {"since": ""}}
    await store[meta.COLLECTION].update_one({"_id": meta.FIGURES_ID}, change, upsert=True)
    holder.held_until, holder.must_rebuild = now + LEASE, True


async def begin_rebuild_since(store: DocumentStore, holder: LeaseHolder, since: date) -> date:
    """Do the same for figures of a day and later ones; return from which day on they are made: an earlier one
    where that was begun, and cut off. Raises MustCountAll where all of them are to be made.
    """
    now = holder.clock()
    known = {"_id": meta.FIGURES_ID, "folds": FOLDS}
    change = {"$set": _begun(holder, now), "$min": {"since": since.isoformat()}}
    for state in ({"done": {"$ne": False}}, {"since": {"$exists": True}}):
        if (await store[meta.COLLECTION].update_one({**known, **state}, change)).matched_count:
            holder.held_until, holder.must_rebuild = now + LEASE, True
            return await find_since(store) or since
    raise MustCountAll("all figures are to be made again, or were never made")


def _begun(holder: LeaseHolder, now: datetime) -> dict[str, object]:
    return {"lease": holder.name, "lease_until": now + LEASE, "done": False}


async def find_since(store: DocumentStore) -> date | None:
    """Return from which day on figures are to be made again; None where all of them are."""
    row = await store[meta.COLLECTION].find_one({"_id": meta.FIGURES_ID}, {"since": 1})
    return date.fromisoformat(row["since"]) if row is not None and row.get("since") else None


async def end_rebuild(store: DocumentStore, holder: LeaseHolder) -> None:
    """Note that figures are complete. Raises FoldingElsewhere where the lease was taken away."""
    query = {"_id": meta.FIGURES_ID, "lease": holder.name}
    complete = {"$set": {"done": True, "folds": FOLDS}, "$unset": {"since": ""}}
    if not (await store[meta.COLLECTION].update_one(query, complete)).matched_count:
        raise FoldingElsewhere("another makes the figures again")
    holder.must_rebuild = False

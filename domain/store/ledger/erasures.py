"""A member's way out, on their own document: a deletion that can still be undone, then what is left to erase.

    active, erase_at ahead   being deleted: undone, or final at that instant
    erased, erase_at         what other collections hold of them is still to be swept, at that instant
    erased                   nothing is left but figures under a random id

Each step is a guarded update of one document, so that whoever dies leaves a step that somebody goes on from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.model.values import dataclass
from domain.store.document_store import EPOCH, DocumentStore, Stale, StoreFault, Write, update
from domain.store.ledger.members import COLLECTION, StoredMember
from domain.store.people.details import Details, details_document

# Fields of a member that identify the person, beside the profile: whoever adds one adds it here too. What
# every member has is emptied, the rest is removed. `merged` stays: random ids, whose own documents are erased
# too.
EMPTIED_FIELDS: Mapping[str, Any] = {"number": "", "number_end": "", "search": []}
REMOVED_FIELDS = ("employees", "keep", "swept_at", "active_at", "warned_at")
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
SWEPT_AGAIN_AFTER = timedelta(minutes=10)  # what was under way when the member was erased has ended by then


class DeletionChanged(StoreFault):
    """The deletion was asked for, undone or made final meanwhile."""


@dataclass(frozen=True, slots=True)
class DueErasure:
    """A member whose deletion is final, or who is erased and not swept for the last time."""

    member: str
    is_erased: bool
    swept_at: datetime | None


@dataclass(frozen=True, slots=True)
class Deletion:
    """A membership that is being deleted, and final at an instant. `keep_hash` is that of the newest token
    that undoes it, which works until `keep_until`.
    """

    member: str
    erase_at: datetime
    keep_hash: str | None = None
    keep_until: datetime | None = None


# ---------------------------------------------------------------- reads
async def find_due(store: DocumentStore, *, now: datetime, first: int) -> list[DueErasure]:
    """Return the first members whose next step is due, the soonest first."""
    query = {"erase_at": {"$gt": EPOCH, "$lte": now}}
    rows = store[COLLECTION].find(query, {"status": 1, "swept_at": 1}).sort("erase_at", 1).limit(first)
    return [DueErasure(row["_id"], row["status"] == "erased", row.get("swept_at")) async for row in rows]


async def find_deletion(store: DocumentStore, member: str) -> Deletion | None:
    """Return the deletion of a membership; None where it is not being deleted, or is erased."""
    query = {"_id": member, "status": "active"}
    row = await store[COLLECTION].find_one(query, {"erase_at": 1, "keep": 1})
    if row is None or row.get("erase_at") is None:
        return None
    keep_hash, keep_until = row.get("keep") or (None, None)
    return Deletion(member, row["erase_at"], keep_hash, keep_until)


# ---------------------------------------------------------------- writes
def request_write(member: str, *, erase_at: datetime) -> Write:
    """Return the write that has a membership be deleted; it raises DeletionChanged where it is already."""
    query = {"_id": member, "status": "active", "erase_at": None}
    return update(COLLECTION, query, {"$set": {"erase_at": erase_at}}, if_missed=DeletionChanged(member))


def stays_write(member: str, *, if_going: StoreFault | None = None) -> Write:
    """Return the write that allows a sign-in, or a merge; it raises `if_going`, else DeletionChanged, where
    the membership is going. It changes nothing, and costs a transaction no command.
    """
    query = {"_id": member, "status": "active", "erase_at": None}
    if_missed = if_going or DeletionChanged(member)
    return update(COLLECTION, query, {"$unset": {"keep": ""}}, if_missed=if_missed)


def stands_write(member: str, *, if_erased: StoreFault) -> Write:
    """Return the write that allows something to be kept about a member; it raises `if_erased` where they are
    erased. It changes nothing; what a database lets pass beside an erasure, the second sweep meets.
    """
    query = {"_id": member, "status": {"$ne": "erased"}}
    return update(COLLECTION, query, {"$unset": {"kept": ""}}, if_missed=if_erased)


def offer_keep_write(deletion: Deletion) -> Write:
    """Return the write that keeps the hash of a token that undoes a deletion, in place of any before it."""
    query = {"_id": deletion.member, "status": "active", "erase_at": deletion.erase_at}
    change = {"$set": {"keep": [deletion.keep_hash, deletion.keep_until]}}
    return update(COLLECTION, query, change, if_missed=DeletionChanged(deletion.member))


def keep_write(deletion: Deletion) -> Write:
    """Return the write that undoes a deletion, by the token that was read with it where there was one; it
    raises DeletionChanged.
    """
    has_token = deletion.keep_hash is not None
    query = {
        "_id": deletion.member,
        "status": "active",
        "erase_at": deletion.erase_at,
        "keep": [deletion.keep_hash, deletion.keep_until] if has_token else None,
    }
    change = {"$unset": {"erase_at": "", "keep": ""}}
    return update(COLLECTION, query, change, if_missed=DeletionChanged(deletion.member))


def erase_write(stored_member: StoredMember, *, now: datetime) -> Write:
    """Return the write that takes all that identifies a person from their document. It is to follow the one
    of the decision that ended their ledger, in its transaction; it raises Stale where the profile has moved
    on.
    """
    query = {
        "_id": stored_member.member.id,
        "status": {"$in": ["active", "merged"]},
        "profile_version": stored_member.profile_version,
    }
    sets: dict[str, Any] = {
        **EMPTIED_FIELDS,
        "status": "erased",
        "profile": details_document(Details("")),
        "profile_version": stored_member.profile_version + 1,
        "due_at": None,
        "due_version": 0,
        "erase_at": now,
        "review_at": NEVER,
    }
    change = {"$set": sets, "$unset": dict.fromkeys(REMOVED_FIELDS, "")}
    return update(COLLECTION, query, change, if_missed=Stale("the profile has moved on"))


async def note_swept(store: DocumentStore, due: DueErasure, *, now: datetime) -> None:
    """Note that an erased member was swept; the second time is the last."""
    change: dict[str, Any] = {"$unset": dict.fromkeys(("erase_at", *REMOVED_FIELDS), "")}
    if due.swept_at is None:
        change = {"$set": {"swept_at": now, "erase_at": now + SWEPT_AGAIN_AFTER}}
    query = {"_id": due.member, "status": "erased", "swept_at": due.swept_at}
    await store[COLLECTION].update_one(query, change)


async def find_contact_keys(store: DocumentStore, member: str) -> Sequence[str]:
    """Return the keys of all contacts of a member: those held a while, and the number, too."""
    return [row["_id"] async for row in store["contacts"].find({"member": member}, {"_id": 1})]

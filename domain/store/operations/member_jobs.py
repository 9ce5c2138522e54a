"""What an operator has done to many members: a message sent once, tags by hand, or a file of them.

A worker claims a job that is due, and moves its due instant on by a lease with each batch, together with the
position and the counts: where the worker dies, another goes on after the last batch that was noted. What a
batch does is keyed by job and member, so that a batch which comes twice acts once.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pymongo import IndexModel

from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import EPOCH, DocumentStore, Write, insert
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "member_jobs"
LEASE = timedelta(minutes=3)  # a day of entries is one batch, and the embedded database reads slowly
_JOB_ID = re.compile(r"[a-z]+-[0-9a-f]{16}")

JobKind = Literal["message", "tags", "file"]
# WAITING for its instant, RUNNING, then DONE; STOPPED by somebody; FAILED where it cannot go on.
JobState = Literal["WAITING", "RUNNING", "DONE", "STOPPED", "FAILED"]


class MemberJobDocument(StoredDocument):
    """A job in the database. `due` is missing once it has ended; a message stays, since letters show its
    text.
    """

    kind: JobKind
    staff: str
    store: str
    segment: str | None = None
    members: list[str] | None = None
    terms: dict[str, Any]
    reason: str
    size: int
    at: datetime
    begins_at: datetime
    due: datetime | None = None
    state: JobState
    position: str = ""
    looked: int = 0
    done: int = 0
    skipped: dict[str, int]
    error: str = ""
    ended_at: datetime | None = None
    purge_at: datetime | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"due": 1}),
            IndexModel({"kind": 1, "at": 1}),
            IndexModel({"state": 1, "ended_at": 1}),
            IndexModel({"members": 1}),
            ttl_index("purge_at"),
        )


@dataclass(frozen=True, slots=True)
class MemberJob:
    """A job that an employee (`staff`, at `store`) asked for, of a segment's members or of `members`.

    `size` is how many there are to look at, about; `looked` how many were, `done` to how many it was done,
    and `skipped` to how many not, by reason. `terms` is what the kind needs; until `due` it is claimed.
    """

    id: str
    kind: JobKind
    staff: str
    store: str
    segment: str | None
    members: tuple[str, ...] | None
    terms: Mapping[str, Any]
    reason: str
    size: int
    at: datetime
    begins_at: datetime
    state: JobState = "WAITING"
    due: datetime | None = None
    position: str = ""
    looked: int = 0
    done: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    ended_at: datetime | None = None
    purge_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more is done."""
        return self.state in ("DONE", "STOPPED", "FAILED")


@dataclass(frozen=True, slots=True)
class JobProgress:
    """What a batch did: up to which position, and how many members it looked at, acted on and skipped."""

    position: str
    looked: int = 0
    done: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    is_last: bool = False


def new_job_id(prefix: str) -> str:
    """Return a new id, such as once-5f0c...; a figure's path and a code of the programme may hold it."""
    return f"{prefix}-{secrets.token_hex(8)}"


def is_job_id(text: str) -> bool:
    """Tell whether a text is an id as `new_job_id` makes them."""
    return _JOB_ID.fullmatch(text) is not None


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, id: str) -> MemberJob | None:
    """Return a job."""
    row = await store[COLLECTION].find_one({"_id": id})
    return None if row is None else _read(row)


async def find_many(store: DocumentStore, ids: Sequence[str]) -> list[MemberJob]:
    """Return the jobs that exist."""
    return [_read(row) async for row in store[COLLECTION].find({"_id": {"$in": list(ids)}})]


async def find_newest(store: DocumentStore, kind: JobKind, *, now: datetime, first: int) -> list[MemberJob]:
    """Return the newest jobs of a kind, the newest first; not what was tried on one member."""
    query = {"kind": kind, "at": {"$lte": now}, "terms.is_trial": {"$ne": True}}
    rows = store[COLLECTION].find(query).sort("at", -1).limit(first)
    return [_read(row) async for row in rows]


async def claim_due(store: DocumentStore, *, now: datetime) -> MemberJob | None:
    """Claim a job that is due, whichever; None where none is."""
    rows = [row async for row in store[COLLECTION].find({"due": {"$gt": EPOCH, "$lte": now}}).limit(20)]
    while rows:
        row = rows.pop(secrets.randbelow(len(rows)))
        until = now + LEASE
        query = {"_id": row["_id"], "due": row["due"]}
        result = await store[COLLECTION].update_one(query, {"$set": {"due": until, "state": "RUNNING"}})
        if result.matched_count:
            return replace(_read(row), due=until, state="RUNNING")
    return None


def _read(row: Raw) -> MemberJob:
    listed = row.get("members")
    return MemberJob(
        row["_id"],
        row["kind"],
        row["staff"],
        row["store"],
        row.get("segment"),
        None if listed is None else tuple(listed),
        row["terms"],
        row["reason"],
        row["size"],
        row["at"],
        row["begins_at"],
        row["state"],
        row.get("due"),
        row["position"],
        row["looked"],
        row["done"],
        row["skipped"],
        row["error"],
        row.get("ended_at"),
        row.get("purge_at"),
    )


# ---------------------------------------------------------------- writes
def start_write(job: MemberJob) -> Write:
    """Return the insertion of a job, which is due when it begins."""
    return insert(COLLECTION, _document(job, due=job.begins_at))


def ended_write(job: MemberJob) -> Write:
    """Return the insertion of a job of which nothing is left to do: it holds the text of a message."""
    return insert(COLLECTION, _document(job, due=None))


def _document(job: MemberJob, *, due: datetime | None) -> Raw:
    return MemberJobDocument(
        id=job.id,
        kind=job.kind,
        staff=job.staff,
        store=job.store,
        segment=job.segment,
        members=None if job.members is None else sorted(job.members),
        terms=dict(job.terms),
        reason=job.reason,
        size=job.size,
        at=job.at,
        begins_at=job.begins_at,
        due=due,
        state=job.state,
        looked=job.looked,
        done=job.done,
        skipped=dict(job.skipped),
        ended_at=job.ended_at,
        purge_at=job.purge_at,
    ).row()


async def note_progress(
    store: DocumentStore, job: MemberJob, progress: JobProgress, *, now: datetime
) -> MemberJob | None:
    """Note a batch of a claimed job and hold it for longer; None where it was stopped, or another worker has
    it.
    """
    until = now + LEASE
    ended: dict[str, Any] = {"state": "DONE", "ended_at": now} if progress.is_last else {"due": until}
    counts = {"looked": progress.looked, "done": progress.done}
    change: dict[str, Any] = {
        "$set": {"position": progress.position, **ended},
        "$inc": {**counts, **{f"skipped.{reason}": n for reason, n in progress.skipped.items()}},
    }
    if progress.is_last:
        change["$unset"] = {"due": ""}
    result = await store[COLLECTION].update_one(_claimed(job), change)
    if not result.matched_count:
        return None
    return replace(
        job,
        position=progress.position,
        looked=job.looked + progress.looked,
        done=job.done + progress.done,
        due=until,
        state="DONE" if progress.is_last else "RUNNING",
    )


async def fail(store: DocumentStore, job: MemberJob, *, error: str, now: datetime) -> None:
    """Note that a claimed job cannot go on, and why."""
    sets = {"state": "FAILED", "ended_at": now, "error": error}
    await store[COLLECTION].update_one(_claimed(job), {"$set": sets, "$unset": {"due": ""}})


async def stop(store: DocumentStore, id: str, *, now: datetime) -> bool:
    """End a job that has not ended; whoever works on it finds out with its next batch. A message ends what
    waits to be sent of it too, also once all of it was promised.
    """
    sets = {"$set": {"state": "STOPPED", "ended_at": now}, "$unset": {"due": ""}}
    for query in ({"_id": id, "due": {"$gt": EPOCH}}, {"_id": id, "kind": "message", "state": "DONE"}):
        if (await store[COLLECTION].update_one(query, sets)).matched_count:
            return True
    return False


def _claimed(job: MemberJob) -> Raw:
    return {"_id": job.id, "due": job.due}


async def forget_member(store: DocumentStore, member: str) -> None:
    """Take a member from the lists of jobs."""
    await store[COLLECTION].update_many({"members": member}, {"$pull": {"members": member}})

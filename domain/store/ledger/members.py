"""The member aggregate as one document: ledger state, details of the member, and the newest 20 entries.

`version` is the journal's seq and guards the ledger; `profile_version` guards the profile by itself. `due_at`
is when time may next bring something. The document is bounded, because its parts are bounded
(`domain/model/ledger/member.py`).
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar, Literal

from bson import decode
from bson.raw_bson import RawBSONDocument
from pymongo import IndexModel

from domain.model.id_ranges import ALL_IDS, IdRange
from domain.model.ledger.decision import Decision
from domain.model.ledger.member import Member
from domain.model.ledger.state import ledger_restore, ledger_state
from domain.model.people.search_words import LAST_DIGITS, search_tokens
from domain.model.values import dataclass, evolve
from domain.store.archive.archived_history import ArchivedHistory
from domain.store.connect import AWARE, Raw
from domain.store.document_store import READ_ERRORS, DocumentStore, Stale, Write, insert, update
from domain.store.ledger.history_entries import (
    MAX_RECENT,
    HistoryEntry,
    RecentEntries,
    entry_document,
    recent_history,
)
from domain.store.people.details import Details, details_document, read_details
from domain.store.stored_document import StoredDocument

COLLECTION = "members"
Status = Literal["active", "erased", "merged"]
NOT_SHOWN = {"search": 0, "number_end": 0}  # nobody reads a member for these


class MemberDocument(StoredDocument):
    """A member in the database. `ledger` is spelled by `ledger_state`, `profile` and `recent` below."""

    number: str
    version: int
    profile_version: int
    status: Status
    profile: dict[str, Any]
    ledger: dict[str, Any]
    recent: list[dict[str, Any]]
    turned_at: datetime | None
    due_at: datetime | None
    due_version: int
    invited: int = 0
    employees: list[str] | None = None
    search: list[str]
    number_end: str
    erase_at: datetime | None = None
    swept_at: datetime | None = None
    keep: list[Any] | None = None
    active_at: datetime | None = None
    warned_at: datetime | None = None
    review_at: datetime | None = None
    merged: list[str] | None = None
    merged_into: str | None = None
    archived: dict[str, Any] | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"due_at": 1}),
            IndexModel({"search": 1}),
            IndexModel({"number_end": 1}),
            IndexModel({"erase_at": 1}),
            IndexModel({"review_at": 1}),
            IndexModel({"ledger.segments": 1, "_id": 1}),
        )


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class NextDue:
    """When time may next bring something, by the programme of a version; `at` is None where nothing may."""

    at: datetime | None
    version: int

    def is_due(self, *, now: datetime) -> bool:
        """Tell whether time may have brought something by now."""
        return self.at is not None and self.at <= now


@dataclass(frozen=True, slots=True)
class StoredMember:
    """A member as stored. `recent` holds the newest entries, oldest first.

    `invited_count` counts the members who named this one when they joined. `employees` are those whose own
    membership this is or ever was: whoever stands there once stays, whatever contacts change. A membership
    that is being deleted is final at `erase_at`. `merged` are the memberships that were merged into this one;
    of one that is closed, `member.merged_into` took it over. `archived` says where their journal begins.
    """

    member: Member
    details: Details
    profile_version: int
    status: Status
    recent: RecentEntries
    next_due: NextDue
    invited_count: int = 0
    employees: tuple[str, ...] = ()
    erase_at: datetime | None = None
    merged: tuple[str, ...] = ()
    archived: ArchivedHistory | None = None


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """New details that replace those of a version; the ledger may change in the same commit."""

    version: int
    details: Details


@dataclass(frozen=True, slots=True)
class MemberHint:
    """What staff are shown to find a member by."""

    id: str
    number: str
    name: str
    email: str | None
    phone: str | None


# ---------------------------------------------------------------- reads
async def find_by_token(store: DocumentStore, token: str, *, first: int) -> list[MemberHint]:
    """Return the first active members who have a search token (`search_words`)."""
    return await _find_hints(store, {"search": token, "status": "active"}, first)


async def find_by_number_end(store: DocumentStore, digits: str, *, first: int) -> list[MemberHint]:
    """Return the first active members whose number ends with four digits."""
    return await _find_hints(store, {"number_end": digits, "status": "active"}, first)


async def _find_hints(store: DocumentStore, query: Raw, first: int) -> list[MemberHint]:
    fields = {"number": 1, "profile.name": 1, "profile.email": 1, "profile.phone": 1}
    return [
        MemberHint(
            row["_id"],
            row["number"],
            row["profile"]["name"],
            row["profile"].get("email"),
            row["profile"].get("phone"),
        )
        async for row in store[COLLECTION].find(query, fields).limit(first)
    ]


async def find(store: DocumentStore, member: str) -> StoredMember | None:
    """Return a member, also an erased one; None where there never was one."""
    document = await store.undecoded(COLLECTION).find_one({"_id": member}, NOT_SHOWN)
    return None if document is None else read_member(_without_recent(document))


async def find_open(store: DocumentStore, member: str) -> StoredMember | None:
    """Return a member, and of one that was merged the one that took it over, in one more command."""
    stored_member = await find(store, member)
    while stored_member is not None and stored_member.member.merged_into is not None:
        stored_member = await find(store, stored_member.member.merged_into)
    return stored_member


async def find_many(store: DocumentStore, members: Sequence[str]) -> dict[str, StoredMember]:
    """Return the members that exist, by id, without those that cannot be read: `find` says why."""
    member_by_id = {}
    async for row in store[COLLECTION].find({"_id": {"$in": list(members)}}):
        with contextlib.suppress(*READ_ERRORS):
            member_by_id[row["_id"]] = read_member(row)
    return member_by_id


async def find_closed(store: DocumentStore, members: Collection[str]) -> dict[str, str]:
    """Return, of those of some members that were merged into another, which one took them over."""
    rows = store[COLLECTION].find({"_id": {"$in": list(members)}}, {"merged_into": 1})
    return {row["_id"]: row["merged_into"] async for row in rows if row.get("merged_into") is not None}


async def iterate_ids(store: DocumentStore, *, ids: IdRange = ALL_IDS) -> AsyncIterator[str]:
    """Yield the id of every member of a range, in order."""
    async for row in store[COLLECTION].find({"_id": ids.query()}, {"_id": 1}).sort("_id", 1):
        yield row["_id"]


async def iterate_seqs(store: DocumentStore) -> AsyncIterator[tuple[str, int]]:
    """Yield every member's id, in order, with the seq of their newest row."""
    query = {"_id": {"$gt": "", "$lt": "~"}}
    async for row in store[COLLECTION].find(query, {"version": 1}).sort("_id", 1):
        yield row["_id"], row["version"]


def _without_recent(document: RawBSONDocument) -> Raw:
    """Return a document decoded but for its newest entries: whoever shows them decodes them."""
    decoded = {name: decode(document[name].raw, AWARE) for name in ("profile", "ledger")}
    return {**document, **decoded}


def read_member(row: Raw) -> StoredMember:
    """Return the member of a document."""
    details = read_details(row["profile"])
    member = ledger_restore.restore_member(
        row["ledger"], id=row["_id"], number=row["number"], profile=details.profile, seq=row["version"]
    )
    member = evolve(member, turned_at=row["turned_at"], merged_into=row.get("merged_into"))
    next_due, invited_count = NextDue(row["due_at"], row["due_version"]), row.get("invited", 0)
    return StoredMember(
        member,
        details,
        row["profile_version"],
        row["status"],
        RecentEntries(row["recent"]),
        next_due,
        invited_count,
        tuple(row.get("employees") or ()),
        row.get("erase_at") if row["status"] == "active" else None,
        tuple(row.get("merged") or ()),
        ArchivedHistory.read(row.get("archived")),
    )


def after_decision(stored: StoredMember, decision: Decision) -> StoredMember:
    """Return a stored member as a committed decision leaves them, without another read.

    Nothing is due: the decision holds all that time had brought.
    """
    return replace(
        stored,
        member=decision.member,
        recent=stored.recent.followed_by(recent_history(decision.rows)),
        next_due=NextDue(None, stored.next_due.version),
    )


# ---------------------------------------------------------------- writes
def create_write(decision: Decision, details: Details, *, next_due: NextDue) -> Write:
    """Return the insertion of a member whose first decision this is."""
    return insert(
        COLLECTION,
        member_document(decision.member, details, recent=recent_history(decision.rows), next_due=next_due),
    )


def update_write(decision: Decision, *, next_due: NextDue, profile: ProfileChange | None = None) -> Write:
    """Return the update that applies a decision to a member, guarded by the version that it was made on."""
    changed_paths: dict[str, Any] = {}
    removed_paths: set[str] = set()
    for row in decision.rows:
        removed_paths = (removed_paths | set(row.removed)) - row.changes.keys()
        changed_paths = {
            **{path: value for path, value in changed_paths.items() if path not in removed_paths},
            **row.changes,
        }
    sets: dict[str, Any] = {f"ledger.{path}": value for path, value in changed_paths.items()}
    sets |= {
        "version": decision.member.seq,
        "turned_at": decision.member.turned_at,
        "due_at": next_due.at,
        "due_version": next_due.version,
    }
    if decision.member.merged_into != decision.before.merged_into:
        merged_into = decision.member.merged_into
        sets |= {"status": "active" if merged_into is None else "merged", "merged_into": merged_into}
    query: dict[str, Any] = {"_id": decision.before.id, "version": decision.before.seq}
    if profile is not None:
        query["profile_version"] = profile.version
        sets |= _profile_sets(profile)
    change: dict[str, Any] = {"$set": sets}
    if removed_paths:
        change["$unset"] = {f"ledger.{path}": "" for path in removed_paths}
    if history := recent_history(decision.rows):
        change["$push"] = {
            "recent": {"$each": [entry_document(one) for one in history], "$slice": -MAX_RECENT}
        }
    return update(COLLECTION, query, change, if_missed=Stale("the member has moved on"))


def repair_write(
    restored: Member, recent: Sequence[HistoryEntry], *, version: int, next_due: NextDue
) -> Write:
    """Return the replacement of a member's ledger state, guarded by the version that is stored now; the
    profile stays.
    """
    sets = {
        "ledger": ledger_state.nest(ledger_state.state_paths(restored)),
        "recent": [entry_document(one) for one in recent],
        "version": restored.seq,
        "turned_at": restored.turned_at,
        "due_at": next_due.at,
        "due_version": next_due.version,
    }
    query = {"_id": restored.id, "version": version}
    return update(COLLECTION, query, {"$set": sets}, if_missed=Stale("the member has moved on"))


def profile_write(member: str, change: ProfileChange) -> Write:
    """Return the update of the profile alone, guarded by its own version."""
    return update(
        COLLECTION,
        _profile_query(member, change),
        {"$set": _profile_sets(change)},
        if_missed=Stale("the profile has moved on"),
    )


def birthday_write(member: str, change: ProfileChange, *, version: int, next_due: NextDue) -> Write:
    """Return the same update with the next due instant, which was computed for a version of the ledger."""
    sets = {**_profile_sets(change), "due_at": next_due.at, "due_version": next_due.version}
    return update(
        COLLECTION,
        {**_profile_query(member, change), "version": version},
        {"$set": sets},
        if_missed=Stale("the member has moved on"),
    )


def _profile_query(member: str, change: ProfileChange) -> dict[str, Any]:
    return {"_id": member, "profile_version": change.version, "status": "active"}


def _profile_sets(change: ProfileChange) -> dict[str, Any]:
    details = change.details
    return {
        "profile": details_document(details),
        "profile_version": change.version + 1,
        "search": search_tokens(details.name, details.phone),
    }


def take_over_write(member: str, change: ProfileChange, other: StoredMember, *, undo: bool = False) -> Write:
    """Return the update of the profile that also notes the memberships merged into this one, or, undone,
    notes them no more. Whose own membership the other one is, this one is for good.
    """
    ids, sign = [other.member.id, *other.merged], -1 if undo else 1
    noted: dict[str, Any] = (
        {"$pull": {"merged": {"$in": ids}}}
        if undo
        else {"$addToSet": {"merged": {"$each": ids}, "employees": {"$each": sorted(other.employees)}}}
    )
    sets = {"$set": _profile_sets(change), "$inc": {"invited": sign * other.invited_count}, **noted}
    return update(
        COLLECTION, _profile_query(member, change), sets, if_missed=Stale("the profile has moved on")
    )


def lead_to_write(member: str, into: str) -> Write:
    """Return the update that leads from a closed membership to another one than before."""
    return update(COLLECTION, {"_id": member, "status": "merged"}, {"$set": {"merged_into": into}})


def count_invited_write(member: str) -> Write:
    """Return the update that counts a member who joined by this member's invitation."""
    return update(COLLECTION, {"_id": member, "status": "active"}, {"$inc": {"invited": 1}})


def link_employees_write(member: str, employees: Collection[str]) -> Write:
    """Return the update that notes employees as people whose own membership this is, for good."""
    return update(COLLECTION, {"_id": member}, {"$addToSet": {"employees": {"$each": sorted(employees)}}})


def member_document(
    member: Member, details: Details, *, recent: Sequence[HistoryEntry], next_due: NextDue
) -> dict[str, Any]:
    """Return a member's whole document."""
    return {
        "_id": member.id,
        "number": member.number,
        "version": member.seq,
        "profile_version": 1,
        "status": "active",
        "profile": details_document(details),
        "search": search_tokens(details.name, details.phone),
        "number_end": member.number[-LAST_DIGITS:],
        "ledger": ledger_state.nest(ledger_state.state_paths(member)),
        "recent": [entry_document(one) for one in recent[-MAX_RECENT:]],
        "turned_at": member.turned_at,
        "due_at": next_due.at,
        "due_version": next_due.version,
    }

"""The member aggregate as one document: ledger state, what the member says of themselves, and the newest 20
entries.

`version` is the journal's seq and guards the ledger; `profile_version` guards the profile by itself. `due_at`
is when time may next bring something. The document is bounded: its parts are (`domain/model/member.py`).
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal, cast

from domain.model import state
from domain.model.decision import Decision, Entry, Row
from domain.model.events import Profile
from domain.model.member import Member
from domain.model.values import evolve
from domain.store import rows
from domain.store.base import UNREADABLE, Stale, Store, Write, insert, update
from domain.store.connect import Raw
from domain.store.sign_in_codes import GivenConsent

COLLECTION = "members"
RECENT = 20
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
Status = Literal["active", "erased"]


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Details:
    """What a member says of themselves. `consents` are the answers as they were given, one a purpose, the
    latest.
    """

    name: str
    email: str | None = None
    phone: str | None = None
    birthday: date | None = None
    locale: str = ""
    timezone: str = ""
    terms: str | None = None
    consents: tuple[GivenConsent, ...] = ()

    @property
    def profile(self) -> Profile:
        """Return the part that deciding needs."""
        granted = frozenset(one.purpose for one in self.consents if one.granted)
        return Profile(self.name, self.locale, self.timezone, self.birthday, granted)


@dataclass(frozen=True, slots=True)
class Told:
    """An entry with what a history says of it: when and by which event it came, the row it stands in, the
    rules' version.
    """

    entry: Entry
    seq: int
    at: datetime
    event: str
    version: int
    reward: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """When time may next bring something, as the programme of a version sees it; None: nothing is in
    sight.
    """

    at: datetime | None
    version: int

    def passed(self, *, now: datetime, version: int) -> bool:
        """Tell whether time may have brought something by now, or another programme might see it
        otherwise.
        """
        return self.version != version or (self.at is not None and self.at <= now)


@dataclass(frozen=True, slots=True)
class Passed:
    """Members for whom time may have brought something, and when. Of no other has it before `until`; None
    where there is no other.
    """

    members: Mapping[str, datetime]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A member as stored. `recent` are the newest entries, oldest first; `invited` the members who named this
    one when they joined.
    """

    member: Member
    details: Details
    profile_version: int
    status: Status
    recent: tuple[Told, ...]
    due: Due
    invited: int = 0


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """New details in the place of those of a version; the ledger may move on in the same commit."""

    version: int
    details: Details


# ---------------------------------------------------------------- reads
async def find(store: Store, member: str) -> Kept | None:
    """Return a member, also an erased one; None where there never was one."""
    found = await store[COLLECTION].find_one({"_id": member})
    return None if found is None else kept(found)


async def find_many(store: Store, members: Sequence[str]) -> dict[str, Kept]:
    """Return those members that there are, by id, but for one that cannot be read: `find` says of it why."""
    found = {}
    async for row in store[COLLECTION].find({"_id": {"$in": list(members)}}):
        with contextlib.suppress(*UNREADABLE):
            found[row["_id"]] = kept(row)
    return found


async def due(store: Store, *, now: datetime, version: int, first: int) -> Passed:
    """Return the soonest of the members for whom time may have brought something by now, as many as asked
    for, or, first, as many of those whom another version looked at.
    """
    before = store[COLLECTION].find({"due_version": {"$gt": 0, "$lt": version}}, {"_id": 1}).limit(first)
    found = {cast(str, row["_id"]): BEGINNING async for row in before}
    if len(found) == first:
        return Passed(found, BEGINNING)
    asked = {"due_at": {"$gt": BEGINNING, "$lte": now}}
    rows = [row async for row in store[COLLECTION].find(asked, {"due_at": 1}).sort("due_at", 1).limit(first)]
    return Passed(
        {row["_id"]: row["due_at"] for row in rows} | found,
        rows[-1]["due_at"] if len(rows) == first else None,
    )


async def each(store: Store, *, after: str = "") -> AsyncIterator[str]:
    """Yield every member's id, in order of ids, beginning after one."""
    async for row in store[COLLECTION].find({"_id": {"$gt": after, "$lt": "~"}}, {"_id": 1}).sort("_id", 1):
        yield row["_id"]


def kept(row: Raw) -> Kept:
    """Return the member of a document."""
    details = read_details(row["profile"])
    member = state.restore(
        row["ledger"], id=row["_id"], number=row["number"], profile=details.profile, seq=row["version"]
    )
    member = evolve(member, turned_at=row["turned_at"])
    recent = tuple(_told(one) for one in row["recent"])
    due, invited = Due(row["due_at"], row["due_version"]), row.get("invited", 0)
    return Kept(member, details, row["profile_version"], row["status"], recent, due, invited)


def after(kept: Kept, decision: Decision) -> Kept:
    """Return a stored member as a committed decision leaves them, without reading again: time has brought all
    it had by then.
    """
    recent = (*kept.recent, *told_of(decision.rows))[-RECENT:]
    return replace(kept, member=decision.member, recent=recent, due=Due(None, kept.due.version))


# ---------------------------------------------------------------- writes
def born(decision: Decision, details: Details, *, due: Due) -> Write:
    """Return the insertion of a member whose first decision this is."""
    return insert(COLLECTION, document(decision.member, details, recent=told_of(decision.rows), due=due))


def moved(decision: Decision, *, due: Due, profile: ProfileChange | None = None) -> Write:
    """Return the update that brings a member from before a decision to after it, guarded by the version
    decided on.
    """
    changed: dict[str, Any] = {}
    gone: set[str] = set()
    for row in decision.rows:
        gone = (gone | set(row.removed)) - row.changes.keys()
        changed = {**{path: value for path, value in changed.items() if path not in gone}, **row.changes}
    sets: dict[str, Any] = {f"ledger.{path}": value for path, value in changed.items()}
    sets |= {
        "version": decision.member.seq,
        "turned_at": decision.member.turned_at,
        "due_at": due.at,
        "due_version": due.version,
    }
    asked: dict[str, Any] = {"_id": decision.before.id, "version": decision.before.seq}
    if profile is not None:
        asked["profile_version"] = profile.version
        sets |= _profile_sets(profile)
    change: dict[str, Any] = {"$set": sets}
    if gone:
        change["$unset"] = {f"ledger.{path}": "" for path in gone}
    if told := told_of(decision.rows):
        change["$push"] = {"recent": {"$each": [_slim(one) for one in told], "$slice": -RECENT}}
    return update(COLLECTION, asked, change, missed=Stale("the member has moved on"))


def profile_changed(member: str, change: ProfileChange) -> Write:
    """Return the update of the profile alone, guarded by its own version."""
    return update(
        COLLECTION,
        _asked(member, change),
        {"$set": _profile_sets(change)},
        missed=Stale("the profile has moved on"),
    )


def birthday_changed(member: str, change: ProfileChange, *, version: int, due: Due) -> Write:
    """Return the same where time's next turn moves with it, which was found for a version of the ledger."""
    sets = {**_profile_sets(change), "due_at": due.at, "due_version": due.version}
    return update(
        COLLECTION,
        {**_asked(member, change), "version": version},
        {"$set": sets},
        missed=Stale("the member has moved on"),
    )


def _asked(member: str, change: ProfileChange) -> dict[str, Any]:
    return {"_id": member, "profile_version": change.version, "status": "active"}


def _profile_sets(change: ProfileChange) -> dict[str, Any]:
    return {"profile": write_details(change.details), "profile_version": change.version + 1}


def named_by_friend(member: str) -> Write:
    """Return the counting of one who joined by this member's invitation."""
    return update(COLLECTION, {"_id": member, "status": "active"}, {"$inc": {"invited": 1}})


def document(member: Member, details: Details, *, recent: Sequence[Told], due: Due) -> dict[str, Any]:
    """Return a member's whole document."""
    return {
        "_id": member.id,
        "number": member.number,
        "version": member.seq,
        "profile_version": 1,
        "status": "active",
        "profile": write_details(details),
        "ledger": state.nested(state.paths(member)),
        "recent": [_slim(one) for one in recent[-RECENT:]],
        "turned_at": member.turned_at,
        "due_at": due.at,
        "due_version": due.version,
    }


def told_of(decided: Sequence[Row]) -> tuple[Told, ...]:
    """Return the entries of rows as histories tell them, oldest first, the newest 20 at most."""
    return tuple(told for row in decided for told in told_by(row))[-RECENT:]


def told_by(row: Row) -> tuple[Told, ...]:
    """Return the entries of one row as histories tell them."""
    rewards = {step.id: step.reward for step in row.vouchers}
    event = row.event
    return tuple(
        Told(one, row.seq, event.since or event.at, event.name, row.version, rewards.get(one.voucher or ""))
        for one in row.entries
    )


# ---------------------------------------------------------------- the parts of the document
def read_details(row: Raw) -> Details:
    """Return what a member says of themselves, as it was kept."""
    birthday = row.get("birthday")
    return Details(
        name=row["name"],
        email=row.get("email"),
        phone=row.get("phone"),
        birthday=date.fromisoformat(birthday) if birthday else None,
        locale=row["locale"],
        timezone=row["timezone"],
        terms=row.get("terms"),
        consents=tuple(GivenConsent(*one) for one in row["consents"]),
    )


def write_details(details: Details) -> dict[str, Any]:
    """Return details as a member's document keeps them."""
    return {
        "name": details.name,
        "email": details.email,
        "phone": details.phone,
        "birthday": details.birthday.isoformat() if details.birthday else None,
        "locale": details.locale,
        "timezone": details.timezone,
        "terms": details.terms,
        "consents": [
            [c.purpose, c.granted, c.at, c.wording, c.wording_version, c.source] for c in details.consents
        ],
    }


def _slim(told: Told) -> Mapping[str, Any]:
    entry = told.entry
    slim: dict[str, Any] = {
        "n": entry.n,
        "wallet_n": entry.wallet_n,
        "wallet": entry.wallet,
        "kind": entry.kind,
        "amount": entry.amount,
        "balance": entry.balance,
        "rule": entry.rule,
        "available_at": entry.available_at,
        "expires_on": entry.expires_on.isoformat() if entry.expires_on else None,
        "voucher": entry.voucher,
        "seq": told.seq,
        "at": told.at,
        "event": told.event,
        "version": told.version,
        "reward": told.reward,
    }
    return {name: value for name, value in slim.items() if value is not None}


def _told(slim: Raw) -> Told:
    reward = cast(str | None, slim.get("reward"))
    return Told(rows.entry(slim), slim["seq"], slim["at"], slim["event"], slim["version"], reward)

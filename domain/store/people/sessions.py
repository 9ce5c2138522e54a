"""Sessions: one record each, its refresh token as a hash, every step guarded by what the record said before.

A session is alive while nobody ended it and `until` is ahead. Records go a day after they could last be used;
deciding never relies on that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, cast

from domain.model.people.sessions import SessionTokens
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Write, insert
from domain.store.ttl import ttl_index

SessionKind = Literal["member", "staff"]
StaffRole = Literal["CASHIER", "MANAGER", "OPERATOR"]

COLLECTION = "sessions"
KEPT_AFTER_END = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, where, and until when; `own_members` are the memberships of an employee."""

    id: str
    kind: SessionKind
    owner_id: str
    began_at: datetime
    expires_at: datetime
    tokens: SessionTokens
    role: StaffRole | None = None
    store: str | None = None
    own_members: tuple[str, ...] = ()
    installation: str | None = None
    ended_at: datetime | None = None

    @property
    def subject(self) -> str:
        """Return the one whose session it is, as `member:ID` or `staff:ID`."""
        return f"{self.kind}:{self.owner_id}"

    def is_alive(self, now: datetime) -> bool:
        """Tell whether the session can still be used."""
        return self.ended_at is None and now < self.expires_at


async def ensure_indexes(store: DocumentStore) -> None:
    """Make the indexes: by whose they are, by when they ended, and the one that clears away."""
    await store[COLLECTION].create_index({"subject": 1})
    await store[COLLECTION].create_index(
        {"ended_at": 1}, partialFilterExpression={"ended_at": {"$exists": True}}
    )
    await store[COLLECTION].create_indexes([ttl_index("purge_at")])


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, session: str) -> Session | None:
    """Return a session, ended or not."""
    row = await store[COLLECTION].find_one({"_id": session})
    return None if row is None else _read_session(row)


async def find_ended_since(store: DocumentStore, since: datetime) -> list[str]:
    """Return the ids of sessions ended after an instant: those whose access tokens may still be about."""
    rows = store[COLLECTION].find({"ended_at": {"$gt": since}}, {"_id": 1})
    return [cast(str, row["_id"]) async for row in rows]


# ---------------------------------------------------------------- writes
def open_write(session: Session) -> Write:
    """Return the write of a new session."""
    document = {
        "_id": session.id,
        "subject": session.subject,
        "role": session.role,
        "store": session.store,
        "own_members": list(session.own_members) or None,
        "installation": session.installation,
        "began": session.began_at,
        "until": session.expires_at,
        "token": session.tokens.current,
        "before": session.tokens.previous,
        "rotated_at": session.tokens.rotated_at,
        "purge_at": session.expires_at + KEPT_AFTER_END,
    }
    return insert(COLLECTION, {name: value for name, value in document.items() if value is not None})


async def rotate(
    store: DocumentStore, session: str, *, old: str, new: str, until: datetime, now: datetime
) -> bool:
    """Put a new token's hash in the place of the old one's; False where the old one no longer works."""
    change = {
        "token": new,
        "before": old,
        "rotated_at": now,
        "until": until,
        "purge_at": until + KEPT_AFTER_END,
    }
    result = await store[COLLECTION].update_one(
        {"_id": session, "token": old, "ended_at": None}, {"$set": change}
    )
    return result.matched_count == 1


def after_rotation(session: Session, *, new: str, until: datetime, now: datetime) -> Session:
    """Return the session as a rotation left it."""
    return replace(session, expires_at=until, tokens=SessionTokens(new, session.tokens.current, now))


async def end_session(store: DocumentStore, session: str, *, reason: str, now: datetime) -> bool:
    """End a session; False where it had ended."""
    result = await store[COLLECTION].update_one(
        {"_id": session, "ended_at": None}, {"$set": {"ended_at": now, "ended_by": reason}}
    )
    return result.modified_count == 1


async def end_all(store: DocumentStore, subject: str, *, reason: str, now: datetime) -> list[str]:
    """End every session that somebody has; return their ids."""
    rows = store[COLLECTION].find({"subject": subject, "ended_at": None, "until": {"$gt": now}}, {"_id": 1})
    ids = [cast(str, row["_id"]) async for row in rows]
    return [each for each in ids if await end_session(store, each, reason=reason, now=now)]


def _read_session(row: Raw) -> Session:
    kind, _, owner_id = cast(str, row["subject"]).partition(":")
    return Session(
        id=row["_id"],
        kind=cast(SessionKind, kind),
        owner_id=owner_id,
        began_at=row["began"],
        expires_at=row["until"],
        tokens=SessionTokens(row["token"], row.get("before"), row["rotated_at"]),
        role=row.get("role"),
        store=row.get("store"),
        own_members=tuple(row.get("own_members", ())),
        installation=row.get("installation"),
        ended_at=row.get("ended_at"),
    )

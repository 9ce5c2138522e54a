"""Sessions: one record each, its refresh token as a hash, every step guarded by what the record said before.

A session is alive while nobody ended it and its expiry is ahead. A record is deleted a day after the session
expired; no decision relies on that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Literal, cast

from pymongo import IndexModel

from domain.model.people.sessions import SessionTokens
from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Write, insert, update
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

SessionKind = Literal["member", "staff"]
# The first three work at the tills of stores, the last three at the console.
StaffRole = Literal["CASHIER", "MANAGER", "OPERATOR", "SERVICE", "ANALYST"]
# Who acts at a till: an employee, or a system with a key.
TillRole = StaffRole | Literal["CLIENT"]

COLLECTION = "sessions"
KEPT_AFTER_END = timedelta(days=1)


class SessionDocument(StoredDocument):
    """A session in the database: `token` and `before` are hashes, `subject` is `member:ID` or `staff:ID`."""

    subject: str
    role: StaffRole | None = None
    store: str | None = None
    own_members: list[str] | None = None
    installation: str | None = None
    began: datetime
    until: datetime
    token: str
    before: str | None = None
    rotated_at: datetime
    purge_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"subject": 1}),
            IndexModel({"ended_at": 1}, partialFilterExpression={"ended_at": {"$exists": True}}),
            ttl_index("purge_at"),
        )


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


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, session: str) -> Session | None:
    """Return a session, ended or not."""
    document = await store.documents(SessionDocument).find_one({"_id": session})
    return None if document is None else _read_session(document)


async def find_by_subject(store: DocumentStore, subject: str) -> list[Session]:
    """Return the sessions that somebody has or had, oldest first."""
    documents = await store.documents(SessionDocument).find({"subject": subject}).to_list()
    return sorted(map(_read_session, documents), key=lambda session: (session.began_at, session.id))


async def find_ended_since(store: DocumentStore, since: datetime) -> list[str]:
    """Return the ids of sessions ended after an instant: those whose access tokens may not have expired."""
    rows = store[COLLECTION].find({"ended_at": {"$gt": since}}, {"_id": 1})
    return [cast(str, row["_id"]) async for row in rows]


# ---------------------------------------------------------------- writes
def open_write(session: Session) -> Write:
    """Return the insertion of a new session."""
    document = SessionDocument(
        id=session.id,
        subject=session.subject,
        role=session.role,
        store=session.store,
        own_members=list(session.own_members) or None,
        installation=session.installation,
        began=session.began_at,
        until=session.expires_at,
        token=session.tokens.current,
        before=session.tokens.previous,
        rotated_at=session.tokens.rotated_at,
        purge_at=session.expires_at + KEPT_AFTER_END,
    )
    return insert(COLLECTION, document.row())


async def rotate(
    store: DocumentStore, session: str, *, old: str, new: str, until: datetime, now: datetime
) -> bool:
    """Replace the old token's hash by a new one's; False where the old one no longer works."""
    query = {"_id": session, "token": old, "ended_at": None}
    sets = {
        "token": new,
        "before": old,
        "rotated_at": now,
        "until": until,
        "purge_at": until + KEPT_AFTER_END,
    }
    result = await store.documents(SessionDocument).update_first(query, {"$set": sets})
    return result.matched_count == 1


def after_rotation(session: Session, *, new: str, until: datetime, now: datetime) -> Session:
    """Return the session as a rotation left it."""
    return replace(session, expires_at=until, tokens=SessionTokens(new, session.tokens.current, now))


async def end_session(store: DocumentStore, session: str, *, reason: str, now: datetime) -> bool:
    """End a session; False where it had ended."""
    query = {"_id": session, "ended_at": None}
    change = {"$set": {"ended_at": now, "ended_by": reason}}
    result = await store.documents(SessionDocument).update_first(query, change)
    return result.modified_count == 1


def end_write(session: str, *, reason: str, now: datetime) -> Write:
    """Return the write that ends a session; nothing where it had ended."""
    change = {"$set": {"ended_at": now, "ended_by": reason}}
    return update(COLLECTION, {"_id": session, "ended_at": None}, change)


async def end_all(store: DocumentStore, subject: str, *, reason: str, now: datetime) -> list[str]:
    """End every session that somebody has; return their ids."""
    rows = store[COLLECTION].find({"subject": subject, "ended_at": None, "until": {"$gt": now}}, {"_id": 1})
    ids = [cast(str, row["_id"]) async for row in rows]
    return [each for each in ids if await end_session(store, each, reason=reason, now=now)]


def _read_session(document: SessionDocument) -> Session:
    kind, _, owner_id = document.subject.partition(":")
    return Session(
        id=document.id,
        kind=cast(SessionKind, kind),
        owner_id=owner_id,
        began_at=document.began,
        expires_at=document.until,
        tokens=SessionTokens(document.token, document.before, document.rotated_at),
        role=document.role,
        store=document.store,
        own_members=tuple(document.own_members or ()),
        installation=document.installation,
        ended_at=document.ended_at,
    )

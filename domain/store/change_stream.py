"""One change stream a process: rows of the journal, letters of the inbox, ended sessions, dropped keys,
systems that hold keys, and whose profile, invitations or read letters have changed; and in a demo that its
clock has moved.

It resumes where it was cut off, by its own token, for as long as the server remembers; otherwise it begins
from now. A listener reads afresh each time that it begins: the database is the truth, the stream only tells
that it has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import field
from datetime import timedelta
from typing import Any, Literal, cast

import pymongo
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.errors import OperationFailure, PyMongoError

from domain.model.values import dataclass
from domain.store import meta
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.intake import clients
from domain.store.ledger import journal, members
from domain.store.messages import inbox
from domain.store.people import dropped_keys, sessions

AWAIT_MILLISECONDS = 1000
SILENCE_SECONDS = 10.0
INSERTS = {
    "operationType": "insert",
    "ns.coll": {"$in": [journal.COLLECTION, inbox.COLLECTION, dropped_keys.COLLECTION]},
}
SESSION_ENDS = {
    "operationType": "update",
    "ns.coll": sessions.COLLECTION,
    "updateDescription.updatedFields.ended_at": {"$exists": True},
}
PROFILE_CHANGES = {
    "operationType": "update",
    "ns.coll": members.COLLECTION,
    "$or": [
        {"updateDescription.updatedFields.profile_version": {"$exists": True}},
        {"updateDescription.updatedFields.invited": {"$exists": True}},
    ],
}
READ_LETTERS = {
    "operationType": "update",
    "ns.coll": inbox.MAILBOXES,
    "updateDescription.updatedFields.changed_version": {"$exists": True},
}
CLOCK_MOVES = {
    "operationType": {"$in": ["insert", "update"]},
    "ns.coll": meta.COLLECTION,
    "documentKey._id": meta.CLOCK_ID,
}
CLIENT_CHANGES = {"operationType": {"$in": ["insert", "replace"]}, "ns.coll": clients.COLLECTION}
PIPELINE = [
    {
        "$match": {
            "$or": [INSERTS, SESSION_ENDS, PROFILE_CHANGES, READ_LETTERS, CLOCK_MOVES, CLIENT_CHANGES],
        }
    }
]
# The server cannot carry on from our token any more: the token is no good, the stream was ended for good, its
# history is gone.
NOT_RESUMABLE = frozenset({260, 280, 286})


class StreamLost(Exception):
    """The stream ended; the message names the kind of fault. The next stream resumes where this one was."""


@dataclass(frozen=True, slots=True)
class InsertedRow:
    """A row that was inserted into the journal or the inbox, as its document."""

    collection: Literal["journal", "inbox"]
    row: Raw


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A session that was ended, by its id."""

    session: str


@dataclass(frozen=True, slots=True)
class KeyDropped:
    """A signing key that was dropped, by its name."""

    kid: str


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """A member whose profile or invitations changed, or who read letters: what stands in no inserted row."""

    member: str


@dataclass(frozen=True, slots=True)
class ClockMoved:
    """By how much a demo's programme is ahead of the world from now on."""

    ahead: timedelta


@dataclass(frozen=True, slots=True)
class ClientChanged:
    """A system that holds keys was added or changed, as its document."""

    row: Raw


Change = InsertedRow | SessionEnded | KeyDropped | MemberChanged | ClockMoved | ClientChanged


@dataclass(slots=True)
class ChangeStream:
    """The change stream of this process; `token` is its position."""

    token: Raw | None = field(default=None)

    async def changes(self, store: DocumentStore) -> AsyncGenerator[Change | None, None]:
        """Yield what is committed from now on, or since the last time; None once, when the stream has begun.

        Raises StreamLost. The client's timeout would cut each wait short, so the server's timeout holds here,
        and ours behind it.
        """
        try:
            with pymongo.timeout(0):
                stream = await store.mongo.watch(
                    PIPELINE, max_await_time_ms=AWAIT_MILLISECONDS, resume_after=cast(Any, self.token)
                )
            try:
                yield None
                while stream.alive:
                    change = await self._next(stream)
                    if change is not None:
                        yield change
            finally:
                await stream.close()
        except OperationFailure as fault:
            if fault.code in NOT_RESUMABLE or fault.has_error_label("NonResumableChangeStreamError"):
                self.token = None
            raise StreamLost(type(fault).__name__) from fault
        except (PyMongoError, TimeoutError) as fault:
            raise StreamLost(type(fault).__name__) from fault
        self.token = (
            None  # the server has ended it, as where the database is dropped: nothing carries on from there
        )
        raise StreamLost("ended by the server")

    async def _next(self, stream: AsyncChangeStream[Raw]) -> Change | None:
        async with asyncio.timeout(SILENCE_SECONDS):
            with pymongo.timeout(0):
                change = await stream.try_next()
        self.token = stream.resume_token or self.token
        if change is None:
            return None
        if change["ns"]["coll"] == meta.COLLECTION:
            fields = change.get("fullDocument") or change["updateDescription"]["updatedFields"]
            return ClockMoved(timedelta(milliseconds=fields["ahead_ms"]))
        if change["ns"]["coll"] == clients.COLLECTION:
            return ClientChanged(change["fullDocument"])
        if change["operationType"] == "update":
            if change["ns"]["coll"] != sessions.COLLECTION:
                return MemberChanged(change["documentKey"]["_id"])
            return SessionEnded(change["documentKey"]["_id"])
        if change["ns"]["coll"] == dropped_keys.COLLECTION:
            return KeyDropped(change["documentKey"]["_id"])
        return InsertedRow(change["ns"]["coll"], change["fullDocument"])

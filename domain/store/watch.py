"""One change stream a process, over all that is told as it happens: rows of the journal, letters of the
inbox, sessions that ended.

It carries on where it was cut off, by its own token, for as long as the server remembers; where it does not,
it begins from now. Whoever listens looks for themselves each time that it begins: the database is the truth,
the stream only tells that it has moved.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import pymongo
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.errors import OperationFailure, PyMongoError

from domain.store import inbox, journal, sessions
from domain.store.base import Store
from domain.store.connect import Raw

AWAIT_MILLISECONDS = 1000
SILENCE_SECONDS = 10.0
COMES = {"operationType": "insert", "ns.coll": {"$in": [journal.COLLECTION, inbox.COLLECTION]}}
ENDS = {
    "operationType": "update",
    "ns.coll": sessions.COLLECTION,
    "updateDescription.updatedFields.ended_at": {"$exists": True},
}
PIPELINE = [{"$match": {"$or": [COMES, ENDS]}}]
# The server cannot carry on from our token any more: the token is no good, the stream was ended for good, its
# history is gone.
FORGOTTEN = frozenset({260, 280, 286})


class WatchLost(Exception):
    """The stream ended; the message names the kind of fault alone. The next one carries on where this one
    was.
    """


@dataclass(frozen=True, slots=True)
class Written:
    """A row of the journal or of the inbox that came to be, as its document."""

    of: Literal["journal", "inbox"]
    row: Raw


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that was ended, by its id."""

    session: str


Change = Written | Ended


@dataclass(slots=True)
class Watch:
    """One a process; `token` is where it stands."""

    token: Raw | None = field(default=None)

    async def changes(self, store: Store) -> AsyncGenerator[Change | None, None]:
        """Yield what is committed from now on, or since the last time; None once, when watching has begun.
        Raises WatchLost.

        The client's time for a call would cut each wait for news short, so here the server's own word for it
        counts, and ours behind it.
        """
        try:
            with pymongo.timeout(0):
                stream = await store.data.watch(
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
            if fault.code in FORGOTTEN or fault.has_error_label("NonResumableChangeStreamError"):
                self.token = None
            raise WatchLost(type(fault).__name__) from fault
        except (PyMongoError, TimeoutError) as fault:
            raise WatchLost(type(fault).__name__) from fault
        self.token = (
            None  # the server has ended it, as where the database is dropped: nothing carries on from there
        )
        raise WatchLost("ended by the server")

    async def _next(self, stream: AsyncChangeStream[Raw]) -> Change | None:
        async with asyncio.timeout(SILENCE_SECONDS):
            with pymongo.timeout(0):
                change = await stream.try_next()
        self.token = stream.resume_token or self.token
        if change is None:
            return None
        if change["operationType"] == "update":
            return Ended(change["documentKey"]["_id"])
        return Written(change["ns"]["coll"], change["fullDocument"])

"""One change stream a process over what members are told of: rows of the journal and letters of the inbox, as they are committed.

It carries on where it was cut off, by its own token, for as long as the server remembers; where it does not, it begins from now and says
so. Whoever listens must then look for themselves: the journal is the truth, the stream only tells that it has moved.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from domain.store import inbox, journal
from domain.store.base import Store
from domain.store.connect import Raw

AWAIT_MILLISECONDS = 1000
SILENCE_SECONDS = 10.0
PIPELINE = [{"$match": {"operationType": "insert", "ns.coll": {"$in": [journal.COLLECTION, inbox.COLLECTION]}}}]
FORGOTTEN = frozenset({280, 286})  # the server cannot carry on from our token any more


class WatchLost(Exception):
    """The stream ended; the message names the kind of fault alone. The next one carries on where this one was."""


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the journal or of the inbox that came to be, as its document."""

    of: Literal["journal", "inbox"]
    row: Raw


@dataclass(slots=True)
class Watch:
    """One a process; `token` is where it stands."""

    token: Raw | None = field(default=None)

    async def changes(self, store: Store) -> AsyncIterator[Change | None]:
        """Yield what is committed from now on, or since the last time; None once, when watching has begun. Raises WatchLost.

        The client's time for a call would cut each wait for news short, so here the server's own word for it counts, and ours behind it.
        """
        try:
            with pymongo.timeout(0):
                stream = await store.data.watch(PIPELINE, max_await_time_ms=AWAIT_MILLISECONDS, resume_after=cast(Any, self.token))
            try:
                yield None
                while True:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        with pymongo.timeout(0):
                            change = await stream.try_next()
                    self.token = stream.resume_token or self.token
                    if change is not None:
                        yield Change(change["ns"]["coll"], change["fullDocument"])
            finally:
                await stream.close()
        except OperationFailure as fault:
            if fault.code in FORGOTTEN or fault.has_error_label("NonResumableChangeStreamError"):
                self.token = None
            raise WatchLost(type(fault).__name__) from fault
        except (PyMongoError, TimeoutError) as fault:
            raise WatchLost(type(fault).__name__) from fault

"""What any process commits, handed on as it happens: one change stream a process, and whoever wants its news.

A stream that is lost is opened again, ever more patiently. Each time that it opens, everybody looks for
themselves what they missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from typing import Protocol

import structlog

from domain.store.change_stream import Change, ChangeStream, StreamLost
from domain.store.document_store import DatabaseError, DocumentStore

SHORTEST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Hearer(Protocol):
    """One that wants to know what is committed."""

    async def look(self, store: DocumentStore, *, now: datetime) -> None:
        """Find out what was missed: the stream has just begun, and tells nothing of what was before it."""

    def hear(self, change: Change, *, now: datetime) -> None:
        """Take one change; what does not concern this hearer is none of its business."""


class Follower:
    """One a process; `following` is set while the stream is open and everybody has looked."""

    def __init__(self, *hearers: Hearer) -> None:
        self._hearers = hearers
        self._watch = ChangeStream()
        self.following = asyncio.Event()

    async def follow(self, store: DocumentStore, *, clock: Callable[[], datetime]) -> None:
        """Hand on what is committed, by whichever process, until cancelled."""
        pause, lost = SHORTEST_PAUSE_SECONDS, False
        while True:
            try:
                async with aclosing(self._watch.changes(store)) as changes:
                    async for change in changes:
                        if change is None:
                            await self._begin(store, now=clock())
                            if lost:
                                log.info("following.again")
                            pause, lost = SHORTEST_PAUSE_SECONDS, False
                        else:
                            self._tell(change, now=clock())
            except (StreamLost, DatabaseError) as fault:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    # The driver met a fault while it cleaned up after being cancelled: that hides the
                    # cancellation, and must not.
                    raise asyncio.CancelledError from fault
                log.warning(
                    "following.lost", why=type(fault.__cause__ or fault).__name__, again_in_seconds=pause
                )
            self.following.clear()
            lost = True
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _begin(self, store: DocumentStore, *, now: datetime) -> None:
        for hearer in self._hearers:
            await hearer.look(store, now=now)
        self.following.set()

    def _tell(self, change: Change, *, now: datetime) -> None:
        for hearer in self._hearers:
            try:
                hearer.hear(change, now=now)
            except Exception:
                # A row that a newer version of us has written, say: it must not end the news of all others.
                log.exception(
                    "following.not_understood", change=type(change).__name__, hearer=type(hearer).__name__
                )

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

MIN_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class ChangeHandler(Protocol):
    """One that wants to know what is committed."""

    async def catch_up(self, store: DocumentStore, *, now: datetime) -> None:
        """Find out what was missed: the stream has just begun, and tells nothing of what was before it."""

    def handle_change(self, change: Change, *, now: datetime) -> None:
        """Take one change; what does not concern this hearer is none of its business."""


class ChangeFollower:
    """One a process; `following` is set while the stream is open and everybody has looked."""

    def __init__(self, *handlers: ChangeHandler) -> None:
        self._handlers = handlers
        self._change_stream = ChangeStream()
        self.is_following = asyncio.Event()

    async def follow(self, store: DocumentStore, *, clock: Callable[[], datetime]) -> None:
        """Hand on what is committed, by whichever process, until cancelled."""
        pause_seconds, was_lost = MIN_PAUSE_SECONDS, False
        while True:
            try:
                async with aclosing(self._change_stream.changes(store)) as changes:
                    async for change in changes:
                        if change is None:
                            await self._start_following(store, now=clock())
                            if was_lost:
                                log.info("following.again")
                            pause_seconds, was_lost = MIN_PAUSE_SECONDS, False
                        else:
                            self._dispatch(change, now=clock())
            except (StreamLost, DatabaseError) as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    # The driver met a fault while it cleaned up after being cancelled: that hides the
                    # cancellation, and must not.
                    raise asyncio.CancelledError from error
                log.warning(
                    "following.lost",
                    why=type(error.__cause__ or error).__name__,
                    again_in_seconds=pause_seconds,
                )
            self.is_following.clear()
            was_lost = True
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, MAX_PAUSE_SECONDS)

    async def _start_following(self, store: DocumentStore, *, now: datetime) -> None:
        for handler in self._handlers:
            await handler.catch_up(store, now=now)
        self.is_following.set()

    def _dispatch(self, change: Change, *, now: datetime) -> None:
        for handler in self._handlers:
            try:
                handler.handle_change(change, now=now)
            except Exception:
                # A row that a newer version of us has written, say: it must not end the news of all others.
                log.exception(
                    "following.not_understood", change=type(change).__name__, hearer=type(handler).__name__
                )

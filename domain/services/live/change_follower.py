"""The change follower: one change stream in each process, handed to every handler.

A lost stream is opened again after a pause that grows. Each time that it opens, every handler reads what it
missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from typing import Protocol

import structlog

from domain.store.cancellation import raise_pending_cancellation
from domain.store.change_stream import Change, ChangeStream, StreamLost
from domain.store.counters import FOLLOWS_CHANGES
from domain.store.document_store import DatabaseError, DocumentStore

MIN_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class ChangeHandler(Protocol):
    """Wants to know what is committed."""

    async def catch_up(self, store: DocumentStore, *, now: datetime) -> None:
        """Read what was missed: the stream has just opened, and does not tell what was before."""

    def handle_change(self, change: Change, *, now: datetime) -> None:
        """Take one change, and ignore what does not concern this handler."""


class ChangeFollower:
    """Follows the change stream. `is_following` is set while it is open and every handler has caught up."""

    def __init__(self, *handlers: ChangeHandler) -> None:
        self._handlers = handlers
        self._change_stream = ChangeStream()
        self.is_following = asyncio.Event()

    async def follow(self, store: DocumentStore, *, clock: Callable[[], datetime]) -> None:
        """Hand on what any process commits, until cancelled."""
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
                raise_pending_cancellation()
                log.warning(
                    "following.lost",
                    why=type(error.__cause__ or error).__name__,
                    again_in_seconds=pause_seconds,
                )
            self.is_following.clear()
            FOLLOWS_CHANGES.set(0)
            was_lost = True
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 2, MAX_PAUSE_SECONDS)

    async def _start_following(self, store: DocumentStore, *, now: datetime) -> None:
        for handler in self._handlers:
            await handler.catch_up(store, now=now)
        self.is_following.set()
        FOLLOWS_CHANGES.set(1)

    def _dispatch(self, change: Change, *, now: datetime) -> None:
        for handler in self._handlers:
            try:
                handler.handle_change(change, now=now)
            except Exception:
                # A row of a newer version, for example: it must not stop the changes for the other handlers.
                log.exception(
                    "following.not_understood", change=type(change).__name__, hearer=type(handler).__name__
                )

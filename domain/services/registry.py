"""Which sessions have ended, in memory, so that knowing a caller costs no database command.

Only sessions that ended while an access token of theirs may still be about are kept. What this process ends is known at once;
what others end comes by the change stream, a moment later. A lost stream is opened again and what was missed is read.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog

from domain.store import sessions
from domain.store.base import Store, Unavailable

# Longer than any access token lives: settings allow an hour at most.
REMEMBERED = timedelta(hours=2)
SHORTEST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class SessionRegistry:
    """One a process."""

    def __init__(self) -> None:
        self._ended: OrderedDict[str, datetime] = OrderedDict()
        self.following = asyncio.Event()

    def alive(self, session: str) -> bool:
        """Tell whether a session that was opened has not been ended since."""
        return session not in self._ended

    def note_ended(self, ids: Iterable[str], *, now: datetime) -> None:
        """Remember sessions as ended, and forget those whose tokens are long gone."""
        for each in ids:
            self._ended[each] = now
            self._ended.move_to_end(each)
        while self._ended and next(iter(self._ended.values())) < now - REMEMBERED:
            self._ended.popitem(last=False)

    async def load(self, store: Store, *, now: datetime) -> None:
        """Read which sessions ended lately: once before the first request."""
        self.note_ended(await sessions.ended_since(store, now - REMEMBERED), now=now)

    async def follow(self, store: Store, *, clock: Callable[[], datetime]) -> None:
        """Keep up with what other processes end, until cancelled; `following` is set while a stream is open."""
        pause = SHORTEST_PAUSE_SECONDS
        while True:
            try:
                async for ended in sessions.watch_ended(store):
                    if ended is None:
                        # The stream is open: what ended before that is read now, so nothing falls between.
                        await self.load(store, now=clock())
                        self.following.set()
                        pause = SHORTEST_PAUSE_SECONDS
                    else:
                        self.note_ended([ended], now=clock())
            except (sessions.WatchLost, Unavailable) as fault:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    # The driver met a fault while it cleaned up after being cancelled: that hides the cancellation, and must not.
                    raise asyncio.CancelledError from fault
                log.warning("sessions.watch_lost", why=type(fault.__cause__ or fault).__name__, again_in_seconds=pause)
            self.following.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

"""The ended sessions, in memory, so that knowing a caller costs no database command.

Only sessions that ended while one of their access tokens may still work are kept. What this process ends is
known at once; what others end comes by the change stream, a moment later. Whoever serves a session is told at
once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from domain.store.change_stream import Change, SessionEnded
from domain.store.document_store import DocumentStore
from domain.store.people import sessions

# Longer than the life of any access token: settings allow an hour at most.
REMEMBERED_FOR = timedelta(hours=2)


class SessionRegistry:
    """The ended sessions of one process; a process has one."""

    def __init__(self) -> None:
        self._ended_at: OrderedDict[str, datetime] = OrderedDict()
        self._end_callbacks: dict[str, set[Callable[[], None]]] = {}

    def is_alive(self, session: str) -> bool:
        """Tell whether a session has not ended."""
        return session not in self._ended_at

    @contextmanager
    def serving(self, session: str, on_end: Callable[[], None]) -> Iterator[None]:
        """Call `on_end` once, as soon as the session is known to have ended while the block runs. It must not
        raise.
        """
        self._end_callbacks.setdefault(session, set()).add(on_end)
        try:
            yield
        finally:
            callbacks = self._end_callbacks.get(session, set())
            callbacks.discard(on_end)
            if not callbacks:
                self._end_callbacks.pop(session, None)

    def note_ended(self, ids: Iterable[str], *, now: datetime) -> None:
        """Remember ended sessions, tell whoever serves them, forget those whose tokens expired."""
        for session_id in ids:
            self._ended_at[session_id] = now
            self._ended_at.move_to_end(session_id)
            for on_end in self._end_callbacks.pop(session_id, ()):
                on_end()
        while self._ended_at and next(iter(self._ended_at.values())) < now - REMEMBERED_FOR:
            self._ended_at.popitem(last=False)

    async def catch_up(self, store: DocumentStore, *, now: datetime) -> None:
        """Read which sessions ended lately: before the first request, and whenever some were missed."""
        self.note_ended(await sessions.find_ended_since(store, now - REMEMBERED_FOR), now=now)

    def handle_change(self, change: Change, *, now: datetime) -> None:
        """Take the end of a session."""
        if isinstance(change, SessionEnded):
            self.note_ended([change.session], now=now)

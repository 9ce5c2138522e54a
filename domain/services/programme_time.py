"""The programme's time, which is the world's but in a demo whose clock was moved forward (`selo clock`).

Whatever a programme decides by takes it: lots, delays, reviews, vouchers, birthdays, schedules, messages.
What keeps people and machines safe is on the world's time: tokens, sessions, codes, card steps, rates.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.model.values import dataclass
from domain.store import programme_clock
from domain.store.change_stream import Change, ClockMoved
from domain.store.document_store import DocumentStore


@dataclass(slots=True)
class ProgrammeTime:
    """How far the programme of this process is ahead; a handler of changes. `is_demo` tells whether it may be
    moved at all.
    """

    ahead: timedelta = timedelta(0)
    is_demo: bool = False

    def at(self, instant: datetime) -> datetime:
        """Return the programme's instant at an instant of the world."""
        return instant + self.ahead

    async def read(self, store: DocumentStore) -> None:
        """Read the clock of a demo."""
        ahead = await programme_clock.find_ahead(store)
        self.is_demo = ahead is not None
        self._move(ahead or timedelta(0))

    async def catch_up(self, store: DocumentStore, *, now: datetime) -> None:
        """Read what the clock was moved by before the stream opened."""
        await self.read(store)

    def handle_change(self, change: Change, *, now: datetime) -> None:
        """Follow the clock."""
        if isinstance(change, ClockMoved):
            self.is_demo = True
            self._move(change.ahead)

    def _move(self, ahead: timedelta) -> None:
        self.ahead = max(self.ahead, ahead)  # never back, in whatever order it is heard of

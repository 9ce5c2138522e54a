"""What happens to members, told as it happens to whoever listens: the news of the change stream, handed on in
memory.

Nothing is kept for a listener but the few rows it has not taken yet: one that falls behind reads the rest
from the journal, as one that comes back does. Where the stream was lost, every listener looks for itself what
it missed meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from domain.model.ledger.decision import JournalRow
from domain.store.change_stream import Change, InsertedRow
from domain.store.document_store import DocumentStore
from domain.store.ledger import journal_rows
from domain.store.messages import inbox
from domain.store.messages.inbox import Letter

T = TypeVar("T")

IN_HAND = 20
APART = timedelta(milliseconds=100)  # as far as the clocks of two machines may be


@dataclass(slots=True, eq=False)
class Listener:
    """One subscription: the newest counters heard of, and the last rows and letters themselves. `missed`
    where it must look itself.
    """

    heard: asyncio.Event = field(default_factory=asyncio.Event)
    seq: int = 0
    n: int = 0
    missed: bool = False
    rows: OrderedDict[int, JournalRow] = field(default_factory=OrderedDict)
    letters: OrderedDict[int, Letter] = field(default_factory=OrderedDict)

    def hear_row(self, row: JournalRow) -> None:
        """Take a row of the journal."""
        self.seq = max(self.seq, row.seq)
        _put(self.rows, row.seq, row)
        self.heard.set()

    def hear_letter(self, letter: Letter) -> None:
        """Take a letter."""
        self.n = max(self.n, letter.number)
        _put(self.letters, letter.number, letter)
        self.heard.set()

    def look(self) -> None:
        """Be told that something may have been missed."""
        self.missed = True
        self.heard.set()


def _put(kept: OrderedDict[int, T], counter: int, one: T) -> None:
    kept[counter] = one
    if len(kept) > IN_HAND:
        kept.popitem(last=False)


class Live:
    """One a process. `promised` is set when something was written that a worker should send, `due` when the
    agenda got what is due now.
    """

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = {}
        self.promised = asyncio.Event()
        self.due = asyncio.Event()

    @contextmanager
    def listening(self, member: str) -> Iterator[Listener]:
        """Listen to what happens to a member while the block runs."""
        listener = Listener()
        self._listeners.setdefault(member, set()).add(listener)
        try:
            yield listener
        finally:
            left = self._listeners[member]
            left.discard(listener)
            if not left:
                del self._listeners[member]

    @property
    def listeners(self) -> int:
        """Return how many listen."""
        return sum(map(len, self._listeners.values()))

    async def look(self, store: DocumentStore, *, now: datetime) -> None:
        """Let everybody look: what was committed before the stream was open, it does not tell."""
        self.promised.set()
        self.due.set()
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.look()

    def hear(self, change: Change, *, now: datetime) -> None:
        """Take a change: a row or a letter, for those who listen to its member."""
        if not isinstance(change, InsertedRow):
            return
        if change.row.get("messages") or change.row.get("effects"):
            self.promised.set()
        if any(due <= now + APART for _, due, _ in change.row.get("later", ())):
            self.due.set()
        listeners = self._listeners.get(change.row["member"])
        if not listeners:
            return
        if change.collection == "journal":
            row = journal_rows.read_row(change.row)
            for listener in listeners:
                listener.hear_row(row)
        else:
            letter = inbox.read_letter(change.row)
            for listener in listeners:
                listener.hear_letter(letter)

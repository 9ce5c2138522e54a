"""The activity hub: hands changes of the database to whoever subscribes to a member, in memory.

A listener keeps only the few rows that it has not read yet. One that falls behind reads the rest from the
journal. Where the change stream was lost, every listener reads what it missed.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from datetime import datetime, timedelta
from typing import TypeVar

from domain.model.ledger.decision import JournalRow
from domain.model.values import dataclass
from domain.services.programme_time import ProgrammeTime
from domain.store.change_stream import Change, ClockMoved, InsertedRow, MemberChanged
from domain.store.document_store import DocumentStore
from domain.store.ledger import journal_rows
from domain.store.messages import inbox
from domain.store.messages.inbox import Letter

T = TypeVar("T")

MAX_IN_HAND = 20
MAX_CLOCK_SKEW = timedelta(milliseconds=100)  # between the clocks of two machines


@dataclass(slots=True, eq=False)
class ActivityListener:
    """One subscription: the newest counters it heard of, and the newest rows and letters themselves.

    `must_catch_up` is set where it may have missed something and must read.
    """

    has_news: asyncio.Event = field(default_factory=asyncio.Event)
    seq: int = 0
    letter_number: int = 0
    must_catch_up: bool = False
    rows: OrderedDict[int, JournalRow] = field(default_factory=OrderedDict)
    letters: OrderedDict[int, Letter] = field(default_factory=OrderedDict)

    def add_row(self, row: JournalRow) -> None:
        """Take a journal row."""
        self.seq = max(self.seq, row.seq)
        _put_bounded(self.rows, row.seq, row)
        self.has_news.set()

    def add_letter(self, letter: Letter) -> None:
        """Take a letter."""
        self.letter_number = max(self.letter_number, letter.number)
        _put_bounded(self.letters, letter.number, letter)
        self.has_news.set()

    def request_catch_up(self) -> None:
        """Note that something may have been missed."""
        self.must_catch_up = True
        self.has_news.set()


def _put_bounded(records: OrderedDict[int, T], counter: int, record: T) -> None:
    records[counter] = record
    if len(records) > MAX_IN_HAND:
        records.popitem(last=False)


class ActivityHub:
    """The listeners of one process, by member, and the events that wake its workers.

    `outbox_ready` is set when a row has something to send, `agenda_ready` when the agenda has something due.
    """

    def __init__(self, programme_time: ProgrammeTime | None = None) -> None:
        self._time = programme_time or ProgrammeTime()
        self._listeners: dict[str, set[ActivityListener]] = {}
        self.outbox_ready = asyncio.Event()
        self.agenda_ready = asyncio.Event()

    @contextmanager
    def listen(self, member: str) -> Iterator[ActivityListener]:
        """Yield a listener to what happens to a member while the block runs."""
        listener = ActivityListener()
        self._listeners.setdefault(member, set()).add(listener)
        try:
            yield listener
        finally:
            listeners = self._listeners[member]
            listeners.discard(listener)
            if not listeners:
                del self._listeners[member]

    @property
    def listener_count(self) -> int:
        """Return how many listeners there are."""
        return sum(map(len, self._listeners.values()))

    async def catch_up(self, store: DocumentStore, *, now: datetime) -> None:
        """Wake every listener and worker: the stream does not tell what was committed before it opened."""
        self.outbox_ready.set()
        self.agenda_ready.set()
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.request_catch_up()

    def handle_change(self, change: Change, *, now: datetime) -> None:
        """Hand a row or a letter to its member's listeners, and wake the workers."""
        if isinstance(change, ClockMoved):
            self.outbox_ready.set()
            self.agenda_ready.set()
            return
        if isinstance(change, MemberChanged):
            for listener in self._listeners.get(change.member, ()):
                listener.request_catch_up()
            return
        if not isinstance(change, InsertedRow):
            return
        if change.row.get("messages") or change.row.get("effects"):
            self.outbox_ready.set()
        due_by = self._time.at(now) + MAX_CLOCK_SKEW
        if any(due <= due_by for _, due, _ in change.row.get("later", ())):
            self.agenda_ready.set()
        listeners = self._listeners.get(change.row["member"])
        if not listeners:
            return
        if change.collection == "journal":
            row = journal_rows.read_row(change.row)
            for listener in listeners:
                listener.add_row(row)
        else:
            letter = inbox.read_letter(change.row)
            for listener in listeners:
                listener.add_letter(letter)

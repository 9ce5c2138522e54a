"""What this process knows of the histories of members whose events came late: an offline till's queue is
decided by a history that is read once.

A history covers what happened between two instants, up to one row of the journal. Rows that this process
commits are added without a read; rows of other processes by a read of those alone. What is known is forgotten
in the order of its last use.
"""

from __future__ import annotations

from asyncio import Lock
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import field
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.model.ledger.decision import JournalRow
from domain.model.ledger.late_events import RowTrace, TraceIndex
from domain.model.values import dataclass

MEMBERS_KNOWN = 100
ROWS_KNOWN = 5_000


@dataclass(slots=True)
class KnownHistory:
    """The rows of one member with instants in [start, end], of all rows up to `seq`. `lock` is held while it
    is read on.
    """

    start: datetime
    end: datetime
    seq: int
    lock: Lock = field(default_factory=Lock)
    _traces: dict[int, RowTrace] = field(default_factory=dict)
    _index: TraceIndex | None = None
    _zone: ZoneInfo | None = None

    def __len__(self) -> int:
        return len(self._traces)

    def add(self, rows: Iterable[JournalRow]) -> None:
        """Add rows of the time that is covered, each once."""
        for row in rows:
            if self.start <= row.event.at <= self.end and row.seq <= self.seq and row.seq not in self._traces:
                trace = self._traces[row.seq] = RowTrace.from_row(row)
                if self._index is not None:
                    self._index.add(trace)

    def index(self, zone: ZoneInfo) -> TraceIndex:
        """Return the rows as a late event looks them up, by the calendar of a zone."""
        if self._index is None or self._zone != zone:
            self._index, self._zone = TraceIndex(zone), zone
            for seq in sorted(self._traces):
                self._index.add(self._traces[seq])
        return self._index


class KnownHistories:
    """The histories that a process knows, by member."""

    def __init__(self) -> None:
        self._by_member: OrderedDict[str, KnownHistory] = OrderedDict()

    def find(self, member: str) -> KnownHistory | None:
        """Return what is known of a member."""
        known = self._by_member.get(member)
        if known is not None:
            self._by_member.move_to_end(member)
        return known

    def keep(self, member: str, history: KnownHistory) -> None:
        """Keep a member's history in place of what was known."""
        self._by_member[member] = history
        self._by_member.move_to_end(member)
        if len(self._by_member) > MEMBERS_KNOWN:
            self._by_member.popitem(last=False)

    def note_committed(self, member: str, rows: Iterable[JournalRow]) -> None:
        """Add the rows of a committed decision. What follows a row that is not known, or comes while the
        history is read on, is left to the next read.
        """
        known = self._by_member.get(member)
        if known is None or known.lock.locked():
            return
        for row in rows:
            if row.seq == known.seq + 1:
                known.seq = row.seq
                known.add([row])
        if len(known) > ROWS_KNOWN:
            del self._by_member[member]

"""Counting the calls of shops and systems that are refused before anything of them is stored.

They are counted in the process and written down every five seconds, in one transaction however many came. A
flood costs no more than that: what no source or system is known of is counted together, and a source has one
row a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

import structlog

from domain.model.calendar import milliseconds
from domain.model.intake.refusals import OF_KEYS, CallRefusal, IntakeDoor
from domain.model.values import dataclass
from domain.store.cancellation import raise_pending_cancellation
from domain.store.counters import CALLS_REFUSED
from domain.store.document_store import Busy, DatabaseError, DocumentStore, StoreFault
from domain.store.intake import refused_calls
from domain.store.intake.refused_calls import STRANGERS, RefusedCalls
from domain.store.ledger.programmes import NothingPublished, Programmes

WRITE_SECONDS: Final = 5.0
MOST_SOURCES: Final = 1_000  # of a process and a day; what is beyond is counted with strangers
MOST_WRITES: Final = 200
LOOKED_BACK: Final = timedelta(days=30)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LastTaken:
    """When something of a source was taken last, and when a key of it was used last; None for never."""

    at: datetime | None
    key_used_at: datetime | None = None

    def after(self, reason: CallRefusal) -> datetime | None:
        """Return since when a refusal for a reason is over; None where nothing came since."""
        instants = (self.at, self.key_used_at if reason in OF_KEYS else None)
        return max((each for each in instants if each is not None), default=None)


class RefusalCounts:
    """What one process has refused and has not written down yet; a process has one. Days are those of the
    programme's zone.
    """

    def __init__(self, programmes: Programmes) -> None:
        self._programmes = programmes
        self._counts: dict[tuple[str, date], dict[CallRefusal, RefusedCalls]] = {}

    def __len__(self) -> int:
        """Return how many rows wait to be written."""
        return len(self._counts)

    def count(
        self, door: IntakeDoor, source: str | None, reason: CallRefusal, *, now: datetime, calls: int = 1
    ) -> None:
        """Count a call, or several. `source` is one that is known, None for a stranger's."""
        CALLS_REFUSED.labels(door, reason).inc(calls)
        now = milliseconds(now)
        day = now.astimezone(self._zone()).date()
        key = (source or STRANGERS, day)
        if key not in self._counts and len(self._counts) >= MOST_SOURCES:
            key = (STRANGERS, day)
        self._add(RefusedCalls(*key, reason, calls, now, now))

    async def write(self, store: DocumentStore) -> None:
        """Write down what was counted since the last time. What the database does not take waits for the next
        time.
        """
        counts, self._counts = self._counts, {}
        rows = list(counts.items())
        for start in range(0, len(rows), MOST_WRITES):
            part = rows[start : start + MOST_WRITES]
            try:
                await store.transact(
                    [refused_calls.count_write(source, day, each.values()) for (source, day), each in part]
                )
            except (Busy, DatabaseError, StoreFault) as fault:
                log.warning("refusals.not_written", fault=type(fault).__name__)
                for _, reasons in part:
                    for calls in reasons.values():
                        self._add(calls)

    async def keep_writing(self, store: DocumentStore) -> None:
        """Write down what was counted every five seconds, until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write(store)
            raise_pending_cancellation()

    def _add(self, calls: RefusedCalls) -> None:
        reasons = self._counts.setdefault((calls.source, calls.day), {})
        known = reasons.get(calls.reason)
        reasons[calls.reason] = (
            calls
            if known is None
            else replace(
                known,
                count=known.count + calls.count,
                first=min(known.first, calls.first),
                last=max(known.last, calls.last),
            )
        )

    def _zone(self) -> tzinfo:
        try:
            return self._programmes.current().programme.zone
        except NothingPublished:
            return UTC


def standing_refusal(calls: Sequence[RefusedCalls], taken: LastTaken) -> tuple[datetime, CallRefusal] | None:
    """Return since when everything of a source is refused, and for which reason the last time; None where
    something was taken after the last refusal, or nothing was refused.
    """
    standing = [
        (each, ended_at)
        for each in calls
        if (ended_at := taken.after(each.reason)) is None or each.last > ended_at
    ]
    if not standing:
        return None
    since = min(each.first if ended_at is None else max(each.first, ended_at) for each, ended_at in standing)
    newest = max(standing, key=lambda pair: pair[0].last)
    return since, newest[0].reason


async def find_since(
    store: DocumentStore, *, now: datetime, days: timedelta = LOOKED_BACK
) -> list[RefusedCalls]:
    """Return what was refused in the last days, the newest first."""
    return await refused_calls.find_since(store, now - days)

"""The history that a late event is decided by: the programme, the facts and the counts of its own time.

An event is late where the member has a decision of a later instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from domain.model.calendar import Per, local_day, period_start, start_of
from domain.model.event_names import FOLLOWING_EVENTS
from domain.model.ledger.events import Event
from domain.model.ledger.late_events import HistoricalContext
from domain.model.programme import Programme
from domain.services.known_histories import ROWS_KNOWN, KnownHistory
from domain.services.runtime import Runtime
from domain.store.ledger import journal
from domain.store.ledger.members import StoredMember
from domain.store.ledger.programmes import PublishedProgramme

LATE_LIMIT = timedelta(days=400)
FACT_WINDOWS = (timedelta(days=2), timedelta(days=30), LATE_LIMIT)
MOST_NEW_ROWS = 200
_MAX_DAYS: Mapping[Per, int] = {"day": 1, "week": 7, "month": 31, "year": 366}


# ---------------------------------------------------------------- pure rules
def _is_late(stored_member: StoredMember, event: Event) -> bool:
    decided_at = stored_member.member.decided_at
    return decided_at is not None and event.at < decided_at


def _bounding_periods(programme: Programme, names: Iterable[str]) -> set[Per]:
    """Return the kinds of period that limit the rules on some events."""
    return {
        bound.per
        for name in names
        for rule in programme.rules_on(name)
        for bound in (rule.limit, rule.cap, programme.cap(rule.capped_by) if rule.capped_by else None)
        if bound is not None
    }


def _window_of(programme: Programme, event: Event, *, current: Programme) -> tuple[datetime, datetime]:
    """Return the start and the end of all periods that limit the event's rules, and those of the `current`
    programme on what it may raise; 400 days back at most.
    """
    periods = _bounding_periods(programme, [event.name]) | _bounding_periods(current, FOLLOWING_EVENTS)
    event_day = local_day(event.at, programme.zone)
    starts = {per: period_start(event_day, per) for per in periods if per != "ever"}
    ends = [start_of(day, programme.zone) + timedelta(days=_MAX_DAYS[per]) for per, day in starts.items()]
    first_day = min([event_day, *starts.values()])
    return max(start_of(first_day, programme.zone), event.at - LATE_LIMIT), max([event.at, *ends])


# ---------------------------------------------------------------- reads
async def ruling_version(runtime: Runtime, stored_member: StoredMember, event: Event) -> PublishedProgramme:
    """Return the version of the programme that decides an event: of its own time where it is late, but for a
    delayed part of it.
    """
    is_late = _is_late(stored_member, event) and event.delayed_rule is None
    return await runtime.programmes.version_at(event.at) if is_late else runtime.programmes.current()


async def late_event_history(
    runtime: Runtime, stored_member: StoredMember, event: Event
) -> HistoricalContext | None:
    """Return the history that a late event is decided by; None where the event is not late."""
    if not _is_late(stored_member, event):
        return None
    member, published = stored_member.member, await ruling_version(runtime, stored_member, event)
    programme = published.programme
    start, end = _window_of(programme, event, current=runtime.programmes.current().programme)
    known = await _known_history(runtime, member.id, start=start, end=end, seq=member.seq)
    async with known.lock:
        for earliest in (start, *(event.at - window for window in FACT_WINDOWS)):  # most are little late
            await _read_on(runtime, member.id, known, start=earliest, end=end, seq=member.seq)
            if known.index(programme.zone).has_row_by(event.at):
                break
        return known.index(programme.zone).history(programme, at=event.at, version=published.number)


async def _known_history(
    runtime: Runtime, member: str, *, start: datetime, end: datetime, seq: int
) -> KnownHistory:
    """Return what is known of a member's history, read anew where that is of another time or lacks too many
    rows.
    """
    known = runtime.known_histories.find(member)
    if (
        known is not None
        and known.start <= end
        and start <= known.end
        and known.seq >= seq - MOST_NEW_ROWS
        and len(known) <= ROWS_KNOWN
    ):
        return known
    known = KnownHistory(start, end, seq)
    known.add(await journal.find_between(runtime.store, member, start=start, end=end))
    runtime.known_histories.keep(member, known)
    return known


async def _read_on(
    runtime: Runtime, member: str, known: KnownHistory, *, start: datetime, end: datetime, seq: int
) -> None:
    """Read what a known history lacks: the rows since, and what lies between it and a longer time."""
    if known.seq < seq:
        rows = await journal.find_many(runtime.store, member, range(known.seq + 1, seq + 1))
        known.seq = seq
        known.add(rows.values())
    if start < known.start:
        earlier = await journal.find_between(runtime.store, member, start=start, end=known.start)
        known.start = start
        known.add(earlier)
    if end > known.end:
        later = await journal.find_between(runtime.store, member, start=known.end, end=end)
        known.end = end
        known.add(later)

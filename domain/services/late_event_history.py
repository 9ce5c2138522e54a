"""The history that a late event is decided by: the programme, the facts and the counts of its own time.

An event is late where the member has a decision of a later instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.model.calendar import Per, local_day, period_start, start_of
from domain.model.ledger.events import Event, Facts
from domain.model.ledger.late_events import HistoricalContext, history_from_rows
from domain.model.ledger.member import PeriodCount
from domain.model.programme import Programme
from domain.services.runtime import Runtime
from domain.store.ledger import journal
from domain.store.ledger.members import StoredMember

LATE_LIMIT = timedelta(days=400)
FACT_WINDOWS = (timedelta(days=2), timedelta(days=30), LATE_LIMIT)
_MAX_DAYS: Mapping[Per, int] = {"day": 1, "week": 7, "month": 31, "year": 366}


# ---------------------------------------------------------------- pure rules
def _window_of(programme: Programme, event: Event) -> tuple[datetime, datetime]:
    """Return the start and the end of all periods that limit the event's rules; 400 days back at most."""
    periods = {
        bound.per
        for rule in programme.rules_on(event.name)
        for bound in (rule.limit, rule.cap)
        if bound is not None
    }
    event_day = local_day(event.at, programme.zone)
    starts = {per: period_start(event_day, per) for per in periods if per != "ever"}
    ends = [start_of(day, programme.zone) + timedelta(days=_MAX_DAYS[per]) for per, day in starts.items()]
    first_day = min([event_day, *starts.values()])
    return max(start_of(first_day, programme.zone), event.at - LATE_LIMIT), max([event.at, *ends])


def _with_lifetime_counts(
    window_counts: Mapping[str, tuple[PeriodCount, ...]], member_counts: Mapping[str, tuple[PeriodCount, ...]]
) -> dict[str, tuple[PeriodCount, ...]]:
    """Return the counts of periods from the journal's window, and the lifetime counts from the member."""
    counts_by_rule = {
        rule: tuple(one for one in counts if one.per != "ever") for rule, counts in window_counts.items()
    }
    for rule, counts in member_counts.items():
        counts_by_rule[rule] = (*counts_by_rule.get(rule, ()), *(one for one in counts if one.per == "ever"))
    return counts_by_rule


# ---------------------------------------------------------------- reads
async def late_event_history(
    runtime: Runtime, stored_member: StoredMember, event: Event
) -> HistoricalContext | None:
    """Return the history that a late event is decided by; None where the event is not late."""
    member = stored_member.member
    if member.decided_at is None or event.at >= member.decided_at or event.delayed_rule is not None:
        return None
    published = await runtime.programmes.version_at(event.at)
    programme = published.programme
    start, end = _window_of(programme, event)
    rows = await journal.find_between(runtime.store, member.id, start=start, end=end)
    history = history_from_rows(programme, rows, at=event.at, version=published.number)
    facts = (
        history.facts
        if any(row.event.at <= event.at for row in rows)
        else await _last_facts_before(runtime, member.id, event.at)
    )
    return HistoricalContext(
        programme, facts, _with_lifetime_counts(history.counts, member.counters), published.number
    )


async def _last_facts_before(runtime: Runtime, member: str, at: datetime) -> Facts:
    """Return the facts of the last row before an instant. The windows widen: most events are little late."""
    for window in FACT_WINDOWS:
        if rows := await journal.find_between(runtime.store, member, start=at - window, end=at):
            return rows[-1].facts
    return Facts()

"""Badges: counting toward levels, challenges with a time, and streaks of periods in a row. Pure; awards of a
level are decide's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.model.calendar import local_day, period_start, previous_period
from domain.model.ledger.deciding.earning import count_units, is_during
from domain.model.ledger.member import BadgeState, Member
from domain.model.ledger.views.expression_view import LARGEST_NUMBER, ExpressionView
from domain.model.programme import BadgeSpec, Programme


@dataclass(frozen=True, slots=True)
class BadgeView:
    """A badge as a member stands to it: `target` is the next level's count, None at the last; `fraction` of
    the way to it.
    """

    level: int
    progress: int
    target: int | None
    fraction: float
    earned_at: datetime | None


def advance(programme: Programme, state: BadgeState, spec: BadgeSpec, sight: ExpressionView) -> BadgeState:
    """Let an event count toward a badge where its condition and time hold. The level follows; the same state
    comes back otherwise.
    """
    at = sight.event.at
    if not is_during(spec.during, at, programme.zone) or not sight.test(spec.when):
        return state
    amount = count_units(spec.of, sight)
    if amount <= 0:
        return state
    if spec.streak is None:
        return leveled(
            replace(state, progress=min(LARGEST_NUMBER, state.progress + int(amount))), spec, at=at
        )
    period = period_start(local_day(at, programme.zone), spec.streak.per)
    if state.period is not None and period <= state.period:
        return state  # the period counts already, or the event is late and the run has gone on
    alive = state.period is not None and previous_period(period, spec.streak.per) == state.period
    run = state.progress + 1 if alive else 1
    return leveled(replace(state, progress=run, period=period), spec, at=at)


def leveled(state: BadgeState, spec: BadgeSpec, *, at: datetime) -> BadgeState:
    """Return the state with the levels that its progress reaches; a level once reached stays."""
    level = max(state.level, sum(1 for target in spec.levels if target <= state.progress))
    return replace(state, level=level, earned_at=at if level > state.level else state.earned_at)


def grant(state: BadgeState, spec: BadgeSpec, *, at: datetime) -> BadgeState:
    """Give a badge as a rule does: its first level, where it is not held yet."""
    return leveled(replace(state, progress=max(state.progress, spec.levels[0])), spec, at=at)


def alive(state: BadgeState, spec: BadgeSpec, *, today: date) -> int:
    """Return the progress as of a day: the whole count, or for a streak the run where this period or the last
    one counted.
    """
    if spec.streak is None or state.period is None:
        return state.progress
    period = period_start(today, spec.streak.per)
    return state.progress if state.period in (period, previous_period(period, spec.streak.per)) else 0


def view(programme: Programme, member: Member, spec: BadgeSpec, *, now: datetime) -> BadgeView:
    """Return how a member stands to a badge at an instant."""
    state = member.badges.get(spec.code, BadgeState())
    progress = alive(state, spec, today=local_day(now, programme.zone))
    target = spec.levels[state.level] if state.level < len(spec.levels) else None
    fraction = 1.0 if target is None else min(1.0, progress / target)
    return BadgeView(state.level, progress, target, fraction, state.earned_at)

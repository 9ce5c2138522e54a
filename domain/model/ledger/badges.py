"""Badges: counting toward levels, stamp cards without end, challenges with a time, and streaks of periods in
a row. Pure; awards of a level are decide's.
"""

from __future__ import annotations

from datetime import date, datetime

from domain.model.calendar import local_day, period_start, previous_period
from domain.model.ledger.deciding import challenges
from domain.model.ledger.deciding.earning import count_units, is_during
from domain.model.ledger.member import BadgeState, Member
from domain.model.ledger.views.expression_view import LARGEST_NUMBER, ExpressionView
from domain.model.programme import BadgeSpec, Programme, StampCard
from domain.model.values import dataclass, evolve

LEVELS_AT_ONCE = 100  # of a stamp card, by one event; the rest comes with the next


@dataclass(frozen=True, slots=True)
class BadgeView:
    """A badge as a member stands to it: `target` is the next level's count, None at the last; `fraction` of
    the way to it; `stamps` those on the card in hand, None where it is no stamp card.

    `goal` is the member's own count, reached or not, None where there is none; `accepted_at` when they took
    the challenge up, and `is_acceptable` whether they can now.
    """

    level: int
    progress: int
    target: int | None
    fraction: float
    earned_at: datetime | None
    stamps: int | None = None
    goal: int | None = None
    accepted_at: datetime | None = None
    is_acceptable: bool = False


def advance(programme: Programme, state: BadgeState, spec: BadgeSpec, sight: ExpressionView) -> BadgeState:
    """Let an event count toward a badge where its condition and time hold. The level follows; the same state
    comes back otherwise.
    """
    at = sight.event.at
    if (spec.accept or spec.target is not None) and not challenges.takes_part(spec, state, at):
        return state
    if not is_during(spec.during, at, programme.zone) or not sight.test(spec.when):
        return state
    amount = count_units(spec.of, sight)
    if amount <= 0:
        return state
    if spec.streak is None:
        return leveled(evolve(state, progress=min(LARGEST_NUMBER, state.progress + int(amount))), spec, at=at)
    period = period_start(local_day(at, programme.zone), spec.streak.per)
    if state.period is not None and period <= state.period:
        return state  # the period counts already, or the event is late and the run has gone on
    alive = state.period is not None and previous_period(period, spec.streak.per) == state.period
    run = state.progress + 1 if alive else 1
    return leveled(evolve(state, progress=run, period=period), spec, at=at)


def levels_reached(spec: BadgeSpec, state: BadgeState, progress: int) -> int:
    """Return how many levels a count reaches."""
    if spec.target is not None:
        return 1 if state.target and progress >= state.target else 0
    if isinstance(spec.levels, StampCard):
        return progress // spec.levels.every
    return sum(1 for target in spec.levels if target <= progress)


def count_of_level(spec: BadgeSpec, state: BadgeState, level: int) -> int | None:
    """Return the count that a level takes, counted from 1; None where there is no such level for a member."""
    if spec.target is not None:
        return (state.target or None) if level == 1 else None
    if isinstance(spec.levels, StampCard):
        return level * spec.levels.every
    return spec.levels[level - 1] if level <= len(spec.levels) else None


def leveled(state: BadgeState, spec: BadgeSpec, *, at: datetime) -> BadgeState:
    """Return the state with the levels that its progress reaches; a level once reached stays. Of a stamp card
    with a streak each run fills cards of its own.
    """
    level = levels_reached(spec, state, state.progress)
    if isinstance(spec.levels, StampCard):
        is_full = state.progress % spec.levels.every == 0
        level = state.level + is_full if spec.streak else min(level, state.level + LEVELS_AT_ONCE)
    return evolve(state, level=level, earned_at=at) if level > state.level else state


def grant(state: BadgeState, spec: BadgeSpec, *, at: datetime) -> BadgeState:
    """Give a badge as a rule does: its first level, where it is not held yet. The same state comes back where
    there is none to give: a goal that is not fixed.
    """
    first = count_of_level(spec, state, 1)
    if first is None or (state.level and isinstance(spec.levels, StampCard)):
        return state
    return leveled(evolve(state, progress=max(state.progress, first)), spec, at=at)


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
    known = member.badges.get(spec.code, BadgeState())
    state = challenges.with_goal(programme, member, spec, known, at=now, failures=[])
    progress = alive(state, spec, today=local_day(now, programme.zone))
    if isinstance(spec.levels, StampCard):
        shown = _card_view(spec.levels.every, state, progress, is_streak=spec.streak is not None)
    else:
        target = count_of_level(spec, state, state.level + 1)
        fraction = float(state.level > 0) if target is None else min(1.0, progress / target)
        shown = BadgeView(state.level, progress, target, fraction, state.earned_at)
    if not spec.accept and spec.target is None:
        return shown
    return evolve(
        shown,
        goal=state.target or None,
        accepted_at=state.accepted_at,
        is_acceptable=spec.accept
        and state.accepted_at is None
        and challenges.acceptance_lock(programme, member, spec, at=now) is None,
    )


def _card_view(every: int, state: BadgeState, progress: int, *, is_streak: bool) -> BadgeView:
    full = progress // every * every if is_streak else state.level * every
    stamps = max(0, min(every, progress - full))
    return BadgeView(state.level, progress, full + every, stamps / every, state.earned_at, stamps)

"""The ladder: going up at once, steps, and floors that rules give. What counts toward it is in `counting.py`,
reviews are in `tiers.py`.

Days are local days of the programme's zone. Functions are pure: a Standing in, a Standing out.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from domain.model.calendar import Span, add, day_after, local_day, start_of
from domain.model.ledger.counting import (
    ENDED,
    GIVEN,
    REACHED,
    REFUND,
    REVIEW,
    count_between,
    earned_tier,
    note_missed_keep,
    reached_rung,
    tally_of,
    terms_of,
    tiers_of,
    with_step_terms,
    with_terms,
)
from domain.model.ledger.events import Json
from domain.model.ledger.member import STEPS_KEPT, TierFloor, TierStanding, TierStep
from domain.model.programme import Programme
from domain.model.values import evolve

FLOORS_KEPT = 20
EPOCH = datetime.min.replace(tzinfo=UTC)


def begin(programme: Programme, *, at: datetime) -> TierStanding | None:
    """Return the standing of a new member: the lowest tier. None without tiers."""
    return TierStanding(programme.tiers.ladder[0].code, at) if programme.tiers else None


def held_tier(programme: Programme, standing: TierStanding) -> str:
    """Return the tier that is held: the earned one, or the highest that a rule gave where that is higher."""
    code, order = earned_tier(programme, standing), programme.tier_order
    for floor in standing.floors:
        if order.get(floor.code, -1) > order[code]:
            code = floor.code
    return code


# ---------------------------------------------------------------- going up


def climb(
    programme: Programme, standing: TierStanding, *, at: datetime, cause: str, came: datetime
) -> TierStanding:
    """Go up as far as the count reaches: that of today, or that of the earlier day on which a late event
    came. What another day between reached is a step of its own: the next call takes it. Of several counts
    the one that reaches the highest decides.
    """
    today, day = local_day(at, programme.zone), local_day(came, programme.zone)
    order, here = programme.tier_order, programme.tier_order.get(standing.code, -1)
    now = reached_rung(programme, standing, day=today)
    then = now if day == today else reached_rung(programme, standing, day=day)
    if order[then.code] <= here:
        if order[now.code] <= here:
            return standing
        day = _day_reached(programme, standing, now.code, after=day, today=today)
        then, came = now, min(at, start_of(day + timedelta(days=1), programme.zone))
    up = step(
        programme,
        standing,
        to=then.code,
        at=at,
        reason=REACHED,
        cause=cause,
        came=came,
        held_through=first_term_end(programme, day),
    )
    up = evolve(up, since=came, term_from=came if up.term_from else None)
    if day == today:
        return up
    if up.term_from is None:
        return note_missed_keep(programme, up, today=today)
    return _split_terms(programme, standing, up, after=day, today=today)


def _split_terms(
    programme: Programme, before: TierStanding, up: TierStanding, *, after: date, today: date
) -> TierStanding:
    """Let what came after the day of a late step count in the term that it began: each day in one term."""
    since = {
        name: count_between(tally_of(programme, before, name), after + timedelta(days=1), today)
        for name in tiers_of(programme).all_counts
    }
    left = {name: max(0, term - since.get(name, 0)) for name, term in terms_of(before).items()}
    steps = (*up.steps[:-1], with_step_terms(up.steps[-1], left))
    return evolve(with_terms(up, since), steps=steps)


def _day_reached(
    programme: Programme, standing: TierStanding, code: str, *, after: date, today: date
) -> date:
    """Return the first day after one on which the count reached a tier that today's count reaches."""
    order = programme.tier_order
    tallies = (standing, *standing.tallies.values())
    for day in sorted({day for tally in tallies for day in tally.days if after < day < today}):
        if order[reached_rung(programme, standing, day=day).code] >= order[code]:
            return day
    return today


def late_tier(programme: Programme, standing: TierStanding, *, at: datetime, known: str | None) -> str | None:
    """Return the tier held at an earlier instant: the one known by rows of that time, or a higher one that a
    late event had reached by then and that nothing had taken since.
    """
    order, code = programme.tier_order, known
    steps = [step for step in standing.steps if step.reason in (REACHED, REVIEW, REFUND)]
    for index, step in enumerate(steps):
        if step.came is None or step.came > at or order.get(step.to, -1) <= order.get(code or "", -1):
            continue
        later = (after for after in steps[index + 1 :] if after.at <= at)
        if all(order.get(after.to, -1) >= order.get(step.to, -1) for after in later):
            code = step.to
    return code


def first_term_end(programme: Programme, day: date) -> date | None:
    """Return the last day of the term that begins by reaching a tier on a day; None where windows roll."""
    window = tiers_of(programme).window
    if window.kind == "rolling":
        return None
    return date(day.year + 1, 12, 31) if window.span is None else day_after(day, window.span)


def step(
    programme: Programme,
    standing: TierStanding,
    *,
    to: str,
    at: datetime,
    reason: str,
    cause: str = "",
    came: datetime | None = None,
    held_through: date | None,
) -> TierStanding:
    """Move to a tier, a new term beginning with it, and keep the step."""
    bottom = programme.tier_order[to] == 0
    stepped = _stepped(standing, to=to, at=at, reason=reason, cause=cause, came=came, origin=standing.code)
    return evolve(
        with_terms(stepped, {}),
        code=to,
        since=at,
        term_from=None if bottom or held_through is None else at,
        held_through=None if bottom else held_through,
        keep_missed_on=None,
    )


def _stepped(
    standing: TierStanding,
    *,
    origin: str,
    to: str,
    at: datetime,
    reason: str,
    cause: str = "",
    came: datetime | None = None,
) -> TierStanding:
    step = TierStep(
        origin,
        to,
        at,
        reason,
        cause,
        standing.since,
        standing.held_through,
        standing.term,
        standing.term_from,
        came if came != at else None,
        {name: tally.term for name, tally in standing.tallies.items()},
    )
    return evolve(standing, steps=(*standing.steps, step)[-STEPS_KEPT:])


# ---------------------------------------------------------------- floors


def give_floor(
    programme: Programme,
    standing: TierStanding,
    *,
    code: str,
    at: datetime,
    span: Span | None,
    source: str = "",
) -> TierStanding:
    """Give a tier as a floor, for a time or for good, kept by the source that gives it. Given again by one
    source it stays for the longer of both.
    """
    until = add(at, span, programme.zone) if span else None
    same = [floor.until for floor in standing.floors if floor.code == code and floor.source == source]
    if same:
        until = None if until is None or same[0] is None else max(until, same[0])
    return put_floor(programme, standing, TierFloor(code, until, source), at=at)


def put_floor(
    programme: Programme, standing: TierStanding, placed: TierFloor, *, at: datetime
) -> TierStanding:
    """Put a floor in the place of the one that its source gave of the same tier."""
    others = tuple(
        floor for floor in standing.floors if floor.code != placed.code or floor.source != placed.source
    )
    return _floored(programme, standing, _bounded((*others, placed)), at=at, reason=GIVEN)


def _bounded(floors: tuple[TierFloor, ...]) -> tuple[TierFloor, ...]:
    """Keep at most 20 floors: beyond that the first to end goes."""
    if len(floors) <= FLOORS_KEPT:
        return floors
    first = min(floors, key=lambda floor: (floor.until is None, floor.until or EPOCH))
    return tuple(floor for floor in floors if floor is not first)


def take_floors(programme: Programme, standing: TierStanding, *, source: str, at: datetime) -> TierStanding:
    """Take away the floors that a source gave."""
    left = tuple(floor for floor in standing.floors if floor.source != source)
    if len(left) == len(standing.floors):
        return standing
    return _floored(programme, standing, left, at=at, reason=REFUND)


def floor_end(standing: TierStanding, code: str) -> datetime | None:
    """Return when the last of the floors of a tier ends; None where one is for good."""
    ends = [floor.until for floor in standing.floors if floor.code == code]
    return None if None in ends else max(end for end in ends if end is not None)


def end_floors(programme: Programme, standing: TierStanding, *, at: datetime) -> TierStanding:
    """Take the floors away whose time is over."""
    left = tuple(floor for floor in standing.floors if floor.until is None or floor.until > at)
    return (
        standing
        if len(left) == len(standing.floors)
        else _floored(programme, standing, left, at=at, reason=ENDED)
    )


def _floored(
    programme: Programme, standing: TierStanding, floors: tuple[TierFloor, ...], *, at: datetime, reason: str
) -> TierStanding:
    after = evolve(standing, floors=floors)
    origin, to = held_tier(programme, standing), held_tier(programme, after)
    return after if origin == to else _stepped(after, origin=origin, to=to, at=at, reason=reason)


def tier_change_data(
    programme: Programme, origin: str | None, to: str | None, *, reason: str
) -> dict[str, Json]:
    """Return what tier.changed says."""
    order = programme.tier_order
    return {
        "from": origin,
        "to": to,
        "up": order.get(to or "", -1) > order.get(origin or "", -1),
        "reason": reason,
    }

"""The ladder: what counts toward it, going up at once, a refund's step back, and floors that rules give.
Reviews are in `tiers.py`.

Days are local days of the programme's zone. A window `rolling` 12 months counts on day D what came on days
whose day 12 months later is D or after. Functions are pure: a Standing in, a Standing out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from domain.model.calendar import Span, add, add_months, day_after, local_day, start_of
from domain.model.ledger.events import Json
from domain.model.ledger.member import QUALIFYING_DAYS_KEPT, STEPS_KEPT, TierFloor, TierStanding, TierStep
from domain.model.programme import Programme, Tiers, TierSpec
from domain.model.values import evolve

TRIM_AFTER_DAYS = 31  # days are cut a month at a time
FLOORS_KEPT = 20
EPOCH = datetime.min.replace(tzinfo=UTC)
GIVEN, ENDED, REACHED, REVIEW, REFUND = "given", "ended", "reached", "review", "refund"


def begin(programme: Programme, *, at: datetime) -> TierStanding | None:
    """Return the standing of a new member: the lowest tier. None without tiers."""
    return TierStanding(programme.tiers.ladder[0].code, at) if programme.tiers else None


def earned_tier(programme: Programme, standing: TierStanding) -> str:
    """Return the tier that was earned; the lowest where a new version of the programme has none of that
    code.
    """
    return standing.code if standing.code in programme.tier_order else tiers_of(programme).ladder[0].code


def held_tier(programme: Programme, standing: TierStanding) -> str:
    """Return the tier that is held: the earned one, or the highest that a rule gave where that is higher."""
    code, order = earned_tier(programme, standing), programme.tier_order
    for floor in standing.floors:
        if order.get(floor.code, -1) > order[code]:
            code = floor.code
    return code


# ---------------------------------------------------------------- counting


def tiers_of(programme: Programme) -> Tiers:
    """Return the programme's tiers; a standing exists only where it has some."""
    assert programme.tiers is not None, "a standing exists only where the programme has tiers"
    return programme.tiers


@lru_cache(maxsize=4096)
def window_start(span: Span, day: date) -> date:
    """Return the first day whose day one span later is the given day or after."""
    start = add_months(day, -span.months) - timedelta(days=span.days)
    while day_after(start, span) < day:
        start += timedelta(days=1)
    return start


def qualifying(programme: Programme, standing: TierStanding, *, day: date) -> int:
    """Return the count that one goes up by, as of a day."""
    span = tiers_of(programme).window.span
    return count_between(standing, date(day.year, 1, 1) if span is None else window_start(span, day), day)


def count_between(standing: TierStanding, first: date, last: date) -> int:
    """Return what counted from one day through another."""
    days, sums = standing.cumulative
    return sums[bisect_right(days, last)] - sums[bisect_left(days, first)]


def add_count(
    programme: Programme, standing: TierStanding, *, amount: int, at: datetime, today: date, cause: str
) -> TierStanding:
    """Let an amount count on the day of an instant; negative takes it off.

    A term counts what came after the event that began it. Taking off may be what makes a rolling window miss
    `keep`: from today on.
    """
    if not amount:
        return standing
    day, days_kept = local_day(at, programme.zone), _days_kept(programme)
    oldest = today - timedelta(days=days_kept)
    days = dict(standing.days)
    if day >= oldest:
        days[day] = days.get(day, 0) + amount
    if amount < 0 or len(days) > days_kept + TRIM_AFTER_DAYS:
        days = {one: value for one, value in days.items() if value and one >= oldest}
    after = evolve(
        standing,
        days=days,
        extras=_extras_since(standing.extras, oldest) if amount < 0 else standing.extras,
        term=standing.term + amount if _is_in_term(standing, at, cause) else standing.term,
        steps=_steps_counting(standing.steps, amount, at) if amount < 0 else standing.steps,
    )
    newly = amount < 0 and standing.keep_missed_on is None and _keeps(programme, standing, day=today)
    return note_missed_keep(programme, after, today=today) if newly else after


def add_extras(standing: TierStanding, amount: int, *, day: date, tier: str) -> TierStanding:
    """Note how much of a day's count only a tier's multiplier gave; negative takes it off."""
    key = extras_key(day, tier)
    extras = {**standing.extras, key: standing.extras.get(key, 0) + amount}
    if amount < 0 or len(extras) > QUALIFYING_DAYS_KEPT + TRIM_AFTER_DAYS:
        newest = max(date.fromisoformat(known[:10]) for known in extras)
        extras = _extras_since(extras, newest - timedelta(days=QUALIFYING_DAYS_KEPT))
    return evolve(standing, extras=extras)


def extras_key(day: date, tier: str) -> str:
    """Return the name under which a day's extras of a tier are kept."""
    return f"{day.isoformat()}:{tier}"


def _extras_since(extras: Mapping[str, int], oldest: date) -> dict[str, int]:
    return {key: value for key, value in extras.items() if value and key[:10] >= oldest.isoformat()}


def _steps_counting(steps: tuple[TierStep, ...], amount: int, at: datetime) -> tuple[TierStep, ...]:
    """Let an amount count in the terms that steps ended, where it came in them."""
    return tuple(
        replace(step, term=max(0, step.term + amount))
        if step.term_from is not None and step.term_from < at <= (step.came or step.at)
        else step
        for step in steps
    )


@lru_cache(maxsize=64)
def _days_kept(programme: Programme) -> int:
    """The longest that a window and its grace may look back, and some days for what comes late."""
    tiers = tiers_of(programme)
    spans = [span for span in (tiers.window.span, tiers.grace) if span is not None]
    return max(QUALIFYING_DAYS_KEPT, sum(span.days + 31 * span.months for span in spans) + 31)


def _is_in_term(standing: TierStanding, at: datetime, cause: str) -> bool:
    """Tell whether an instant lies in the running term; what the very event brings that reached the tier does
    not.
    """
    if standing.term_from is None or at < standing.term_from:
        return False
    reached = last_step(standing)
    return (
        reached is None
        or reached.reason != REACHED
        or reached.cause != cause
        or (reached.came or reached.at) != standing.term_from
    )


def note_missed_keep(programme: Programme, standing: TierStanding, *, today: date) -> TierStanding:
    """Note from when on a rolling window misses `keep`, where it does: its grace runs from that day."""
    return standing if _keeps(programme, standing, day=today) else evolve(standing, keep_missed_on=today)


def _keeps(programme: Programme, standing: TierStanding, *, day: date) -> bool:
    rolling = tiers_of(programme).window.kind == "rolling"
    return (
        not rolling
        or qualifying(programme, standing, day=day) >= programme.tier(earned_tier(programme, standing)).keep
    )


# ---------------------------------------------------------------- going up


def climb(
    programme: Programme, standing: TierStanding, *, at: datetime, cause: str, came: datetime
) -> TierStanding:
    """Go up as far as the count reaches: that of today, or that of the earlier day on which a late event
    came. What another day between reached is a step of its own: the next call takes it.
    """
    today, day = local_day(at, programme.zone), local_day(came, programme.zone)
    order, here = programme.tier_order, programme.tier_order.get(standing.code, -1)
    now = rung_for(tiers_of(programme), qualifying(programme, standing, day=today))
    then = now if day == today else rung_for(tiers_of(programme), qualifying(programme, standing, day=day))
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
    since = count_between(standing, day + timedelta(days=1), today)
    left = replace(up.steps[-1], term=max(0, standing.term - since))  # each day counts in one term
    return evolve(up, term=since, steps=(*up.steps[:-1], left))


def _day_reached(
    programme: Programme, standing: TierStanding, code: str, *, after: date, today: date
) -> date:
    """Return the first day after one on which the count reached a tier that today's count reaches."""
    order = programme.tier_order
    for day in sorted(day for day in standing.days if after < day < today):
        reached = rung_for(tiers_of(programme), qualifying(programme, standing, day=day))
        if order[reached.code] >= order[code]:
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


def rung_for(tiers: Tiers, amount: int) -> TierSpec:
    """Return the highest tier that a count reaches."""
    return next((rung for rung in reversed(tiers.ladder) if rung.from_ <= amount), tiers.ladder[0])


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
    return evolve(
        _stepped(standing, to=to, at=at, reason=reason, cause=cause, came=came, origin=standing.code),
        code=to,
        since=at,
        term=0,
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
    )
    return evolve(standing, steps=(*standing.steps, step)[-STEPS_KEPT:])


def last_step(standing: TierStanding) -> TierStep | None:
    """Return the step that led to the tier that is earned. One that a refund took back counts no more, one
    taken back in part does.

    Floors come and go beside it.
    """
    led: list[TierStep] = []
    for step in standing.steps:
        if step.reason == REFUND:
            if led and step.to == led[-1].origin:
                led.pop()
        elif step.reason not in (GIVEN, ENDED):
            led.append(step)
    return led[-1] if led else None


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
    others = tuple(floor for floor in standing.floors if floor.code != code or floor.source != source)
    floors = _bounded((*others, TierFloor(code, until, source)))
    return _floored(programme, standing, floors, at=at, reason=GIVEN)


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

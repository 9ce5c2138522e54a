"""Where a member stands on the ladder: what counts, going up at once, and the review that may take a tier away.

Days are local days of the programme's zone. A window `rolling` 12 months counts on day D what came on days whose day 12 months
later is D or after. A review due on day X without grace happens at the start of X; with 30 days of grace the tier is lost at the
start of X + 31 unless `keep` was met on a day between. Functions are pure: a Standing in, a Standing out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.model.calendar import Span, add, add_months, day_after, local_day, start_of
from domain.model.context import held_code
from domain.model.member import DAYS_KEPT, STEPS_KEPT, Member, Standing, Step
from domain.model.programme import Programme, Rung, Tiers


@dataclass(frozen=True, slots=True)
class Progress:
    """A member's way on the ladder as it is shown. `until` is the last day held as things stand, None where it cannot be lost."""

    code: str
    since: datetime
    until: date | None
    next: str | None
    qualifying: int
    to_next: int | None
    to_keep: int | None
    fraction: float


def begin(programme: Programme, *, at: datetime) -> Standing | None:
    """Return the standing of a new member: the lowest tier. None without tiers."""
    return Standing(programme.tiers.ladder[0].code, at) if programme.tiers else None


# ---------------------------------------------------------------- counting


def _ladder(programme: Programme) -> Tiers:
    assert programme.tiers is not None, "a standing exists only where the programme has tiers"
    return programme.tiers


def window_start(span: Span, day: date) -> date:
    """Return the first day whose day one span later is the given day or after."""
    start = add_months(day, -span.months) - timedelta(days=span.days + span.hours // 24)
    while day_after(start, span) < day:
        start += timedelta(days=1)
    return start


def qualifying(programme: Programme, standing: Standing, *, day: date) -> int:
    """Return the count that one goes up by, as of a day."""
    known = standing.reaches.get(day)
    if known is None:
        window = _ladder(programme).window
        first = date(day.year, 1, 1) if window.span is None else window_start(window.span, day)
        known = sum([amount for counted, amount in standing.days.items() if first <= counted <= day])
        standing.reaches[day] = known
    return known


def count(programme: Programme, standing: Standing, *, amount: int, at: datetime, today: date) -> Standing:
    """Let an amount count on the day of an instant; negative takes it off. A term counts what came after the event that began it."""
    if not amount:
        return standing
    day = local_day(at, programme.zone)
    oldest = today - timedelta(days=DAYS_KEPT)
    days = {one: value for one, value in standing.days.items() if one >= oldest}
    if day >= oldest:
        days[day] = days.get(day, 0) + amount
    in_term = standing.term_from is not None and at > standing.term_from
    return replace(standing, days={d: v for d, v in days.items() if v}, term=standing.term + amount if in_term else standing.term)


# ---------------------------------------------------------------- going up


def climb(programme: Programme, standing: Standing, *, at: datetime, cause: str, seen_on: date | None = None) -> Standing:
    """Go up as far as the count reaches: that of today, or that of the earlier day a late event belongs to."""
    today = local_day(at, programme.zone)
    reach = qualifying(programme, standing, day=today)
    if seen_on is not None and seen_on != today:
        reach = max(reach, qualifying(programme, standing, day=seen_on))
    to = _rung_for(_ladder(programme), reach)
    if programme.rung_order[to.code] > programme.rung_order[standing.code]:
        return _step(programme, standing, to=to.code, at=at, reason="reached", cause=cause, held=_held_from(programme, today))
    return passed(programme, standing, at=at)


def _rung_for(tiers: Tiers, amount: int) -> Rung:
    return [rung for rung in tiers.ladder if rung.from_ <= amount or rung is tiers.ladder[0]][-1]


def _held_from(programme: Programme, day: date) -> date | None:
    window = _ladder(programme).window
    if window.kind == "rolling":
        return None
    return date(day.year + 1, 12, 31) if window.span is None else day_after(day, window.span)


def _step(
    programme: Programme, standing: Standing, *, to: str, at: datetime, reason: str, cause: str = "", held: date | None
) -> Standing:
    step = Step(standing.code, to, at, reason, cause, standing.since, standing.held)
    bottom = programme.rung_order[to] == 0
    return replace(
        standing,
        code=to,
        since=at,
        term=0,
        term_from=None if bottom else at,
        held=None if bottom else held,
        steps=(*standing.steps, step)[-STEPS_KEPT:],
    )


def retract(programme: Programme, standing: Standing, *, at: datetime, cause: str) -> Standing:
    """Take back the step that only a refunded purchase reached, where the count no longer carries it."""
    step = standing.steps[-1] if standing.steps else None
    today = local_day(at, programme.zone)
    reach = qualifying(programme, standing, day=today)
    if step is None or step.cause != cause or step.reason != "reached" or reach >= programme.rung(standing.code).from_:
        return standing
    origin = step.origin or _ladder(programme).ladder[0].code
    to = _rung_for(_ladder(programme), reach).code
    if programme.rung_order[to] > programme.rung_order[origin]:
        origin, held = to, _held_from(programme, today)
    else:
        held = step.held
    back = _step(programme, standing, to=origin, at=at, reason="refund", cause=cause, held=held)
    return replace(back, since=step.since or at)


# ---------------------------------------------------------------- reviews


def due_day(programme: Programme, standing: Standing, *, today: date) -> date | None:
    """Return the day on which the earned tier's review is due: the day that no longer meets `keep`, or the day after its term."""
    tiers = _ladder(programme)
    if programme.rung_order[standing.code] == 0 or tiers.downgrade == "never":
        return None
    if tiers.window.kind != "rolling":
        return standing.held + timedelta(days=1) if standing.held else None
    assert tiers.window.span is not None, "a rolling window has a span"
    keep = programme.rung(standing.code).keep
    left = qualifying(programme, standing, day=today)
    if left < keep:
        return _failing_since(programme, standing, keep=keep, today=today)
    first = window_start(tiers.window.span, today)
    for counted in sorted(day for day in standing.days if day >= first):
        left -= standing.days[counted]
        if left < keep:
            return max(today, day_after(counted, tiers.window.span)) + timedelta(days=1)
    return None


def _failing_since(programme: Programme, standing: Standing, *, keep: int, today: date) -> date:
    """Walk back over the days in a row that miss `keep`, no further than grace reaches and the tier has been held."""
    grace = _ladder(programme).grace
    floor = local_day(standing.since, programme.zone)
    reach = (day_after(today, grace) - today).days + 1 if grace else 0
    day = today
    while reach and day > floor and qualifying(programme, standing, day=day - timedelta(days=1)) < keep:
        day -= timedelta(days=1)
        reach -= 1
    return day


def lost_on(programme: Programme, due: date) -> date:
    """Return the day at whose start a tier goes that was due on a day: that day, or the day after its grace."""
    grace = _ladder(programme).grace
    return due if grace is None else day_after(due, grace) + timedelta(days=1)


def next_review(programme: Programme, standing: Standing, *, after: datetime) -> datetime | None:
    """Return the next instant at which a review may change something: one due, or the end of its grace."""
    today = local_day(after, programme.zone)
    due = due_day(programme, standing, today=today)
    if due is None:
        return None
    at = [start_of(day, programme.zone) for day in (due, lost_on(programme, due))]
    return next((one for one in at if one > after), start_of(today + timedelta(days=1), programme.zone))


def review(programme: Programme, standing: Standing, *, at: datetime) -> Standing:
    """Judge a tier at the start of a day on which its review is due or its grace ends; otherwise the same standing comes back."""
    day = local_day(at, programme.zone)
    due = due_day(programme, standing, today=day)
    if due is None or day < due:
        return standing
    kept = passed(programme, standing, at=at)
    if kept is not standing:
        return kept
    lost = lost_on(programme, due)
    if day < lost:
        return standing
    return _down(programme, standing, at=at, day=day)


def passed(programme: Programme, standing: Standing, *, at: datetime) -> Standing:
    """Begin a new term where a review is due, or in grace, and `keep` is met; a rolling window needs none."""
    day = local_day(at, programme.zone)
    window = _ladder(programme).window
    if window.kind == "rolling" or standing.held is None or day <= standing.held:
        return standing
    if _term_count(programme, standing, day=day) < programme.rung(standing.code).keep:
        return standing
    held = date(day.year, 12, 31) if window.span is None else day_after(day, window.span)
    return replace(standing, held=held, term=0, term_from=at)


def _term_count(programme: Programme, standing: Standing, *, day: date) -> int:
    """What a review of a term looks at: the year just ended or, in grace, the one that has begun; or what came in the term."""
    if _ladder(programme).window.span is not None:
        return standing.term
    assert standing.held is not None, "a term has an end"
    ended = qualifying(programme, standing, day=min(standing.held, day))
    return max(ended, qualifying(programme, standing, day=day))


def _down(programme: Programme, standing: Standing, *, at: datetime, day: date) -> Standing:
    tiers = _ladder(programme)
    place = programme.rung_order[standing.code] - 1
    if tiers.downgrade == "requalify":
        end = standing.held if tiers.window.span is None and standing.held else day
        reach = max(qualifying(programme, standing, day=end), qualifying(programme, standing, day=day))
        place = min(place, programme.rung_order[_rung_for(tiers, reach).code])
    held = None if tiers.window.kind == "rolling" else (date(day.year, 12, 31) if tiers.window.span is None else day_after(day, tiers.window.span))
    return _step(programme, standing, to=tiers.ladder[place].code, at=at, reason="review", held=held)


# ---------------------------------------------------------------- floors


def give(programme: Programme, standing: Standing, *, code: str, at: datetime, span: Span | None) -> Standing:
    """Give a tier as a floor, for a time or for good; a higher one already given stays."""
    order = programme.rung_order
    if standing.floor is not None and order.get(standing.floor, -1) > order[code]:
        return standing
    return replace(standing, floor=code, floor_until=add(at, span, programme.zone) if span else None)


def end_floor(standing: Standing) -> Standing:
    """Take a floor away whose time is over."""
    return replace(standing, floor=None, floor_until=None)


# ---------------------------------------------------------------- reading


def progress(programme: Programme, member: Member, *, now: datetime) -> Progress | None:
    """Return where a member stands at an instant. None without tiers."""
    standing, code = member.tier, held_code(programme, member)
    if standing is None or code is None:
        return None
    tiers, today = _ladder(programme), local_day(now, programme.zone)
    amount = qualifying(programme, standing, day=today)
    place = programme.rung_order[code]
    here = tiers.ladder[place]
    above = tiers.ladder[place + 1] if place + 1 < len(tiers.ladder) else None
    given = code != standing.code
    until, to_keep = _floor_end(programme, standing) if given else _held_through(programme, standing, today=today)
    fraction = 1.0 if above is None else min(1.0, max(0.0, (amount - here.from_) / (above.from_ - here.from_)))
    return Progress(
        code=code,
        since=standing.since,
        until=until,
        next=above.code if above else None,
        qualifying=amount,
        to_next=max(0, above.from_ - amount) if above else None,
        to_keep=to_keep,
        fraction=fraction,
    )


def _floor_end(programme: Programme, standing: Standing) -> tuple[date | None, int | None]:
    return (local_day(standing.floor_until, programme.zone) if standing.floor_until else None), None


def _held_through(programme: Programme, standing: Standing, *, today: date) -> tuple[date | None, int | None]:
    due = due_day(programme, standing, today=today)
    if due is None:
        return None, None
    keep = programme.rung(standing.code).keep
    if _ladder(programme).window.kind == "rolling":
        standing_count = qualifying(programme, standing, day=max(due, today))
    elif _ladder(programme).window.span is not None:
        standing_count = standing.term
    else:
        judged = due - timedelta(days=1)
        standing_count = _term_count(programme, standing, day=today) if today.year >= judged.year else 0
    return max(today, lost_on(programme, due) - timedelta(days=1)), max(0, keep - standing_count)

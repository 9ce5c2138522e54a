"""What counts toward the ladder: the tallies of a programme's counts by local day, and the tier that they
reach.

A programme has a single count, whose tally is the standing itself, or several by name: any one reaches and
keeps a tier. A window `rolling` 12 months counts on day D what came on days whose day 12 months later is D or
after.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache

from domain.model.calendar import Span, add_months, day_after, local_day
from domain.model.ledger.member import QUALIFYING_DAYS_KEPT, Tally, TierStanding, TierStep
from domain.model.programme import SINGLE_COUNT, Programme, Tiers, TierSpec
from domain.model.values import evolve, keep_computed

TRIM_AFTER_DAYS = 31  # days are cut a month at a time
GIVEN, ENDED, REACHED, REVIEW, REFUND = "given", "ended", "reached", "review", "refund"
_NO_TALLY = Tally()


def tiers_of(programme: Programme) -> Tiers:
    """Return the programme's tiers; a standing exists only where it has some."""
    assert programme.tiers is not None, "a standing exists only where the programme has tiers"
    return programme.tiers


def earned_tier(programme: Programme, standing: TierStanding) -> str:
    """Return the tier that was earned; the lowest where a new version of the programme has none of that
    code.
    """
    return standing.code if standing.code in programme.tier_order else tiers_of(programme).ladder[0].code


# ---------------------------------------------------------------- tallies


def tally_of(programme: Programme, standing: TierStanding, name: str) -> Tally:
    """Return the tally of a count: the standing itself of a single one. Where nothing counted yet by name,
    the first of several counts goes on with what a single one of an earlier version had counted.
    """
    if name == SINGLE_COUNT or (not standing.tallies and name == tiers_of(programme).first_count):
        return standing
    return standing.tallies.get(name, _NO_TALLY)


def with_tally(standing: TierStanding, name: str, tally: Tally) -> TierStanding:
    """Return the standing with the tally of a count put back."""
    if name == SINGLE_COUNT:
        return evolve(standing, days=tally.days, extras=tally.extras, term=tally.term)
    return evolve(standing, tallies={**standing.tallies, name: tally})


def taken_over(programme: Programme, standing: TierStanding) -> TierStanding:
    """Return the standing with what a single count of an earlier version had counted under the name of the
    first of several; the same one where there is nothing to take over.
    """
    first = tiers_of(programme).first_count
    if first == SINGLE_COUNT or standing.tallies:
        return standing
    tally = Tally(days=standing.days, extras=standing.extras, term=standing.term)
    steps = tuple(evolve(step, term=0, terms={first: step.term}) for step in standing.steps)
    return evolve(standing, days={}, extras={}, term=0, tallies={first: tally}, steps=steps)


def count_named(programme: Programme, name: str) -> str | None:
    """Return the count that a name of any version of the programme means now, None for none: what a single
    count had counted is the first's.
    """
    tiers = tiers_of(programme)
    return name if name in tiers.all_counts else tiers.first_count if name == SINGLE_COUNT else None


def terms_of(part: TierStanding | TierStep) -> dict[str, int]:
    """Return what counted in the running term, or in the one that a step ended, by count."""
    if isinstance(part, TierStep):
        return {SINGLE_COUNT: part.term, **part.terms}
    return {SINGLE_COUNT: part.term, **{name: tally.term for name, tally in part.tallies.items()}}


def with_terms(standing: TierStanding, terms: Mapping[str, int]) -> TierStanding:
    """Return the standing with what counted in its term, by count; 0 of those that are not named."""
    tallies = {name: evolve(tally, term=terms.get(name, 0)) for name, tally in standing.tallies.items()}
    return evolve(standing, term=terms.get(SINGLE_COUNT, 0), tallies=tallies)


def with_step_terms(step: TierStep, terms: Mapping[str, int]) -> TierStep:
    """Return a step with what counted in the term that it ended, by count."""
    named = {name: term for name, term in terms.items() if name != SINGLE_COUNT}
    return evolve(step, term=terms.get(SINGLE_COUNT, 0), terms=named)


# ---------------------------------------------------------------- windows


@lru_cache(maxsize=4096)
def window_start(span: Span, day: date) -> date:
    """Return the first day whose day one span later is the given day or after."""
    start = add_months(day, -span.months) - timedelta(days=span.days)
    while day_after(start, span) < day:
        start += timedelta(days=1)
    return start


def qualifying_by_count(programme: Programme, standing: TierStanding, *, day: date) -> dict[str, int]:
    """Return each count that one goes up by, as of a day."""
    tiers = tiers_of(programme)
    span = tiers.window.span
    first = date(day.year, 1, 1) if span is None else window_start(span, day)
    return {name: count_between(tally_of(programme, standing, name), first, day) for name in tiers.all_counts}


def count_between(tally: Tally, first: date, last: date) -> int:
    """Return what counted from one day through another."""
    days, sums = tally.cumulative
    return sums[bisect_right(days, last)] - sums[bisect_left(days, first)]


# ---------------------------------------------------------------- reaching and keeping


def meets(needed: Mapping[str, int], amounts: Mapping[str, int]) -> bool:
    """Tell whether any of the counts that are named has what it needs."""
    for name, amount in needed.items():  # noqa: SIM110 - a generator costs more, several times a decision
        if amounts.get(name, 0) >= amount:
            return True
    return False


def rung_for(tiers: Tiers, amounts: Mapping[str, int]) -> TierSpec:
    """Return the highest tier that any count reaches."""
    for rung in reversed(tiers.ladder):
        if meets(rung.reaching, amounts):
            return rung
    return tiers.ladder[0]


def reached_rung(programme: Programme, standing: TierStanding, *, day: date) -> TierSpec:
    """Return the highest tier that the counts of a day reach."""
    return rung_for(tiers_of(programme), qualifying_by_count(programme, standing, day=day))


def note_missed_keep(programme: Programme, standing: TierStanding, *, today: date) -> TierStanding:
    """Note from when on a rolling window misses `keep`, where it does: its grace runs from that day."""
    return standing if _keeps(programme, standing, day=today) else evolve(standing, keep_missed_on=today)


def _keeps(programme: Programme, standing: TierStanding, *, day: date) -> bool:
    if tiers_of(programme).window.kind != "rolling":
        return True
    keeping = programme.tier(earned_tier(programme, standing)).keeping
    return meets(keeping, qualifying_by_count(programme, standing, day=day))


# ---------------------------------------------------------------- counting


def add_count(
    programme: Programme,
    standing: TierStanding,
    *,
    name: str = SINGLE_COUNT,
    amount: int,
    at: datetime,
    today: date,
    cause: str,
) -> TierStanding:
    """Let an amount count on the day of an instant; negative takes it off.

    A term counts what came after the event that began it. Taking off may be what makes a rolling window miss
    `keep`: from today on.
    """
    if not amount:
        return standing
    standing = taken_over(programme, standing)
    tally = tally_of(programme, standing, name)
    day, days_kept = local_day(at, programme.zone), _days_kept(programme)
    oldest = today - timedelta(days=days_kept)
    days = dict(tally.days)
    if day >= oldest:
        days[day] = days.get(day, 0) + amount
    if amount < 0 or len(days) > days_kept + TRIM_AFTER_DAYS:
        days = {one: value for one, value in days.items() if value and one >= oldest}
    counted = evolve(
        tally,
        days=days,
        extras=_extras_since(tally.extras, oldest) if amount < 0 else tally.extras,
        term=tally.term + amount if _is_in_term(standing, at, cause) else tally.term,
    )
    if amount > 0:
        _keep_cumulative(tally, counted, day, amount)
    after = counted if isinstance(counted, TierStanding) else with_tally(standing, name, counted)
    if amount > 0:
        return after
    after = evolve(after, steps=_steps_counting(after.steps, name, amount, at))
    newly = standing.keep_missed_on is None and _keeps(programme, standing, day=today)
    return note_missed_keep(programme, after, today=today) if newly else after


def _keep_cumulative(before: Tally, after: Tally, day: date, amount: int) -> None:
    """Keep the sums of a tally of which the last day has more, or one more day: of hundreds, one changes."""
    days, sums = before.cumulative
    if days and days[-1] == day and len(after.days) == len(days):
        keep_computed(after, cumulative=(days, [*sums[:-1], sums[-1] + amount]))
    elif (not days or days[-1] < day) and len(after.days) == len(days) + 1:
        keep_computed(after, cumulative=([*days, day], [*sums, sums[-1] + amount]))


def add_extras(
    standing: TierStanding, amount: int, *, name: str = SINGLE_COUNT, day: date, tier: str
) -> TierStanding:
    """Note how much of a day's count only a tier's multiplier gave; negative takes it off."""
    key, tally = extras_key(day, tier), standing.tallies.get(name, _NO_TALLY) if name else standing
    extras = {**tally.extras, key: tally.extras.get(key, 0) + amount}
    if amount < 0 or len(extras) > QUALIFYING_DAYS_KEPT + TRIM_AFTER_DAYS:
        newest = max(date.fromisoformat(known[:10]) for known in extras)
        extras = _extras_since(extras, newest - timedelta(days=QUALIFYING_DAYS_KEPT))
    noted = evolve(tally, extras=extras)
    return noted if isinstance(noted, TierStanding) else with_tally(standing, name, noted)


def extras_key(day: date, tier: str) -> str:
    """Return the name under which a day's extras of a tier are kept."""
    return f"{day.isoformat()}:{tier}"


def _extras_since(extras: Mapping[str, int], oldest: date) -> dict[str, int]:
    return {key: value for key, value in extras.items() if value and key[:10] >= oldest.isoformat()}


def _steps_counting(
    steps: tuple[TierStep, ...], name: str, amount: int, at: datetime
) -> tuple[TierStep, ...]:
    """Let an amount count in the terms that steps ended, where it came in them."""
    return tuple(
        with_step_terms(step, {**terms_of(step), name: max(0, terms_of(step).get(name, 0) + amount)})
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

"""Reads the figures of a period: at most four commands, however many members there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain.model.calendar import add_months, local_day
from domain.model.figures.definitions import all_figures
from domain.model.figures.figure import Figure
from domain.model.figures.goals import GoalStanding, compare_goals
from domain.model.figures.increments import ALL, COHORTS_ID, LEVELS_ID
from domain.model.figures.period import People, PeriodFigures, Sums, YearSums, add_up, levels_at
from domain.services.errors import InvalidInput
from domain.services.figures.lapses import HeldUnits, held_units
from domain.services.figures.results import RuleResult, rule_results
from domain.services.figures.variant_results import VariantResult, variant_results
from domain.services.runtime import Runtime
from domain.store.figures import due, lapses, sums, uplifts
from domain.store.figures.lapses import LAPSES_ID
from domain.store.figures.uplifts import UPLIFT_ID

MAX_DAYS = 800
YEAR = timedelta(days=365)
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9000, 12, 31)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class Period:
    """Days of the programme, from `start` through `end`, of one store and one tier or of all."""

    start: date
    end: date
    store: str | None = None
    tier: str | None = None

    @property
    def before(self) -> Period:
        """The period of the same length that ends the day before: of whole months where this one has them."""
        last = self.start - timedelta(days=1)
        if self.start.day == 1 and (self.end + timedelta(days=1)).day == 1:
            months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month + 1
            return Period(add_months(self.start, -months), last, self.store, self.tier)
        return Period(self.start - (self.end - last), last, self.store, self.tier)


@dataclass(frozen=True, slots=True)
class FiguresReport:
    """The figures of a period and those of the one before it, the sums of each day, and how far the figures
    are behind: `waiting_since` when the oldest row was committed that they do not hold yet. `variants` are by
    the `varied_name` of their part. `held` is what members hold by when it lapses, as of `held_on`.
    """

    period: Period
    figures: tuple[Figure, ...]
    before: tuple[Figure, ...]
    days: tuple[tuple[date, Sums], ...]
    whole: PeriodFigures
    rules: tuple[RuleResult, ...]
    goals: tuple[GoalStanding, ...]
    variants: Mapping[str, tuple[VariantResult, ...]]
    held: tuple[HeldUnits, ...]
    held_on: date | None
    waiting_since: datetime | None = None


# ---------------------------------------------------------------- reads
def default_period(runtime: Runtime, *, now: datetime) -> Period:
    """Return the last 30 days of the programme, today included."""
    today = local_day(now, runtime.programme.zone)
    return Period(today - timedelta(days=29), today)


def check_period(period: Period) -> None:
    """Raise InvalidInput for one that ends before it begins, is too long, or is of no shop's time."""
    for field, day in (("from", period.start), ("to", period.end)):
        if not FIRST_DAY <= day <= LAST_DAY:
            raise InvalidInput(field, f"is no day of any figure: name one from {FIRST_DAY} to {LAST_DAY}")
    if period.end < period.start:
        raise InvalidInput("to", "lies before from: name the later day")
    if (period.end - period.start).days >= MAX_DAYS:
        raise InvalidInput("from", f"asks for more than {MAX_DAYS} days: name a later one")


async def read_report(runtime: Runtime, period: Period) -> FiguresReport:
    """Return the figures of a period. Raises InvalidInput."""
    check_period(period)
    before = period.before
    start = min(before.start, period.end - YEAR + timedelta(days=1))
    by_place = await _read_days(runtime, period, start=start)
    everything = by_place.get((ALL, ALL), {})
    chosen = by_place.get((period.store or ALL, period.tier or ALL), {})
    now = await sums.find_now(runtime.store, (LEVELS_ID, COHORTS_ID, UPLIFT_ID, LAPSES_ID))
    levels, cohorts = (sums.flat_sums(now.get(id, {})) for id in (LEVELS_ID, COHORTS_ID))
    measured = now.get(UPLIFT_ID, {})
    people = await _count_people(runtime, period)
    waiting = await due.find_due(runtime.store, first=1)
    programme = runtime.programme
    whole = replace(_period_figures(period, chosen, everything, levels), people=people, cohorts=cohorts)
    figures = tuple(all_figures(whole, programme))
    return FiguresReport(
        period,
        figures,
        tuple(all_figures(_period_figures(before, chosen, everything, levels), programme)),
        tuple((day, chosen[day]) for day in sorted(chosen) if period.start <= day <= period.end),
        whole,
        rule_results(whole, programme, uplifts.read_arms(measured)),
        compare_goals(programme, figures),
        variant_results(whole, programme, uplifts.read_variants(measured)),
        held_units(programme, lapses.read_held(now.get(LAPSES_ID, {}))),
        lapses.read_day(now.get(LAPSES_ID, {})),
        waiting[0].since if waiting else None,
    )


async def _count_people(runtime: Runtime, period: Period) -> People | None:
    """Return the people of the period's whole months; None where it has none, or a store is asked for, since
    what a member does in a month is kept for all stores together.
    """
    first = period.start if period.start.day == 1 else add_months(period.start.replace(day=1), 1)
    last = (period.end + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    if period.store is not None or last < first:
        return None
    return await sums.count_people(
        runtime.store, first_month=f"{first:%Y-%m}", last_month=f"{last:%Y-%m}", tier=period.tier
    )


async def _read_days(
    runtime: Runtime, period: Period, *, start: date
) -> dict[tuple[str, str], dict[date, Sums]]:
    """Return the sums of the period's store and tier, and of all, by place and day."""
    by_place: dict[tuple[str, str], dict[date, Sums]] = {}
    for document in await sums.find_days(
        runtime.store,
        shops=sorted({ALL, period.store or ALL}),
        tiers=sorted({ALL, period.tier or ALL}),
        start=start,
        end=date.max,
    ):
        day_sums = by_place.setdefault((document["store"], document["tier"]), {})
        day_sums[date.fromisoformat(document["day"])] = sums.flat_sums(document)
    return by_place


# ---------------------------------------------------------------- pure rules
def _period_figures(
    period: Period, chosen: Mapping[date, Sums], everything: Mapping[date, Sums], levels: Sums
) -> PeriodFigures:
    year_start = period.end - YEAR + timedelta(days=1)
    return PeriodFigures(
        period.start,
        period.end,
        sums=add_up(_between(chosen, period.start, period.end)),
        all_sums=add_up(_between(everything, period.start, period.end)),
        levels_before=levels_at(levels, everything, period.start - timedelta(days=1)),
        levels=levels_at(levels, everything, period.end),
        year=YearSums(
            add_up(_between(everything, year_start, period.end)),
            levels_at(levels, everything, year_start - timedelta(days=1)),
        ),
    )


def _between(sums_by_day: Mapping[date, Sums], start: date, end: date) -> Sequence[Sums]:
    return [day_sums for day, day_sums in sums_by_day.items() if start <= day <= end]

"""Reads the figures of a period: at most four commands, however many members there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from domain.model.calendar import add_months, local_day
from domain.model.figures.definitions import all_figures
from domain.model.figures.definitions.club import BoardResult, ChallengeResult, challenge_results
from domain.model.figures.figure import Figure
from domain.model.figures.goals import GoalStanding, compare_goals
from domain.model.figures.increments import ALL, COHORTS_ID, LEVELS_ID
from domain.model.figures.period import People, PeriodFigures, Sums, YearSums, add_up, levels_at
from domain.model.values import dataclass
from domain.services.errors import InvalidInput
from domain.services.figures.board_results import read_boards
from domain.services.figures.lapses import HeldUnits, held_units
from domain.services.figures.results import RuleResult, rule_results
from domain.services.figures.variant_results import VariantResult, variant_results
from domain.services.runtime import Runtime
from domain.store.connect import Raw
from domain.store.figures import due, lapses, store_sums, sums, uplifts
from domain.store.figures.lapses import LAPSES_ID
from domain.store.figures.store_sums import StoreSums
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

    @property
    def year_start(self) -> date:
        """The first day of the year that ends with the period."""
        return self.end - YEAR + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FiguresReport:
    """The figures of a period and those of the one before it, the sums of each day, and how far the figures
    are behind: `waiting_since` when the oldest row was committed that they do not hold yet. `variants` are by
    the `varied_name` of their part. `held` is what members hold by when it lapses, as of `held_on`. `stores`
    are those that sold or took back something in a year, by code; none where nobody asked for them. `boards`
    are the leaderboards, likewise, and `challenges` what these came to: both of the whole programme.
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
    stores: tuple[StoreSums, ...] = ()
    boards: tuple[BoardResult, ...] = ()
    challenges: tuple[ChallengeResult, ...] = ()


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


async def read_report(
    runtime: Runtime, period: Period, *, with_stores: bool = False, with_boards: bool = False
) -> FiguresReport:
    """Return the figures of a period, with `with_stores` each store's sums, and with `with_boards` what
    leaderboards came to, by two commands more. Raises InvalidInput.
    """
    check_period(period)
    before = period.before
    start = min(before.start, before.year_start)
    beside = _sums_stage(period) if with_stores else None
    # First: what is counted between two reads would be missing, and nothing would say so.
    waiting = await due.find_due(runtime.store, first=1)
    by_place, stores = await _read_days(runtime, period, start=start, beside=beside)
    everything = by_place.get((ALL, ALL), {})
    chosen = by_place.get((period.store or ALL, period.tier or ALL), {})
    now = await sums.find_now(runtime.store, (LEVELS_ID, COHORTS_ID, UPLIFT_ID, LAPSES_ID))
    levels, cohorts = (sums.flat_sums(now.get(id, {})) for id in (LEVELS_ID, COHORTS_ID))
    measured = now.get(UPLIFT_ID, {})
    people = await _count_people(runtime, period)
    programme = runtime.programme
    whole = replace(_period_figures(period, chosen, everything, levels), people=people, cohorts=cohorts)
    figures = tuple(all_figures(whole, programme))
    boards = tuple[BoardResult, ...]()
    if with_boards:
        boards = await read_boards(runtime, start=period.start, end=period.end, sums_by_day=everything)
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
        stores,
        boards,
        challenge_results(programme, whole.all_sums),
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
    runtime: Runtime, period: Period, *, start: date, beside: Raw | None
) -> tuple[dict[tuple[str, str], dict[date, Sums]], tuple[StoreSums, ...]]:
    """Return the sums of the period's store and tier, and of all, by place and day; and those of each store
    in the period, where the stage for them is `beside`.
    """
    by_place: dict[tuple[str, str], dict[date, Sums]] = {}
    stores: list[StoreSums] = []
    for document in await sums.find_days(
        runtime.store,
        shops=sorted({ALL, period.store or ALL}),
        tiers=sorted({ALL, period.tier or ALL}),
        start=start,
        end=date.max,
        beside=beside,
    ):
        if store_sums.is_store_row(document):
            stores.append(store_sums.read_sums(document))
            continue
        day_sums = by_place.setdefault((document["store"], document["tier"]), {})
        day_sums[date.fromisoformat(document["day"])] = sums.flat_sums(document)
    return by_place, tuple(stores)


def _sums_stage(period: Period) -> Raw:
    return store_sums.sums_stage(
        shop=period.store,
        tier=period.tier or ALL,
        start=period.start,
        end=period.end,
        looked_from=min(period.start, period.year_start),
    )


# ---------------------------------------------------------------- pure rules
def _period_figures(
    period: Period, chosen: Mapping[date, Sums], everything: Mapping[date, Sums], levels: Sums
) -> PeriodFigures:
    return PeriodFigures(
        period.start,
        period.end,
        sums=add_up(_between(chosen, period.start, period.end)),
        all_sums=add_up(_between(everything, period.start, period.end)),
        levels_before=levels_at(levels, everything, period.start - timedelta(days=1)),
        levels=levels_at(levels, everything, period.end),
        year=YearSums(
            add_up(_between(everything, period.year_start, period.end)),
            levels_at(levels, everything, period.year_start - timedelta(days=1)),
        ),
    )


def _between(sums_by_day: Mapping[date, Sums], start: date, end: date) -> Sequence[Sums]:
    return [day_sums for day, day_sums in sums_by_day.items() if start <= day <= end]

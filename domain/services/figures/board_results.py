"""What leaderboards came to, without a name: who takes part and who left, how scores are spread, prizes and
their cost. Of a period that runs it is read from the counts of its ranks, of one that was judged from what
was written down then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from domain.model.calendar import local_day, period_end, period_start, previous_period
from domain.model.club.leaderboards import BoardPeriod, BoardSpread, spread_of
from domain.model.figures.definitions.club import BoardPeriodResult, BoardResult, prizes_of
from domain.model.figures.period import Sums, add_up
from domain.model.programme import Leaderboard, Programme
from domain.services.runtime import Runtime
from domain.store.club import leaderboard_results, leaderboard_scores
from domain.store.club.leaderboard_results import Turnout

MOST_PERIODS = 60  # of a leaderboard, in one answer


async def read_boards(
    runtime: Runtime, *, start: date, end: date, sums_by_day: Mapping[date, Sums]
) -> tuple[BoardResult, ...]:
    """Return what each leaderboard came to from one day through another, in the file's order; `sums_by_day`
    are those of the whole programme, also of later days. Two commands, however many members there are.
    """
    programme = runtime.programme
    if not programme.leaderboards:
        return ()
    keys = {
        spec.code: [period.key for period in _periods(spec, start, end)] for spec in programme.leaderboards
    }
    wanted = [key for some in keys.values() for key in some]
    turnouts = await leaderboard_results.find_turnouts(runtime.store, wanted)
    buckets = await leaderboard_scores.find_buckets(runtime.store, wanted)
    spreads = {key: spread_of(counts) for key, counts in buckets.items()}
    sums = add_up(some for day, some in sums_by_day.items() if start <= day <= end)
    return tuple(
        _board(programme, spec, keys[spec.code], sums, sums_by_day, turnouts, spreads)
        for spec in programme.leaderboards
    )


# ---------------------------------------------------------------- pure rules
def _periods(spec: Leaderboard, start: date, end: date) -> Sequence[BoardPeriod]:
    """Return the newest periods that have a day in common with those from one through another."""
    first, periods = period_start(end, spec.per), list[BoardPeriod]()
    while len(periods) < MOST_PERIODS and period_end(first, spec.per) >= start:
        periods.append(BoardPeriod(spec.code, first))
        if spec.per == "ever":
            break
        first = previous_period(first, spec.per)
    return periods


def _board(
    programme: Programme,
    spec: Leaderboard,
    keys: Sequence[str],
    sums: Sums,
    sums_by_day: Mapping[date, Sums],
    turnouts: Mapping[str, Turnout],
    spreads: Mapping[str, BoardSpread],
) -> BoardResult:
    prizes, gifts = prizes_of(programme, sums, spec.code, None)
    return BoardResult(
        leaderboard=spec.code,
        joined=sums.get(f"turnout.{spec.code}.joined", 0),
        left=sums.get(f"turnout.{spec.code}.left", 0),
        prizes=prizes,
        gifts=gifts,
        periods=[
            _period(programme, spec, BoardPeriod.from_key(key), sums_by_day, turnouts.get(key), spreads)
            for key in keys
            if key in turnouts or key in spreads
        ],
    )


def _period(
    programme: Programme,
    spec: Leaderboard,
    period: BoardPeriod,
    sums_by_day: Mapping[date, Sums],
    turnout: Turnout | None,
    spreads: Mapping[str, BoardSpread],
) -> BoardPeriodResult:
    last_day = period_end(period.first_day, spec.per)
    within = add_up(some for day, some in sums_by_day.items() if period.first_day <= day <= last_day)
    since = add_up(some for day, some in sums_by_day.items() if period.first_day <= day)
    prizes, gifts = prizes_of(programme, since, spec.code, period.first_day)
    return BoardPeriodResult(
        first_day=period.first_day,
        judged_on=None if turnout is None else local_day(turnout.judged_at, programme.zone),
        spread=spreads.get(period.key) if turnout is None else turnout.spread,
        joined=within.get(f"turnout.{spec.code}.joined", 0),
        left=within.get(f"turnout.{spec.code}.left", 0),
        prizes=prizes,
        gifts=gifts,
    )

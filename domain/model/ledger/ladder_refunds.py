"""A refund's way down the ladder: which steps up are no longer reached, and what is held then.

A step stands while the count of some day since it reaches its tier without what was taken back. What only
that tier's own multiplier gave since does not hold it: a bonus never holds its own tier.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime
from itertools import accumulate

from domain.model.calendar import local_day
from domain.model.ledger.counting import (
    REACHED,
    REFUND,
    REVIEW,
    note_missed_keep,
    rung_for,
    tally_of,
    terms_of,
    tiers_of,
    window_start,
    with_tally,
    with_terms,
)
from domain.model.ledger.ladder import step
from domain.model.ledger.member import Tally, TierStanding, TierStep
from domain.model.programme import Programme
from domain.model.values import dataclass, evolve


@dataclass(frozen=True, slots=True)
class Retraction:
    """The standing after a refund, and the steps up that it no longer reaches."""

    standing: TierStanding
    undone: tuple[TierStep, ...] = ()


def retract(programme: Programme, standing: TierStanding, *, at: datetime, cause: str) -> Retraction:
    """Take back the steps that are no longer reached, to the tier that still is. `cause` is the refunded
    purchase.
    """
    live = _live_steps(programme, standing)
    if not any(taken.reason == REACHED for taken in live):
        return Retraction(standing)
    order, today = programme.tier_order, local_day(at, programme.zone)
    place = order.get(live[0].origin or "", 0)
    undone, least = list[TierStep](), len(order)
    for taken in live:
        to = order.get(taken.to, 0)
        if taken.reason == REVIEW:
            place = min(place, to)
            continue
        least_excluded = min(to, least)
        reach = {
            name: _best_count(
                programme,
                tally_of(programme, standing, name),
                taken,
                today=today,
                excluded=least_excluded,
            )
            for name in tiers_of(programme).all_counts
        }
        reached = order[rung_for(tiers_of(programme), reach).code]
        if reached >= to:
            place = max(place, to)
        else:
            undone.append(taken)
            least = min(least, to)
            place = max(place, reached)
    if not undone or place >= order.get(standing.code, 0):
        return Retraction(standing, tuple(undone))  # a review has taken what they reached
    bare = _without_extras(programme, standing, undone[0], least)
    return Retraction(_down(programme, bare, undone[0], live, place, at, cause), tuple(undone))


def _without_extras(
    programme: Programme, standing: TierStanding, taken: TierStep, excluded: int
) -> TierStanding:
    """Return a standing without what tiers from a place up multiplied since a step: it counts no more."""
    first = local_day(taken.came or taken.at, programme.zone)
    for name in tiers_of(programme).all_counts:
        tally = tally_of(programme, standing, name)
        extras, days, gone = dict(tally.extras), dict(tally.days), 0
        for key, extra in tally.extras.items():
            day = date.fromisoformat(key[:10])
            if day >= first and programme.tier_order.get(key[11:], 0) >= excluded:
                del extras[key]
                days[day] = days.get(day, 0) - extra
                gone += extra
        if gone:
            bare = Tally(extras=extras, days=days, term=max(0, tally.term - gone))
            standing = with_tally(standing, name, bare)
    return standing


def _live_steps(programme: Programme, standing: TierStanding) -> list[TierStep]:
    """Return the steps that led to the tier earned: those that refunds took back count no more."""
    order = programme.tier_order
    live: list[TierStep] = []
    for taken in standing.steps:
        if taken.reason in (REACHED, REVIEW):
            live.append(taken)
        elif taken.reason == REFUND:
            left = order.get(taken.to, 0)
            popped = None
            while live and live[-1].reason == REACHED and order.get(live[-1].to, 0) > left:
                popped = live.pop()
            if popped is not None and order.get(popped.origin or "", 0) < left:
                live.append(_lowered(popped, taken.to))
    return live


def _lowered(taken: TierStep, to: str) -> TierStep:
    return TierStep(
        taken.origin,
        to,
        taken.at,
        REACHED,
        taken.cause,
        taken.since,
        taken.held_through,
        taken.term,
        taken.term_from,
        taken.came,
        taken.terms,
    )


def _best_count(programme: Programme, tally: Tally, taken: TierStep, *, today: date, excluded: int) -> int:
    """Return the highest tally of a day since a step, without the extras of tiers from a place up since."""
    order, span = programme.tier_order, tiers_of(programme).window.span
    first = local_day(taken.came or taken.at, programme.zone)
    counts = dict(tally.days)
    for key, extra in tally.extras.items():
        day = date.fromisoformat(key[:10])
        if day >= first and order.get(key[11:], 0) >= excluded:
            counts[day] = counts.get(day, 0) - extra
    days = sorted(counts)
    sums = [0, *accumulate(counts[day] for day in days)]
    best = 0
    for day in {first, *(day for day in days if first <= day <= today)}:
        start = date(day.year, 1, 1) if span is None else window_start(span, day)
        best = max(best, sums[bisect_right(days, day)] - sums[bisect_left(days, start)])
    return best


def _down(
    programme: Programme,
    standing: TierStanding,
    first_undone: TierStep,
    live: list[TierStep],
    place: int,
    at: datetime,
    cause: str,
) -> TierStanding:
    to = tiers_of(programme).ladder[place].code
    order, today = programme.tier_order, local_day(at, programme.zone)
    before = next((taken for taken in live if order.get(taken.origin or "", 0) == place), None)
    if before is None or order.get(first_undone.origin or "", 0) < place:
        back = step(
            programme, standing, to=to, at=at, reason=REFUND, cause=cause, held_through=standing.held_through
        )
        back = with_terms(back, terms_of(standing))
        return evolve(back, since=standing.since, term_from=standing.term_from)
    since = live[live.index(before) :]
    back = step(
        programme, standing, to=to, at=at, reason=REFUND, cause=cause, held_through=before.held_through
    )
    if before.term_from:
        parts = [*map(terms_of, since), terms_of(standing)]
        terms = {name: max(0, sum(part.get(name, 0) for part in parts)) for name in parts[-1]}
        back = with_terms(back, terms)
    back = evolve(back, since=before.since or at, term_from=before.term_from)
    return note_missed_keep(programme, back, today=today)  # what kept the tier of before may be gone, too

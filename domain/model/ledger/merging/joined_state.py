"""A membership that takes another one over, beside its wallets: counts add up, what was reached stays.

The better tier stays with its term, and what the other one counted is added; badges keep their levels, and
progress adds up; limits and caps count what either used; of a plan the one that runs longer stays. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from domain.model.calendar import start_of
from domain.model.ledger import counting, ladder
from domain.model.ledger.badges import levels_reached
from domain.model.ledger.gifts import Gift
from domain.model.ledger.member import (
    CATEGORIES_KEPT,
    JUDGEMENTS_KEPT,
    TAGS_KEPT,
    BadgeState,
    CategoryTotal,
    HeldPlan,
    Member,
    PeriodCount,
    PurchaseTotals,
    ReferralState,
    TagSources,
    Tally,
    TierStanding,
)
from domain.model.ledger.merging.moved_state import moved_gifts
from domain.model.programme import SINGLE_COUNT, BadgeSpec, Programme, StampCard
from domain.model.values import evolve

PERIODS_KEPT = 2
TICK = timedelta(milliseconds=1)


def join(member: Member, moved: Member) -> Member:
    """Return a member with all that another one was, but for wallets, the tier and badges."""
    seq = member.seq + 1
    return evolve(
        member,
        joined_at=min((at for at in (member.joined_at, moved.joined_at) if at is not None), default=None),
        counters=_join_counters(member.counters, moved.counters, is_closed=member.merged_into is not None),
        purchases=_join_purchases(member.purchases, moved.purchases),
        plan=_longer(member.plan, moved.plan),
        had_plan=member.had_plan or moved.had_plan,
        code=member.code or moved.code,
        codes={**moved.codes, **member.codes},
        tags=frozenset(
            sorted(member.tags) + sorted(moved.tags - member.tags)[: TAGS_KEPT - len(member.tags)]
        ),
        tag_sources=_join_tag_sources(member, moved, seq=seq),
        referral=_join_referrals(member, moved),
        gifts=_join_gifts(member.gifts, moved_gifts(moved.gifts, seq=seq)),
        used_vouchers={
            source: (*member.used_vouchers.get(source, ()), *moved.used_vouchers.get(source, ()))
            for source in (*member.used_vouchers, *moved.used_vouchers)
        },
        free_vouchers_used={**moved.free_vouchers_used, **member.free_vouchers_used},
    )


# ---------------------------------------------------------------- tiers
def join_tiers(
    programme: Programme,
    standing: TierStanding | None,
    moved: TierStanding | None,
    *,
    today: date,
    cause: str,
) -> TierStanding | None:
    """Return the better standing with what the other one counted; floors of both hold."""
    if standing is None or moved is None or programme.tiers is None:
        return standing or moved
    order = programme.tier_order
    first, second = standing, moved
    if order[counting.earned_tier(programme, moved)] > order[counting.earned_tier(programme, standing)]:
        first, second = moved, standing
    joined = add_counts(programme, first, second, today=today, cause=cause)
    floors = (*first.floors, *second.floors)[-ladder.FLOORS_KEPT :]
    joined = evolve(joined, floors=floors, steps=joined.steps or second.steps)
    return with_names(joined, standing)


def with_names(standing: TierStanding, known: TierStanding) -> TierStanding:
    """Return a standing that has a tally of each name that another one has: one once stored stays."""
    return evolve(standing, tallies={**{name: Tally() for name in known.tallies}, **standing.tallies})


def add_counts(
    programme: Programme,
    standing: TierStanding,
    other: TierStanding,
    *,
    today: date,
    cause: str,
    sign: int = 1,
) -> TierStanding:
    """Return a standing with what another one counted, each amount on its own day."""
    other = counting.taken_over(programme, other)
    tallies: Mapping[str, Tally] = {SINGLE_COUNT: other, **other.tallies}
    for name, tally in tallies.items():
        known_as = counting.count_named(programme, name)
        if known_as is None:
            continue
        for day, amount in sorted(tally.days.items()):
            at = start_of(day + timedelta(days=1), programme.zone) - TICK
            standing = counting.add_count(
                programme, standing, name=known_as, amount=sign * amount, at=at, today=today, cause=cause
            )
        for key, amount in tally.extras.items():
            day, tier = date.fromisoformat(key[:10]), key[11:]
            standing = counting.add_extras(standing, sign * amount, name=known_as, day=day, tier=tier)
    return standing


# ---------------------------------------------------------------- badges
def join_badge(spec: BadgeSpec, known: BadgeState, moved: BadgeState) -> tuple[BadgeState, int]:
    """Return a badge with the progress of both, and the level that it had reached before: what is above it is
    new. Of a streak the later run goes on; cards that both had filled were paid for each.
    """
    is_card = isinstance(spec.levels, StampCard)
    paid = known.level + moved.level if is_card else max(known.level, moved.level)
    earned = [at for at in (known.earned_at, moved.earned_at) if at is not None]
    if spec.streak is not None:
        run = max((known, moved), key=lambda state: (state.period or date.min, state.progress))
        joined = evolve(known, progress=run.progress, period=run.period, level=paid)
    else:
        joined = evolve(known, progress=known.progress + moved.progress, level=paid)
    joined = evolve(
        joined,
        target=known.target or moved.target or known.target,
        accepted_at=known.accepted_at or moved.accepted_at,
        earned_at=max(earned, default=None),
    )
    reached = paid if spec.streak is not None else levels_reached(spec, joined, joined.progress)
    return joined, max(paid, reached)


# ---------------------------------------------------------------- limits, purchases, plans
def _join_counters(
    known: Mapping[str, tuple[PeriodCount, ...]],
    moved: Mapping[str, tuple[PeriodCount, ...]],
    *,
    is_closed: bool,
) -> dict[str, tuple[PeriodCount, ...]]:
    joined = {
        rule: _join_periods((*known.get(rule, ()), *moved.get(rule, ())), is_closed=is_closed)
        if rule in moved
        else known[rule]
        for rule in (*known, *(rule for rule in moved if rule not in known))
    }
    return {rule: counts for rule, counts in joined.items() if counts or rule in known}


def _join_periods(counts: tuple[PeriodCount, ...], *, is_closed: bool) -> tuple[PeriodCount, ...]:
    """Return counts with those of one period as one: the newest periods of each kind. What a refund gives
    back is a difference, to a period that is counted still; a closed membership hands it on as it is.
    """
    by_period = dict[tuple[str, date], PeriodCount]()
    for count in counts:
        same = by_period.get((count.per, count.start))
        if same is not None:
            count = evolve(count, times=same.times + count.times, amount=same.amount + count.amount)
        if not is_closed and (count.times < 0 or count.amount < 0):
            if same is None:
                continue
            count = evolve(count, times=max(0, count.times), amount=max(0, count.amount))
        by_period[count.per, count.start] = count
    newest = list[PeriodCount]()
    for per in dict.fromkeys(per for per, _ in by_period):
        mine = sorted(
            (count for key, count in by_period.items() if key[0] == per), key=lambda count: count.start
        )
        newest += mine[-PERIODS_KEPT:]
    return tuple(newest)


def _join_purchases(known: PurchaseTotals, moved: PurchaseTotals) -> PurchaseTotals:
    first = [at for at in (known.first_at, moved.first_at) if at is not None]
    last = [at for at in (known.last_at, moved.last_at) if at is not None]
    return evolve(
        known,
        brought=known.brought + moved.brought,
        total=known.total + moved.total,
        first_at=min(first, default=None),
        last_at=max(last, default=None),
        categories=_join_categories(known.categories, moved.categories),
        returned=known.returned + moved.returned,
        before_joining=known.before_joining + moved.before_joining,
        total_before_joining=known.total_before_joining + moved.total_before_joining,
    )


def _join_categories(
    known: Mapping[str, CategoryTotal], moved: Mapping[str, CategoryTotal]
) -> dict[str, CategoryTotal]:
    totals = dict(known)
    for category, total in moved.items():
        same = totals.get(category)
        if same is not None:
            last = [at for at in (same.last_at, total.last_at) if at is not None]
            totals[category] = CategoryTotal(
                same.amount + total.amount, same.quantity + total.quantity, max(last, default=None)
            )
        elif len(totals) < CATEGORIES_KEPT:
            totals[category] = total
    return totals


def _longer(known: HeldPlan | None, moved: HeldPlan | None) -> HeldPlan | None:
    if known is None or moved is None:
        return known or moved
    if known.until is None or (moved.until is not None and moved.until <= known.until):
        return known
    return moved


# ---------------------------------------------------------------- tags, referrals, gifts
def _join_tag_sources(member: Member, moved: Member, *, seq: int) -> dict[str, TagSources]:
    sources = dict(member.tag_sources)
    for tag, source in moved.tag_sources.items():
        known = sources.get(tag)
        sources[tag] = (
            TagSources(source.count, seq)
            if known is None
            else evolve(known, count=known.count + source.count)
        )
    return sources


def _join_referrals(member: Member, moved: Member) -> ReferralState:
    """Return whose friend both are, and whom they brought. Nobody is a friend of their own."""
    known, other = member.referral, moved.referral
    ids = (member.id, moved.id)
    own = [state for state in (known, other) if state.referred_by and state.referred_by not in ids]
    chosen = next((state for state in own if state.qualified), own[0] if own else ReferralState())
    return ReferralState(
        referred_by=chosen.referred_by,
        qualified=chosen.qualified,
        waiting=() if chosen.qualified else (*known.waiting, *other.waiting)[-JUDGEMENTS_KEPT:],
        invited=known.invited + other.invited,
        friends=known.friends + other.friends,
        made=max(known.made, other.made),
        qualified_at=chosen.qualified_at,
        qualified_by=chosen.qualified_by,
    )


def _join_gifts(known: Mapping[str, Gift], moved: Mapping[str, Gift]) -> dict[str, Gift]:
    """Return the gifts of both: where a source has given to both, the other one's is an earlier episode."""
    gifts = dict(known)
    for source, gift in moved.items():
        place = source
        while place in gifts:
            place = f"{place}#0"
        gifts[place] = evolve(gift, is_card_level=False) if place != source else gift
    return gifts

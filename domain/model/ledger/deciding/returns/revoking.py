"""Taking back what a gift gave, and the tiers, levels, rewards and segments that stood on a refunded
purchase.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from domain.model.calendar import local_day, period_start
from domain.model.event_names import REWARD_UNLOCKED, SEGMENT_ENTERED
from domain.model.ledger import counting, ladder, rewards
from domain.model.ledger.badges import levels_reached
from domain.model.ledger.deciding.awarding import claw_back, give_back
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.deciding.voucher_steps import change_voucher
from domain.model.ledger.gifts import RETURNED, Counted, Gift, UsedVoucher
from domain.model.ledger.member import Member, PeriodCount, TagSources, TierStanding
from domain.model.ledger.period_counts import periods_of
from domain.model.ledger.views.expression_view import held_tier_code
from domain.model.values import evolve

USED_KEPT = 50
BY_TIME = (f"{REWARD_UNLOCKED}:", f"{SEGMENT_ENTERED}:")  # how ids of what time brings begin


def revoke_source(builder: RowBuilder, source: str) -> bool:
    """Take back the gift of a source that lives with the member. Returns whether there was one."""
    gift = builder.member.gifts.get(source)
    if gift is None:
        return False
    rest = {key: value for key, value in builder.member.gifts.items() if key != source}
    builder.member = evolve(builder.member, gifts=rest)
    revoke(builder, source, gift)
    return True


def revoke(builder: RowBuilder, source: str, gift: Gift) -> None:
    """Take back all that a gift gave; vouchers that were used stay, and are given no second time."""
    for deduction in gift.deductions:
        give_back(builder, deduction.wallet, deduction.parts, taken_on=deduction.on)
    for code, amount in gift.awarded.items():
        lots = [lot for lot in gift.opened_lots if lot.wallet == code]
        claw_back(builder, code, amount, lots, awarded_on=_day(builder, gift.at), rule=source)
    uncount(builder, gift.counted, at=gift.at, cause=gift.origin, tier=gift.tier)
    for badge, amount in gift.badge_counts.items():
        reduce_badge(builder, badge, amount)
    used = _take_vouchers(builder, source, gift)
    for tag in gift.tags:
        _take_tag(builder, tag, gift.seq)
    if gift.gives_floor and builder.member.tier is not None:
        standing = ladder.take_floors(
            builder.programme, builder.member.tier, source=f"{source}@{gift.origin}", at=builder.at
        )
        if standing is not builder.member.tier:
            lower(builder, standing)
        _revoke_ended_floors(builder, gift.origin)
    for firing in gift.firings:
        give_room_back(builder, firing.rule, firing.on, amount=firing.amount, times=0 if used else 1)


def _day(builder: RowBuilder, at: datetime) -> date:
    return local_day(at, builder.programme.zone)


# ---------------------------------------------------------------- vouchers and tags


def _take_vouchers(builder: RowBuilder, source: str, gift: Gift) -> bool:
    """Cancel the gift's open vouchers and remember the used ones. Returns whether some were used."""
    used = []
    for voucher in gift.vouchers:
        opened = builder.member.vouchers.get(voucher)
        if opened is not None and opened.used_at is None:
            change_voucher(builder, voucher, None, "cancelled")
        elif voucher in builder.member.free_vouchers_used:
            used.append(UsedVoucher(voucher, builder.member.free_vouchers_used[voucher]))
            if opened is not None:
                vouchers = {**builder.member.vouchers, voucher: evolve(opened, is_revoked=True)}
                builder.member = evolve(builder.member, vouchers=vouchers)
    if used:
        known = builder.member.used_vouchers
        mine = (*known.get(source, ()), *used)[-USED_KEPT:]
        builder.member = evolve(builder.member, used_vouchers={**known, source: mine})
    return bool(used)


def _take_tag(builder: RowBuilder, tag: str, seq: int) -> None:
    known = builder.member.tag_sources.get(tag)
    if known is None or seq < known.since_seq:
        return
    sources = {key: value for key, value in builder.member.tag_sources.items() if key != tag}
    if known.count > 1:
        sources[tag] = TagSources(known.count - 1, known.since_seq)
        builder.member = evolve(builder.member, tag_sources=sources)
    else:
        builder.member = evolve(builder.member, tag_sources=sources, tags=builder.member.tags - {tag})


# ---------------------------------------------------------------- limits, tiers, badges


def give_room_back(builder: RowBuilder, rule: str, day: date, *, amount: int, times: int) -> None:
    """Give a limit back a firing and a cap an amount, in the periods of the award that are still counted. Of
    a closed membership the one that took it over counts them: they move on as a difference.
    """
    counts, is_closed = builder.member.counters.get(rule, ()), builder.before.merged_into is not None
    if is_closed:
        counts = _with_periods(builder, rule, counts, day)
    if not counts or not (amount or times):
        return
    after = tuple(
        _reduced(count, times=times, amount=amount, is_difference=is_closed)
        if count.start == period_start(day, count.per)
        else count
        for count in counts
    )
    builder.member = evolve(builder.member, counters={**builder.member.counters, rule: after})


def _with_periods(
    builder: RowBuilder, counter: str, counts: tuple[PeriodCount, ...], day: date
) -> tuple[PeriodCount, ...]:
    """Return counts that have all periods of a day by which a rule or a shared cap is bounded."""
    known = {(count.per, count.start) for count in counts}
    days = [(per, period_start(day, per)) for per in sorted(periods_of(builder.programme, counter))]
    return (*counts, *(PeriodCount(start, per=per) for per, start in days if (per, start) not in known))


def _reduced(count: PeriodCount, *, times: int, amount: int, is_difference: bool) -> PeriodCount:
    left_times, left_amount = count.times - times, count.amount - amount
    if not is_difference:
        left_times, left_amount = max(0, left_times), max(0, left_amount)
    return evolve(count, times=left_times, amount=left_amount)


def uncount(
    builder: RowBuilder,
    counted: Mapping[str, Counted],
    *,
    at: datetime,
    cause: str,
    tier: str | None = None,
) -> None:
    """Take off the counts for tiers, on the day of an instant, what had counted; its extras a `tier` gave."""
    for name, amounts in counted.items():
        if builder.member.tier is not None and (amounts.amount or amounts.extras):
            _uncount(builder, builder.member.tier, name, amounts, at=at, cause=cause, tier=tier)


def _uncount(
    builder: RowBuilder,
    standing: TierStanding,
    name: str,
    counted: Counted,
    *,
    at: datetime,
    cause: str,
    tier: str | None,
) -> None:
    known_as = counting.count_named(builder.programme, name)
    if known_as is None:
        return  # a count of an earlier version of the programme
    amount, extras = counted.amount, counted.extras
    if extras and tier is not None:  # those of a tier that was taken back count no more
        tally = counting.tally_of(builder.programme, standing, known_as)
        known = tally.extras.get(counting.extras_key(_day(builder, at), tier), 0)
        left = min(extras, known) if known else 0
        amount, extras = amount - extras + left, left
    standing = counting.add_count(
        builder.programme,
        standing,
        name=known_as,
        amount=-amount,
        at=at,
        today=builder.today,
        cause=cause,
    )
    if extras and tier is not None:
        standing = counting.add_extras(standing, -extras, name=known_as, day=_day(builder, at), tier=tier)
    builder.member = evolve(builder.member, tier=standing)


def reduce_badge(builder: RowBuilder, code: str, amount: int) -> None:
    """Take progress off a badge; the levels that it no longer reaches go, highest first, with their gifts."""
    before = builder.member.badges.get(code)
    spec = next((badge for badge in builder.programme.badges if badge.code == code), None)
    if before is None or not amount:
        return
    progress = max(0, before.progress - amount)
    level = before.level
    if spec is not None and levels_reached(spec, before, before.progress) >= before.level:
        level = min(before.level, levels_reached(spec, before, progress))
    after = evolve(before, progress=progress, level=level, earned_at=before.earned_at if level else None)
    builder.member = evolve(builder.member, badges={**builder.member.badges, code: after})
    for gone in range(before.level, level, -1):
        revoke_source(builder, f"badge:{code}:{gone}")


def _revoke_ended_floors(builder: RowBuilder, cause: str) -> None:
    """Take back what came of tiers that a cause gave as floors and that are held no longer; what it had
    reached by its count stays until the count falls.
    """
    order, standing = builder.programme.tier_order, builder.member.tier
    held = order.get(held_tier_code(builder.programme, builder.member) or "", -1)
    for code in reversed(list(order)):
        gift = builder.member.gifts.get(f"tier:{code}")
        if gift is None or gift.origin != cause or order[code] <= held or standing is None:
            continue
        steps = (step for step in standing.steps if step.reason == counting.REACHED and step.cause == cause)
        if not any(order.get(step.to, 0) >= order[code] for step in steps):
            revoke_source(builder, f"tier:{code}")


def lower(builder: RowBuilder, standing: TierStanding) -> None:
    """Put a standing back; what came of the tiers that are held no longer goes, highest first."""
    order = builder.programme.tier_order
    before = order.get(held_tier_code(builder.programme, builder.member) or "", -1)
    builder.set_standing(standing)
    after = order.get(held_tier_code(builder.programme, builder.member) or "", -1)
    for code in reversed(list(builder.programme.tier_order)):
        if after < order[code] <= before:
            revoke_source(builder, f"tier:{code}")


# ---------------------------------------------------------------- rewards and segments


def revoke_locked(builder: RowBuilder, locked: Iterable[str]) -> bool:
    """Take back what came of rewards that this row locks again; those that time or stock locks keep it.
    Returns whether something went.
    """
    has_revoked = False
    specs = {spec.code: spec for spec in rewards.listed(builder.programme)}
    for code in locked:
        if f"reward:{code}" not in builder.member.gifts or code not in specs:
            continue
        locks = rewards.locks(
            builder.programme, builder.member, specs[code], now=builder.at, stock=builder.stock
        )
        if {lock.reason for lock in locks} & {"BALANCE", "TIER", "CONDITION"}:
            has_revoked |= revoke_source(builder, f"reward:{code}")
    return has_revoked


def revoke_left(builder: RowBuilder, segments: Iterable[str]) -> bool:
    """Take back what came of segments that this row leads out of. Returns whether something went."""
    revoked = [revoke_source(builder, f"segment:{code}") for code in segments]
    return any(revoked)


def revoke_raised_by(
    builder: RowBuilder, causes: frozenset[str] = frozenset(), *, since: datetime | None = None
) -> bool:
    """Take back what came of rewards and segments that a wholly returned purchase (of `causes`) had brought,
    at once or by time `since`, where they no longer stand, and of its levels of a streak, which stays; and
    of rewards that what is kept of a purchase would not have unlocked. What still stands is marked, so that
    it goes later, with what it stands on. Returns whether something went.
    """
    streaks = {f"badge:{spec.code}" for spec in builder.programme.badges if spec.streak is not None}
    gone, standing = [], dict(builder.member.gifts)
    for source, gift in builder.member.gifts.items():
        is_raised = gift.cause in causes or source in builder.unraised
        is_by_time = since is not None and gift.at >= since and gift.cause.startswith(BY_TIME)
        if is_raised and source.rpartition(":")[0] in streaks:
            gone.append(source)
        elif is_raised or is_by_time or gift.cause.startswith(RETURNED):
            if not _stands(builder.member, source):
                gone.append(source)
            elif is_raised and source.startswith(("reward:", "segment:")):
                standing[source] = evolve(gift, cause=RETURNED + gift.origin)
    if standing != builder.member.gifts:
        builder.member = evolve(builder.member, gifts=standing)
    for source in gone:
        revoke_source(builder, source)
    return bool(gone)


def _stands(member: Member, source: str) -> bool:
    """Tell whether what a gift stands on is still there; an earlier episode of it (`#`) is not."""
    kind, _, code = source.partition(":")
    if "#" in code:
        return False
    if kind == "reward":
        return code in member.unlocked
    return code in member.segments if kind == "segment" else True

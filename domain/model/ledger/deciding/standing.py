"""What still stands after something was taken back: tiers whose count no longer reaches them go, and tiers
and levels that only what came of them holds. A bonus never holds its own tier, nor its own level.

What came of a tier or level may count toward it, or toward another that counts toward it. Those stand that
are reached by what counts without them, and by what came of others that stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date

from domain.model.calendar import local_day
from domain.model.ledger import counting, ladder_refunds
from domain.model.ledger.badges import count_of_level
from domain.model.ledger.deciding.returns.revoking import lower, revoke_source
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.gifts import NOT_COUNTED, Gift
from domain.model.ledger.member import Member, Tally, TierStep
from domain.model.values import evolve


def settle_standing(builder: RowBuilder) -> None:
    """Take back tiers that the count no longer reaches and what only holds itself, until all stands."""
    refund = builder.event.refund
    cause = refund.purchase.key if refund else builder.event.id
    before: Member | None = None
    while builder.member is not before:
        before = builder.member
        _retract_tier(builder, cause)
        _revoke_unsupported(builder, cause)


def _retract_tier(builder: RowBuilder, cause: str) -> None:
    """Take back the steps up that the count no longer reaches, with what came of them, until all stand."""
    before = None
    while builder.member.tier is not None and builder.member.tier is not before:
        before = builder.member.tier
        retraction = ladder_refunds.retract(builder.programme, before, at=builder.at, cause=cause)
        if retraction.standing is not before:
            lower(builder, retraction.standing)
        for step in retraction.undone:
            _revoke_step(builder, step)


def _revoke_step(builder: RowBuilder, step: TierStep) -> None:
    """Take back what came of a step, and of the tiers that it passed; also where the tier was lost at a
    review since, and has come again.
    """
    order = builder.programme.tier_order
    for code in reversed(list(order)):
        if not order.get(step.origin or "", 0) < order[code] <= order.get(step.to, 0):
            continue
        for source, gift in list(builder.member.gifts.items()):
            if source.partition("#")[0] == f"tier:{code}" and gift.origin == step.cause:
                revoke_source(builder, source)


# ---------------------------------------------------------------- what only holds itself


def _revoke_unsupported(builder: RowBuilder, cause: str) -> None:
    """Take back what came of tiers and levels that only this holds."""
    waiting = {source: gift for source, gift in builder.member.gifts.items() if _counts(source, gift)}
    while waiting:
        without = _Waiting(waiting.values())
        supported = {source for source in waiting if _is_reached(builder, source, without, cause)}
        if not supported:
            break
        waiting = {source: gift for source, gift in waiting.items() if source not in supported}
    for source in waiting:
        revoke_source(builder, source)


class _Waiting:
    """Gifts that nothing has been found to support yet, with what they count toward each badge."""

    def __init__(self, gifts: Collection[Gift]) -> None:
        self.gifts = gifts
        self.badge_counts = Counter[str]()
        for gift in gifts:
            self.badge_counts.update(gift.badge_counts)


def _counts(source: str, gift: Gift) -> bool:
    """Tell whether what came of a tier or level that is held counts toward any."""
    counts = gift.counted or gift.badge_counts
    return bool(counts) and source.startswith(("tier:", "badge:")) and "#" not in source


def _is_reached(builder: RowBuilder, source: str, without: _Waiting, cause: str) -> bool:
    kind, _, name = source.partition(":")
    if kind == "tier":
        return _is_tier_reached(builder, name, without.gifts, cause)
    code, _, level = name.rpartition(":")
    spec = next((badge for badge in builder.programme.badges if badge.code == code), None)
    known = builder.member.badges.get(code)
    if spec is None or known is None or spec.streak is not None or not known.level:
        return True
    count = count_of_level(spec, known, int(level))
    return count is None or known.progress - without.badge_counts[code] >= count


def _is_tier_reached(builder: RowBuilder, tier: str, without: Collection[Gift], cause: str) -> bool:
    standing, order = builder.member.tier, builder.programme.tier_order
    if standing is None or any(order.get(floor.code, -1) >= order.get(tier, 0) for floor in standing.floors):
        return True
    bare = standing
    for name in counting.tiers_of(builder.programme).all_counts:
        tally, less = counting.tally_of(builder.programme, standing, name), dict[date, int]()
        for gift in without:
            day = local_day(gift.at, builder.programme.zone)
            less[day] = less.get(day, 0) + gift.counted.get(name, NOT_COUNTED).amount
        bare = counting.with_tally(bare, name, _without(tally, less))
    retraction = ladder_refunds.retract(builder.programme, bare, at=builder.at, cause=cause)
    held = counting.earned_tier(builder.programme, retraction.standing)
    return tier not in {step.to for step in retraction.undone} or order[held] >= order.get(tier, 0)


def _without(tally: Tally, less: Mapping[date, int]) -> Tally:
    return evolve(tally, days={day: amount - less.get(day, 0) for day, amount in tally.days.items()})

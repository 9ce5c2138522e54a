"""One event decided: what it changes by itself, its rules, badges and tiers; then, in the same row, all that
this gives rise to.

Rules see the member as before the event; what an event of this decision is judged by (points.awarded,
tier.changed, segments ...) sees the member as it stands by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from domain.model.event_names import (
    POINTS_EXPIRED,
    REDEEMED,
    REFERRAL_QUALIFIED,
    REFERRAL_UNMADE,
    REFUNDED,
    REWARD_UNLOCKED,
    SEGMENT_ENTERED,
    SEGMENT_LEFT,
    TIER_CHANGED,
    VOUCHER_USED,
)
from domain.model.ledger import erasing, ladder, plans, rewards, tiers
from domain.model.ledger.deciding import actions, challenges, event_effects, opening, referrals
from domain.model.ledger.deciding.earning import (
    RuleInputs,
    count_units,
)
from domain.model.ledger.deciding.gift_book import GiftBook, transition
from domain.model.ledger.deciding.returns import revoking
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.deciding.rule_application import apply_rules, rooms_of, rule_inputs, rules_for
from domain.model.ledger.deciding.standing import settle_standing
from domain.model.ledger.deciding.turn_baseline import Memberships, TurnBaseline
from domain.model.ledger.decision import DecidedBy, StockState
from domain.model.ledger.events import Event, Fact, Facts, RaisedFacts
from domain.model.ledger.gifts import Counted
from domain.model.ledger.late_events import HistoricalContext
from domain.model.ledger.member import Member, TierStanding, settle_lots
from domain.model.ledger.merging.effects import sweep
from domain.model.ledger.views.expression_view import (
    ExpressionView,
    held_tier_code,
    member_view,
    public_fields,
)
from domain.model.ledger.views.field_reads import read_before, read_by_counts
from domain.model.programme import Programme
from domain.model.values import evolve


def decide_row(
    programme: Programme,
    member: Member,
    event: Event,
    *,
    by: DecidedBy,
    stock: StockState,
    history: HistoricalContext | None = None,
    version: int = 1,
    change: Callable[[RowBuilder], None] | None = None,
    is_turning: bool = False,
) -> RowBuilder:
    """Decide one event on a member for whom time has been brought up to it, and return the builder of its
    row.

    `change` is what an event that time brought has changed before its rules see the member. While time
    `is_turning` a row moves segments and rewards only as far as it causes it itself: what time alone moves
    has rows of its own, in their order.
    """
    builder = _new_builder(programme, member, event, by=by, stock=stock, history=history, version=version)
    event = builder.event
    if erasing.settle_erasure(builder) or opening.settle_opening(builder):
        return builder
    if programme.goal_badges:
        challenges.fix_goals(builder, member)
    judged = _judge_memberships(builder) if is_turning else None
    if change is not None:
        change(builder)
    if judged is not None:
        builder.turn_baseline = TurnBaseline(
            judged, Memberships(builder.member.segments, builder.member.unlocked)
        )
    visible = event_effects.apply_visible(builder)
    reads = read_before(builder.ruling_programme, event.name)
    view = ExpressionView(
        builder.ruling_programme,
        visible,
        event,
        reads,
        past_facts=builder.past_facts,
        first=builder.is_first_purchase(event),
        failures=builder.failures,
        budget=builder.budget,
    )
    inputs = rule_inputs(builder, view)
    event_effects.renew_wallets(builder)
    if change is None:
        event_effects.apply_effects(builder, history)
    apply_rules(builder, inputs, raised=None)
    _count_badges_and_tiers(builder, event, raised=None)
    is_purchase = event.purchase is not None and event.name != REFUNDED
    if is_purchase:
        builder.purchase_facts = _purchase_facts(builder, view, inputs)
    decide_followups(builder)
    if is_purchase and any(source.startswith("reward:") for source in builder.book.drafts):
        builder.purchase_facts = _with_balances(builder.purchase_facts, view.member)
    sweep(builder)
    return builder


def _new_builder(
    programme: Programme,
    member: Member,
    event: Event,
    *,
    by: DecidedBy,
    stock: StockState,
    history: HistoricalContext | None,
    version: int,
) -> RowBuilder:
    at = max(event.at, member.decided_at or event.at)
    is_past = history is not None and event.at < at
    late = is_past and event.delayed_rule is None
    now = event_effects.forget_used(settle_lots(member, at=at), at)
    past = _past_facts(programme, now, history.facts, event) if late and history else None
    ruling = history.programme if late and history else programme
    completed = event_effects.completed_event(ruling, now, event)
    return RowBuilder(
        programme=programme,
        ruling_programme=ruling,
        before=member,
        member=now,
        event=completed,
        by=by,
        stock=stock,
        at=at,
        version=history.version if late and history else version,
        tier=past.tier_after if past else held_tier_code(programme, now),
        plan=past.plan_after if past else (now.plan.code if now.plan else None),
        book=GiftBook(_root_of(completed)),
        past_facts=past,
        past_counts=history.counts if is_past and history else None,
    )


def _past_facts(programme: Programme, member: Member, facts: Facts, event: Event) -> Facts:
    """Return the facts of a late event's own time, with the tier that other late events had reached."""
    if member.tier is None:
        return facts
    tier = ladder.late_tier(programme, member.tier, at=event.at, known=facts.tier_after)
    return evolve(facts, tier_after=tier)


_BY_VOUCHER = {REDEEMED: "redeemed", VOUCHER_USED: "used"}


def _root_of(event: Event) -> str | None:
    """Return the source of all that an event gives, where the event stands on a state of the member's."""
    if event.gift is not None:
        return event.gift.partition("@")[0]
    if event.name == REFERRAL_QUALIFIED:
        return f"referral:{event.data.get('friend')}"
    if event.name in _BY_VOUCHER:
        return f"{_BY_VOUCHER[event.name]}:{event.data.get('voucher')}"
    return transition(event)


def _purchase_facts(builder: RowBuilder, view: ExpressionView, inputs: RuleInputs) -> Facts:
    """What a purchase's facts keep. Every rule's room is among it: a refund may bring one in that did not
    apply.
    """
    rules = rules_for(view.programme, view.event)
    after: Mapping[str, Fact] = {}
    if view.event.delayed_rule is None:
        reads = read_by_counts(builder.programme, view.event.name)
        after = public_fields(member_view(builder.programme, builder.member, view.event.at, reads))
    return Facts(
        member=public_fields(view.member_fields()),
        member_after=after,
        rule_rooms=rooms_of(rules, inputs),
        is_first_purchase=view.first,
    )


def _with_balances(facts: Facts, member: Member) -> Facts:
    """Return facts with the balances of before, by which a refund tells what is kept would have unlocked."""
    balances = {code: held.available + held.held for code, held in member.wallets.items()}
    return evolve(facts, member={"balance": balances, **facts.member})


# ---------------------------------------------------------------- badges, tiers, the referral


def _count_badges_and_tiers(builder: RowBuilder, event: Event, *, raised: Event | None) -> None:
    """Let an event count toward badges and tiers and be judged for the referral; one whose rule was delayed
    has done so before.
    """
    builder.book.book_event(raised)
    if not (event.delayed_rule or builder.member.frozen or plans.ends_nothing(builder.before, event)):
        for spec in builder.programme.badges_on(event.name) if builder.member.merged_into is None else ():
            actions.count_badge(builder, spec, event, raised)
        builder.book.book_event(raised)
        _count_event(builder, event, raised)
    climb(builder)
    if event.delayed_rule is None:
        referrals.judge(builder, event)


def _count_event(builder: RowBuilder, event: Event, raised: Event | None) -> None:
    for name, count in builder.programme.counts_on(event.name):
        view = builder.view_after(event)
        amount = int(count_units(count.of, view)) if view.test(count.when) else 0
        is_own = raised is None and builder.book.root is None
        builder.count(name, Counted(event=amount), is_own=is_own)


def climb(builder: RowBuilder) -> None:
    """Count what was noted toward tiers, and go up as far as that reaches."""
    builder.count_toward_tiers()
    standing = builder.member.tier
    if (
        standing is None
        or builder.programme.tiers is None
        or _has_counted_nothing(standing, builder.before.tier)
    ):
        return
    refund = builder.event.refund
    cause = refund.purchase.key if refund else builder.event.id
    climbed = ladder.climb(
        builder.programme,
        standing,
        at=builder.at,
        cause=cause,
        came=builder.at if builder.event.name == REFUNDED else builder.event.at,
    )
    if climbed is standing:
        climbed = tiers.pass_review(builder.programme, standing, at=builder.at)
        if climbed is not standing:
            builder.set_standing(climbed)
        return
    builder.set_standing(climbed)
    if climbed.steps[-1].came is not None:
        climb(builder)  # a late event may have reached a tier on its own day and another since


def _has_counted_nothing(standing: TierStanding, before: TierStanding | None) -> bool:
    return before is not None and standing.days is before.days and standing.tallies is before.tallies


# ---------------------------------------------------------------- what follows


def decide_followups(builder: RowBuilder) -> None:
    """Decide what the row has given rise to, first in first out, then segments and rewards, until nothing
    more follows.
    """
    judged: Member | None = None
    if builder.takes_back:
        settle_standing(builder)
    while builder.queue or judged is not builder.member:
        if builder.queue:
            event = builder.queue.popleft()
            if _is_listened_to(builder.programme, event.name):
                _decide_raised(builder, event)
            continue
        judged = _update_memberships(builder)


def _update_memberships(builder: RowBuilder) -> Member | None:
    """Bring segments and rewards up to the member as it stands. Returns the member that they were judged by;
    None where what was taken back may move them again.
    """
    has_revoked, judged = False, builder.member
    if builder.member.joined_at is not None and (
        builder.programme.segments or rewards.listed(builder.programme)
    ):
        has_revoked = _update_segments(builder, _current_view(builder))
        judged = builder.member
        has_revoked |= _update_rewards(builder, _current_view(builder))
    if builder.takes_back:
        has_revoked |= not builder.queue and _revoke_raised(builder)
        if has_revoked:
            settle_standing(builder)
        return None if has_revoked or builder.queue else builder.member
    return judged if builder.queue else builder.member


def _decide_raised(builder: RowBuilder, event: Event) -> None:
    reads = read_before(builder.programme, event.name)
    view = ExpressionView(
        builder.programme,
        builder.member,
        event,
        reads,
        failures=builder.failures,
        budget=builder.budget,
    )
    inputs = rule_inputs(builder, view)
    source = builder.book.source_of(event)
    if builder.event.purchase is not None and source.startswith("raised:"):
        rooms = rooms_of(builder.programme.rules_on(event.name), inputs)
        facts = Facts(
            builder.tier, builder.plan, member=public_fields(view.member_fields()), rule_rooms=rooms
        )
        builder.raised_facts[int(source.partition(":")[2])] = RaisedFacts(event.name, event.data, facts)
    is_withheld = _is_withheld(builder, event, source)
    apply_rules(builder, inputs, raised=event, is_withheld=is_withheld)
    if not is_withheld:
        _count_badges_and_tiers(builder, event, raised=event)


def _is_withheld(builder: RowBuilder, event: Event, source: str) -> bool:
    """Tell whether an event comes only of taking something back: a loss, or a state that comes again while
    what it gave before stands. Then nothing is given for it.
    """
    if not builder.takes_back:
        return False
    if transition(event) is not None:
        return source in builder.member.gifts
    return event.name in (TIER_CHANGED, SEGMENT_LEFT, POINTS_EXPIRED)


def _current_view(builder: RowBuilder) -> ExpressionView:
    """What segments and rewards see: the member as it stands, at the time the row takes effect."""
    if builder.past_facts is None and builder.event.at == builder.at:
        return builder.view_after(builder.event)
    return rewards.member_only_view(builder.programme, builder.member, builder.at)


def _is_listened_to(programme: Programme, name: str) -> bool:
    if programme.rules_on(name) or programme.badges_on(name):
        return True
    return bool(programme.counts_on(name)) or (
        programme.referral is not None and name in programme.referral.qualifies.on
    )


def _judge_memberships(builder: RowBuilder) -> Memberships:
    """Return the segments and rewards as they are judged now."""
    view = _current_view(builder)
    segments = frozenset([spec.code for spec in builder.programme.segments if view.test(spec.when)])
    unlocked = rewards.unlocked(
        builder.programme, builder.member, now=builder.at, stock=builder.stock, view=view
    )
    return Memberships(segments, unlocked)


def _update_segments(builder: RowBuilder, view: ExpressionView) -> bool:
    """Move the member into and out of segments. Returns whether what those gave was taken back."""
    now = frozenset([spec.code for spec in builder.programme.segments if view.test(spec.when)])
    was = builder.member.segments
    if builder.turn_baseline is not None:
        now = builder.turn_baseline.caused_segments(now)
    if now == was:
        return False
    builder.member = evolve(builder.member, segments=now)
    entered, left = now - was, sorted(was - now)
    for spec in builder.programme.segments if entered else ():
        if spec.code in entered:
            builder.raise_event(SEGMENT_ENTERED, {"segment": spec.code})
    for code in left:
        builder.raise_event(SEGMENT_LEFT, {"segment": code})
    return builder.takes_back and revoking.revoke_left(builder, left)


def _update_rewards(builder: RowBuilder, view: ExpressionView) -> bool:
    """Unlock rewards and lock them. Returns whether what those gave was taken back."""
    now = rewards.unlocked(builder.programme, builder.member, now=builder.at, stock=builder.stock, view=view)
    was = builder.member.unlocked
    if builder.turn_baseline is not None:
        now = builder.turn_baseline.caused_unlocked(now)
    if now is was or now == was:  # two sets are compared one by one, also where they are the same
        return False
    builder.member = evolve(builder.member, unlocked=now)
    for code in rewards.announced(builder.programme, now - was):
        builder.raise_event(REWARD_UNLOCKED, {"reward": code})
    return builder.takes_back and revoking.revoke_locked(builder, sorted(was - now))


def _revoke_raised(builder: RowBuilder) -> bool:
    """Take back what rewards and segments brought that only what is undone had raised: a purchase returned
    whole, or so far that what is kept would not have unlocked the reward; or a referral.
    """
    refund = builder.event.refund
    if refund is not None and refund.remaining.is_returned:
        parts = (refund.purchase, *refund.purchase.delayed)
        causes = frozenset(part.key for part in parts)
        return revoking.revoke_raised_by(builder, causes, since=refund.purchase.at)
    gift = builder.before.gifts.get(f"referral:{builder.event.data.get('friend')}")
    if builder.event.name == REFERRAL_UNMADE and gift is not None:
        return revoking.revoke_raised_by(builder, frozenset({gift.cause}), since=gift.at)
    return revoking.revoke_raised_by(builder)

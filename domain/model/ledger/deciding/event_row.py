"""One event decided: what it changes by itself, its rules, badges and tiers; then, in the same row, all that
this gives rise to.

Rules see the member as before the event; what an event of this decision is judged by (points.awarded,
tier.changed, segments ...) sees the member as it stands by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from domain.model.calendar import add, local_day
from domain.model.event_names import (
    REFERRAL_QUALIFIED,
    REFUNDED,
    REWARD_UNLOCKED,
    SCHEDULE,
    SEGMENT_ENTERED,
    SEGMENT_LEFT,
)
from domain.model.ledger import ladder, plans, rewards, tiers
from domain.model.ledger.deciding import actions, event_effects, referrals, revoking
from domain.model.ledger.deciding.earning import (
    RuleInputs,
    RuleRoom,
    check,
    count_units,
    judge,
    room_left,
    shared_counter,
    shared_room_left,
    used_in_period,
)
from domain.model.ledger.deciding.gift_book import GiftBook, transition
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.deciding.turn_baseline import Memberships, TurnBaseline
from domain.model.ledger.decision import DecidedBy, DelayedEvent, Outcome, StockState
from domain.model.ledger.events import Event, Fact, Facts, RaisedFacts
from domain.model.ledger.expression_view import (
    ExpressionView,
    held_tier_code,
    member_view,
    multiplier,
    public_fields,
    read_before,
    read_by_counts,
)
from domain.model.ledger.gifts import is_transition
from domain.model.ledger.late_events import HistoricalContext
from domain.model.ledger.member import Member, settle_lots
from domain.model.programme import Programme, Rule
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
    )
    late = builder.past_facts is not None
    inputs = _rule_inputs(builder, view, history if late else None)
    if change is None:
        event_effects.apply_effects(builder, history)
    _apply_rules(builder, inputs, raised=None)
    _count_badges_and_tiers(builder, event, raised=None)
    is_purchase = event.purchase is not None and event.name != REFUNDED
    if is_purchase:
        builder.purchase_facts = _purchase_facts(builder, view, inputs)
    _decide_followups(builder)
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
    late = history is not None and event.at < at
    now = event_effects.forget_used(settle_lots(member, at=at), at)
    ruling = history.programme if late and history else programme
    return RowBuilder(
        programme=programme,
        ruling_programme=ruling,
        before=member,
        member=now,
        event=event_effects.completed_event(ruling, now, event),
        by=by,
        stock=stock,
        at=at,
        version=history.version if late and history else version,
        tier=history.facts.tier_after if late and history else held_tier_code(programme, now),
        plan=history.facts.plan_after if late and history else (now.plan.code if now.plan else None),
        book=GiftBook(_root_of(event)),
        past_facts=history.facts if late and history else None,
    )


def _root_of(event: Event) -> str | None:
    """Return the source of all that an event gives, where the event stands on a state of the member's."""
    if event.gift is not None:
        return event.gift.partition("@")[0]
    if event.name == REFERRAL_QUALIFIED:
        return f"referral:{event.data.get('friend')}"
    return transition(event)


def _purchase_facts(builder: RowBuilder, view: ExpressionView, inputs: RuleInputs) -> Facts:
    """What a purchase's facts keep. Every rule's room is among it: a refund may bring one in that did not
    apply.
    """
    rules = _rules_for(view.programme, view.event)
    after: Mapping[str, Fact] = {}
    if view.event.delayed_rule is None:
        reads = read_by_counts(builder.programme, view.event.name)
        after = public_fields(member_view(builder.programme, builder.member, view.event.at, reads))
    return Facts(
        member=public_fields(view.member_fields()),
        member_after=after,
        rule_rooms=_rooms(rules, inputs),
        is_first_purchase=view.first,
    )


def _rooms(rules: Sequence[Rule], inputs: RuleInputs) -> dict[str, RuleRoom]:
    rooms = {
        rule.code: inputs.room_for(rule) for rule in rules if rule.limit is not None or rule.cap is not None
    }
    caps = {rule.capped_by for rule in rules if rule.capped_by is not None}
    return rooms | {shared_counter(cap): (True, inputs.shared_room(cap)) for cap in sorted(caps)}


def _rule_inputs(builder: RowBuilder, view: ExpressionView, history: HistoricalContext | None) -> RuleInputs:
    day = local_day(view.event.at, builder.programme.zone)
    counters = (
        history.counts if history else builder.member.counters
    )  # as before the event: its own firings do not count against it

    def room(rule: Rule) -> RuleRoom:
        return room_left(rule, counters.get(rule.code, ()), day)

    def shared_room(cap: str) -> int | None:
        spec = view.programme.cap(cap)
        if history is None:
            return shared_room_left(spec, counters, day)
        rules = (rule.code for rule in view.programme.rules if rule.capped_by == cap)
        used = sum(used_in_period(counters.get(code, ()), spec.per, day).amount for code in rules)
        return max(0, spec.amount - used)

    factor = multiplier(view.programme, builder.tier, builder.plan)
    return RuleInputs(
        view.programme, view, builder.member.id, builder.member.frozen, factor, room, shared_room
    )


# ---------------------------------------------------------------- rules


def _apply_rules(builder: RowBuilder, inputs: RuleInputs, *, raised: Event | None) -> None:
    """Apply the rules on the row's own event, or on one that it raised."""
    event = inputs.view.event
    rules = _rules_for(inputs.programme, event)
    if not rules:
        return
    if _is_withdrawn(builder, event):
        builder.outcomes += [Outcome(rule.code, False, 0, "nothing_to_count") for rule in rules]
        return
    now = [rule for rule in rules if rule.after is None or event.delayed_rule is not None]
    verdicts = {verdict.rule.code: verdict for verdict in judge(now, inputs)}
    totals: dict[str, int] = {}
    for rule in rules:
        builder.book.book_rule(rule.code, raised)
        if rule.code in verdicts:
            for code, amount in actions.carry_out(builder, verdicts[rule.code], event).items():
                totals[code] = totals.get(code, 0) + amount
        else:
            _postpone(builder, rule, inputs)
    builder.book.book_event(raised)
    for code, amount in totals.items():
        builder.raise_awarded(code, amount)


def _is_withdrawn(builder: RowBuilder, event: Event) -> bool:
    """Tell whether what a delayed rule belongs to was taken back (its purchase, or the gift it adds to), or
    the end of a plan ends none.
    """
    if event.delayed_rule is None:
        return plans.ends_nothing(builder.before, event)
    if event.gift is not None:
        source, _, cause = event.gift.partition("@")
        gift = builder.member.gifts.get(source)
        return gift is None or gift.cause != cause
    return event.purchase is not None and event.purchase.is_returned


def _rules_for(programme: Programme, event: Event) -> tuple[Rule, ...]:
    rules = programme.rules_on(event.name)
    if event.delayed_rule is not None:
        return tuple(rule for rule in rules if rule.code == event.delayed_rule)
    if event.name == SCHEDULE:
        return tuple(rule for rule in rules if rule.code == event.data.get("rule"))
    return rules


def _postpone(builder: RowBuilder, rule: Rule, inputs: RuleInputs) -> None:
    """Keep a rule with a delay for later, where it would get as far as its awards now. What it keeps is
    without the profile.
    """
    assert rule.after is not None, "only a rule with a delay is postponed"
    event = inputs.view.event
    reason = check(rule, inputs)
    if reason is None:
        due = add(event.at, rule.after, builder.programme.zone)
        reason = f"later:{due.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"
        id = f"{event.id}>{rule.code}"
        delayed = Event(
            id,
            event.name,
            due,
            event.source,
            event.data,
            builder.event.purchase,
            delayed_rule=rule.code,
            original_at=event.at,
            was_first=inputs.view.first,
            gift=_gift_of_delayed(builder),
        )
        builder.delayed.append(DelayedEvent(builder.member.id, due, delayed))
    builder.outcomes.append(Outcome(rule.code, False, 0, reason))


def _gift_of_delayed(builder: RowBuilder) -> str | None:
    """Return the gift that a rule's delayed part will add to, where it stands on a state of the member's."""
    if not is_transition(builder.book.source):
        return None
    builder.book.draft.awaits = True
    return f"{builder.book.source}@{builder.event.id}"


# ---------------------------------------------------------------- badges, tiers, the referral


def _count_badges_and_tiers(builder: RowBuilder, event: Event, *, raised: Event | None) -> None:
    """Let an event count toward badges and tiers and be judged for the referral; one whose rule was delayed
    has done so before.
    """
    builder.book.book_event(raised)
    if not (event.delayed_rule or builder.member.frozen or plans.ends_nothing(builder.before, event)):
        for spec in builder.programme.badges_on(event.name):
            actions.count_badge(builder, spec, event, raised)
        builder.book.book_event(raised)
        _count_event(builder, event, raised)
    _climb(builder)
    if event.delayed_rule is None:
        referrals.judge(builder, event)


def _count_event(builder: RowBuilder, event: Event, raised: Event | None) -> None:
    count = builder.programme.tiers.count if builder.programme.tiers else None
    if count is None or event.name not in count.on:
        return
    view = builder.view_after(event)
    amount = int(count_units(count.of, view)) if view.test(count.when) else 0
    builder.count_to_add += amount
    if raised is None and builder.book.root is None:
        builder.event_counted += amount
    elif amount:
        builder.book.draft.event_counted += amount


def _climb(builder: RowBuilder) -> None:
    builder.count_toward_tiers()
    standing = builder.member.tier
    if (
        standing is None
        or builder.programme.tiers is None
        or standing.days is (builder.before.tier.days if builder.before.tier else None)
    ):
        return
    refund = builder.event.refund
    cause = refund.purchase.key if refund else builder.event.id
    climbed = ladder.climb(
        builder.programme,
        standing,
        at=builder.at,
        cause=cause,
        came=builder.at if refund else builder.event.at,
    )
    if climbed is standing:
        climbed = tiers.pass_review(builder.programme, standing, at=builder.at)
    if climbed is not standing:
        builder.set_standing(climbed)


# ---------------------------------------------------------------- what follows


def _decide_followups(builder: RowBuilder) -> None:
    """Decide what the row has given rise to, first in first out, then segments and rewards, until nothing
    more follows.
    """
    judged: Member | None = None
    while builder.queue or judged is not builder.member:
        if builder.queue:
            event = builder.queue.popleft()
            if _is_listened_to(builder.programme, event.name):
                _decide_raised(builder, event)
            continue
        if builder.member.joined_at is None or not (
            builder.programme.segments or rewards.listed(builder.programme)
        ):
            return
        _update_segments(builder, _current_view(builder))
        judged = builder.member
        _update_rewards(builder, _current_view(builder))
        if not builder.queue and judged is builder.member and _revoke_raised(builder):
            continue
        judged = judged if builder.queue else builder.member


def _decide_raised(builder: RowBuilder, event: Event) -> None:
    reads = read_before(builder.programme, event.name)
    view = ExpressionView(builder.programme, builder.member, event, reads, failures=builder.failures)
    inputs = _rule_inputs(builder, view, None)
    source = builder.book.source_of(event)
    if builder.event.purchase is not None and source.startswith("raised:"):
        rooms = _rooms(builder.programme.rules_on(event.name), inputs)
        facts = Facts(
            builder.tier, builder.plan, member=public_fields(view.member_fields()), rule_rooms=rooms
        )
        builder.raised_facts[int(source.partition(":")[2])] = RaisedFacts(event.name, event.data, facts)
    _apply_rules(builder, inputs, raised=event)
    _count_badges_and_tiers(builder, event, raised=event)


def _current_view(builder: RowBuilder) -> ExpressionView:
    """What segments and rewards see: the member as it stands, at the time the row takes effect."""
    if builder.past_facts is None and builder.event.at == builder.at:
        return builder.view_after(builder.event)
    return rewards.member_only_view(builder.programme, builder.member, builder.at)


def _is_listened_to(programme: Programme, name: str) -> bool:
    if programme.rules_on(name) or programme.badges_on(name):
        return True
    counts = programme.tiers is not None and name in programme.tiers.count.on
    return counts or (programme.referral is not None and name in programme.referral.qualifies.on)


def _judge_memberships(builder: RowBuilder) -> Memberships:
    """Return the segments and rewards as they are judged now."""
    view = _current_view(builder)
    segments = frozenset([spec.code for spec in builder.programme.segments if view.test(spec.when)])
    unlocked = rewards.unlocked(
        builder.programme, builder.member, now=builder.at, stock=builder.stock, view=view
    )
    return Memberships(segments, unlocked)


def _update_segments(builder: RowBuilder, view: ExpressionView) -> None:
    now = frozenset([spec.code for spec in builder.programme.segments if view.test(spec.when)])
    was = builder.member.segments
    if builder.turn_baseline is not None:
        now = builder.turn_baseline.caused_segments(now)
    if now == was:
        return
    builder.member = evolve(builder.member, segments=now)
    for spec in builder.programme.segments:
        if spec.code in now - was:
            builder.raise_event(SEGMENT_ENTERED, {"segment": spec.code})
    for code in sorted(was - now):
        builder.raise_event(SEGMENT_LEFT, {"segment": code})
    if builder.event.refund is not None:
        revoking.revoke_left(builder, sorted(was - now))


def _update_rewards(builder: RowBuilder, view: ExpressionView) -> None:
    now = rewards.unlocked(builder.programme, builder.member, now=builder.at, stock=builder.stock, view=view)
    was = builder.member.unlocked
    if builder.turn_baseline is not None:
        now = builder.turn_baseline.caused_unlocked(now)
    if now == was:
        return
    builder.member = evolve(builder.member, unlocked=now)
    for spec in rewards.listed(builder.programme):
        if spec.code in now - was and spec.announce:
            builder.raise_event(REWARD_UNLOCKED, {"reward": spec.code})
    if builder.event.refund is not None:
        revoking.revoke_locked(builder, sorted(was - now))


def _revoke_raised(builder: RowBuilder) -> bool:
    """Take back what rewards and segments brought that only a wholly returned purchase had raised."""
    refund = builder.event.refund
    if refund is None or not refund.remaining.is_returned:
        return False
    parts = (refund.purchase, *refund.purchase.delayed)
    causes = frozenset(part.key for part in parts)
    return revoking.revoke_raised_by(builder, causes, since=refund.purchase.at)

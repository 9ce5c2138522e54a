"""One event decided: what it changes by itself, its rules, badges and tiers; then, in the same row, all that
this gives rise to.

Rules see the member as before the event; what an event of this decision is judged by (points.awarded,
tier.changed, segments ...) sees the member as it stands by then.
"""

from __future__ import annotations

from collections.abc import Callable

from domain.model.calendar import add, local_day
from domain.model.event_names import PURCHASED, REWARD_UNLOCKED, SCHEDULE, SEGMENT_ENTERED, SEGMENT_LEFT
from domain.model.ledger import actions, badges, event_effects, ladder, rewards, tiers
from domain.model.ledger.decision import DecidedBy, DelayedEvent, Outcome, StockState
from domain.model.ledger.earning import RuleInputs, RuleRoom, check, count_units, judge, room_left
from domain.model.ledger.events import NO_DATA, Event, Facts
from domain.model.ledger.expression_view import ExpressionView, held_tier_code, multiplier, read_before
from domain.model.ledger.late_events import HistoricalContext
from domain.model.ledger.member import BadgeState, Member
from domain.model.ledger.row_builder import Memberships, RowBuilder, TurnBaseline, settle_lots
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
    """Decide one event on a member for whom time has been brought up to it, and return the workbench of its
    row.

    `change` is what an event that time brought has changed before its rules see the member. While time is
    `turning` a row moves segments and rewards only as far as it causes it itself: what time alone moves has
    rows of its own, in their order.
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
    _apply_rules(builder, inputs, own=True)
    _count_badges_and_tiers(builder, event, own=True)
    _decide_followups(builder)
    if event.name == PURCHASED and event.delayed_rule is None:
        builder.purchase_facts = _purchase_facts(builder, view, inputs)
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
    return RowBuilder(
        programme=programme,
        ruling_programme=history.programme if late and history else programme,
        before=member,
        member=now,
        event=event_effects.completed_event(now, event),
        by=by,
        stock=stock,
        at=at,
        version=history.version if late and history else version,
        tier=history.facts.tier_after if late and history else held_tier_code(programme, now),
        plan=history.facts.plan_after if late and history else (now.plan.code if now.plan else None),
        past_facts=history.facts if late and history else None,
    )


def _purchase_facts(builder: RowBuilder, view: ExpressionView, inputs: RuleInputs) -> Facts:
    """What a purchase's facts keep. Every rule's room is among it: a refund may bring one in that did not
    apply.
    """
    rooms = {
        rule.code: inputs.room_for(rule)
        for rule in builder.ruling_programme.rules_on(PURCHASED)
        if rule.limit is not None or rule.cap is not None
    }
    public = {
        name: value for name, value in view.member_fields().items() if name not in ("birthday", "number")
    }
    return Facts(
        member=public, private_results=view.results or NO_DATA, rule_rooms=rooms, is_first_purchase=view.first
    )


def _rule_inputs(builder: RowBuilder, view: ExpressionView, history: HistoricalContext | None) -> RuleInputs:
    day = local_day(view.event.at, builder.programme.zone)
    counters = (
        history.counts if history else builder.member.counters
    )  # as before the event: its own firings do not count against it

    def room(rule: Rule) -> RuleRoom:
        return room_left(rule, counters.get(rule.code, ()), day)

    factor = multiplier(view.programme, builder.tier, builder.plan)
    return RuleInputs(view.programme, view, builder.member.id, builder.member.frozen, factor, room)


# ---------------------------------------------------------------- rules


def _apply_rules(builder: RowBuilder, inputs: RuleInputs, *, own: bool) -> None:
    event = inputs.view.event
    rules = _rules_for(inputs.programme, event)
    if not rules:
        return
    now = [rule for rule in rules if rule.after is None or event.delayed_rule is not None]
    verdicts = {verdict.rule.code: verdict for verdict in judge(now, inputs)}
    totals: dict[str, int] = {}
    for rule in rules:
        if rule.code in verdicts:
            for code, amount in actions.carry_out(builder, verdicts[rule.code], event, own=own).items():
                totals[code] = totals.get(code, 0) + amount
        else:
            _postpone(builder, rule, inputs)
    for code, amount in totals.items():
        builder.raise_awarded(code, amount)


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
            event.purchase,
            delayed_rule=rule.code,
            original_at=event.at,
        )
        builder.delayed.append(DelayedEvent(builder.member.id, due, delayed))
    builder.outcomes.append(Outcome(rule.code, False, 0, reason))


# ---------------------------------------------------------------- badges, tiers, the referral


def _count_badges_and_tiers(builder: RowBuilder, event: Event, *, own: bool = False) -> None:
    """Let an event count toward badges and tiers and be judged for the referral; one whose rule was delayed
    has done so before.
    """
    if event.delayed_rule is None and not builder.member.frozen:
        for spec in builder.programme.badges_on(event.name):
            state = builder.member.badges.get(spec.code, BadgeState())
            actions.set_badge(
                builder,
                spec,
                event=event,
                state=badges.advance(builder.programme, state, spec, builder.view_after(event)),
            )
        _count_event(builder, event, own=own)
    _climb(builder)
    if event.delayed_rule is None:
        event_effects.judge_referral(builder, event)


def _count_event(builder: RowBuilder, event: Event, *, own: bool) -> None:
    count = builder.programme.tiers.count if builder.programme.tiers else None
    if count is None or event.name not in count.on:
        return
    sight = builder.view_after(event)
    amount = int(count_units(count.of, sight)) if sight.test(count.when) else 0
    builder.count_to_add += amount
    builder.event_counted += amount if own else 0


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
                reads = read_before(builder.programme, event.name)
                _apply_rules(
                    builder,
                    _rule_inputs(
                        builder,
                        ExpressionView(
                            builder.programme, builder.member, event, reads, failures=builder.failures
                        ),
                        None,
                    ),
                    own=False,
                )
                _count_badges_and_tiers(builder, event)
            continue
        if builder.member.joined_at is None or not (
            builder.programme.segments or rewards.listed(builder.programme)
        ):
            return
        _update_segments(builder, _current_view(builder))
        judged = builder.member
        _update_rewards(builder, _current_view(builder))
        judged = judged if builder.queue else builder.member


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

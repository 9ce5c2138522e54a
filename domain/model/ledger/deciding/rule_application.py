"""Rules applied to an event: which of them, with what room, now or after their delay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from domain.model.calendar import add, local_day, period_start
from domain.model.event_names import (
    SCHEDULE,
)
from domain.model.ledger import plans
from domain.model.ledger.deciding import actions
from domain.model.ledger.deciding.earning import RuleInputs, check, judge_groups
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.deciding.rule_order import Groups, groups_of, groups_on, in_order
from domain.model.ledger.decision import DelayedEvent, Outcome
from domain.model.ledger.events import Event
from domain.model.ledger.gifts import is_transition
from domain.model.ledger.late_events import with_firings
from domain.model.ledger.member import PeriodCount
from domain.model.ledger.period_counts import (
    RuleRoom,
    room_left,
    shared_counter,
    shared_room_left,
    used_in_period,
    with_past_counts,
)
from domain.model.ledger.views.expression_view import (
    ExpressionView,
    multiplier,
)
from domain.model.programme import Programme, Rule


def rooms_of(rules: Sequence[Rule], inputs: RuleInputs) -> dict[str, RuleRoom]:
    rooms = {
        rule.code: inputs.room_for(rule) for rule in rules if rule.limit is not None or rule.cap is not None
    }
    for rule in rules:
        if rule.capped_by is not None:
            rooms[shared_counter(rule.capped_by)] = (True, inputs.shared_room(rule))
    return rooms


def rule_inputs(builder: RowBuilder, view: ExpressionView) -> RuleInputs:
    day = local_day(view.event.at, builder.programme.zone)
    counters = builder.member.counters  # as before the event: its own firings do not count against it
    past_counts = _past_counts(builder, day)

    def room(rule: Rule) -> RuleRoom:
        counts = counters.get(rule.code, ())
        if past_counts is not None:
            counts = with_past_counts(counts, past_counts.get(rule.code, ()))
        return room_left(rule, counts, day)

    def shared_room(rule: Rule) -> int | None:
        if rule.capped_by is None:
            return None
        spec = view.programme.cap(rule.capped_by)
        counts = counters.get(shared_counter(spec.code), ())
        if past_counts is not None:
            sharing = [other.code for other in view.programme.rules if other.capped_by == spec.code]
            past = [used_in_period(past_counts.get(code, ()), spec.per, day) for code in sharing]
            used = sum([count.amount for count in past])
            in_all = PeriodCount(period_start(day, spec.per), amount=used, per=spec.per)
            counts = with_past_counts(counts, [in_all])
        return shared_room_left(spec, counts, day)

    factor = multiplier(view.programme, builder.tier, builder.plan)
    return RuleInputs(
        view.programme, view, builder.member.id, builder.member.frozen, factor, room, shared_room
    )


def _past_counts(builder: RowBuilder, day: date) -> Mapping[str, tuple[PeriodCount, ...]] | None:
    """Return what the journal has of a late event's periods, with what this row has fired in them so far."""
    if builder.past_counts is None:
        return None
    return with_firings(builder.past_counts, builder.outcomes, day)


def apply_rules(
    builder: RowBuilder, inputs: RuleInputs, *, raised: Event | None, is_withheld: bool = False
) -> None:
    """Apply the rules on the row's own event, or on one that it raised. Where what they give `is_withheld`
    they only tell and take.
    """
    event = inputs.view.event
    rules = rules_for(inputs.programme, event)
    if not rules:
        return
    if _is_withdrawn(builder, event):
        builder.outcomes += [Outcome(rule.code, False, 0, "nothing_to_count") for rule in rules]
        return
    verdicts = judge_groups(_groups_now(inputs.programme, event, rules), inputs)
    totals: dict[str, int] = {}
    for rule in rules:
        verdict = verdicts.get(rule.code)
        if verdict is not None and not verdict.applied:
            builder.outcomes.append(Outcome(rule.code, False, 0, verdict.reason))
            continue
        builder.book.book_rule(rule.code, raised)
        if is_withheld and (verdict is not None or actions.gives(inputs.of_member(rule))):
            actions.carry_out_withheld(builder, verdict, inputs.of_member(rule), event)
        elif verdict is not None:
            for code, amount in actions.carry_out(builder, verdict, event).items():
                totals[code] = totals.get(code, 0) + amount
        else:
            _postpone(builder, rule, inputs)
    builder.book.book_event(raised)
    for code, amount in totals.items():
        builder.raise_awarded(code, amount)


def _groups_now(programme: Programme, event: Event, rules: Sequence[Rule]) -> Groups:
    """Return the rules that are not left for later, in groups and in their order."""
    if event.delayed_rule is None and event.name != SCHEDULE:
        return groups_on(programme, event.name)
    return in_order(
        groups_of([rule for rule in rules if rule.after is None or event.delayed_rule is not None])
    )


def _is_withdrawn(builder: RowBuilder, event: Event) -> bool:
    """Tell whether what a delayed rule belongs to was taken back (its purchase, or the gift it adds to), or
    the end of a plan ends none.
    """
    if event.delayed_rule is None:
        return plans.ends_nothing(builder.before, event)
    if event.gift is not None:
        source, _, cause = event.gift.partition("@")
        gift = builder.member.gifts.get(source)
        return gift is None or gift.origin != cause
    return event.purchase is not None and event.purchase.is_returned


def rules_for(programme: Programme, event: Event) -> tuple[Rule, ...]:
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

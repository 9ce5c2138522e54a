"""A purchase decided again for what is kept of it, from the facts of its day: what its rules give now, and
what it counts toward tiers and badges.

Birthday and number are those of now: no fact keeps them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime

from domain.model.calendar import local_day
from domain.model.event_names import POINTS_AWARDED, PURCHASED
from domain.model.ledger.deciding.actions import counts_toward_tiers
from domain.model.ledger.deciding.challenges import takes_part
from domain.model.ledger.deciding.earning import RuleInputs, Verdict, check, count_units, is_during, judge
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.events import Event, Facts, JoinedRule, JournaledPurchase, Purchase, RaisedFacts
from domain.model.ledger.gifts import NOT_COUNTED, Counted, add_counted
from domain.model.ledger.member import BadgeState
from domain.model.ledger.period_counts import RuleRoom, room_left, shared_counter, shared_room_left
from domain.model.ledger.views.expression_view import ExpressionView, is_multiplied_by_tier, multiplier
from domain.model.ledger.views.field_reads import read_before, read_by_counts
from domain.model.programme import BadgeSpec, Programme, Rule
from domain.model.values import dataclass, evolve


@dataclass
class RemainingAwards:
    """What stands of a purchase, or of one of its delayed rules: by wallet and by rule (and wallet), the
    rules that apply, and what counts toward tiers and badges. `judged` are all verdicts, applied or not,
    `postponed` the rules with a delay that a correction leaves for later.
    """

    awarded: dict[str, int] = field(default_factory=dict)
    by_rule: dict[tuple[str, str], int] = field(default_factory=dict)
    applied: set[str] = field(default_factory=set)
    counted: dict[str, Counted] = field(default_factory=dict)
    badge_counts: dict[str, int] = field(default_factory=dict)
    joining: dict[str, JoinedRule] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    judged: list[Verdict] = field(default_factory=list)
    postponed: list[Rule] = field(default_factory=list)

    def variant_of(self, code: str) -> str | None:
        """Return which variant of a rule applied; None for a rule without variants."""
        verdict = self.verdicts.get(code)
        return verdict.rule.variant if verdict is not None else None

    def of_rule(self, code: str) -> int:
        """Return what a rule gives, into all wallets."""
        return sum([amount for (rule, _), amount in self.by_rule.items() if rule == code])


def known_rules(part: JournaledPurchase) -> frozenset[str]:
    """Return the rules that applied to the purchase, or came to apply by an earlier refund."""
    return part.applied | _joined_rules(part).keys()


def _joined_rules(part: JournaledPurchase) -> dict[str, JoinedRule]:
    return {joined.rule: joined for claim in part.claims for joined in claim.joined}


def remaining_awards(
    builder: RowBuilder,
    programme: Programme,
    part: JournaledPurchase,
    purchase: Purchase,
    *,
    before: RemainingAwards | None = None,
) -> RemainingAwards:
    """Return what the rules of the purchase's day give for what is kept. Where nothing is kept nothing
    stands. `before` is what stood until now: without it this is asked for, and only rules that had applied
    are in it.
    """
    if purchase.is_returned:
        return RemainingAwards()
    event = Event(part.key, PURCHASED, part.at, part.source, purchase=purchase)
    if part.rule is not None:
        event = evolve(event, delayed_rule=part.rule, original_at=part.at)
    rules = [
        rule
        for rule in programme.rules_on(PURCHASED)
        if (rule.after is None if part.rule is None else rule.code == part.rule)
    ]
    if part.rule is not None and not rules:
        return _all_of(part)  # a rule on an event that the purchase raised: it stands with the purchase
    known = known_rules(part)
    if before is None:
        rules = [rule for rule in rules if rule.code in known]
    view = _view(builder, programme, event, part.facts)
    inputs = _inputs(builder, view, part, before)
    standing = _judged(rules, inputs, event)
    standing.joining = {
        rule.code: JoinedRule(rule.code, inputs.room_for(rule)[1], inputs.shared_room(rule))
        for rule in rules
        if rule.code in standing.applied and rule.code not in known
    }
    if part.rule is None:
        is_new = builder.corrects and before is not None
        _count_again(builder, programme, part, event, standing, is_new=is_new)
        if is_new:
            later = (rule for rule in programme.rules_on(PURCHASED) if rule.after is not None)
            standing.postponed = [rule for rule in later if check(rule, inputs) is None]
    return standing


def _all_of(part: JournaledPurchase) -> RemainingAwards:
    return RemainingAwards(
        dict(part.awarded),
        {(part.rule or "", wallet): amount for wallet, amount in part.awarded.items()},
        set(part.applied),
        dict(part.counted),
    )


def _view(builder: RowBuilder, programme: Programme, event: Event, facts: Facts) -> ExpressionView:
    reads = read_before(programme, event.name)
    return ExpressionView(programme, builder.member, event, reads, facts=facts, first=facts.is_first_purchase)


def _inputs(
    builder: RowBuilder, view: ExpressionView, part: JournaledPurchase, before: RemainingAwards | None
) -> RuleInputs:
    """A rule that had applied has the room of its day, and one that joined that of the day it did; any other
    has what there is now, and of a shared cap what the purchase itself holds. What a correction adds also
    takes the room that is left now.
    """
    facts, joined, counters = part.facts, _joined_rules(part), builder.member.counters
    day = local_day(part.at, builder.programme.zone)

    def room(rule: Rule) -> RuleRoom:
        now = room_left(rule, counters.get(rule.code, ()), day)
        if rule.code in joined:
            fires, then = True, joined[rule.code].left
        elif rule.code in part.applied:
            fires, then = facts.rule_rooms.get(rule.code, (True, None))
        else:
            return now
        return fires, bounded(then, now[1], lambda: [rule.code])

    def shared_room(rule: Rule) -> int | None:
        if rule.capped_by is None:
            return None
        sharing = [other.code for other in view.programme.rules if other.capped_by == rule.capped_by]
        counts = counters.get(shared_counter(rule.capped_by), ())
        now = shared_room_left(view.programme.cap(rule.capped_by), counts, day)
        if rule.code in joined:
            return bounded(joined[rule.code].shared_left, now, lambda: sharing)
        if rule.code in part.applied:
            then = facts.rule_rooms.get(shared_counter(rule.capped_by), (True, None))[1]
            return bounded(then, now, lambda: sharing)
        return now + (sum(before.of_rule(code) for code in sharing) if before is not None else 0)

    def bounded(then: int | None, now: int | None, rules: Callable[[], list[str]]) -> int | None:
        """Return the room of that day, where a correction adds at most what is left now beside its own."""
        if not builder.corrects or before is None or then is None or now is None:
            return then
        return min(then, now + sum(before.of_rule(code) for code in rules()))

    factor = multiplier(view.programme, facts.tier, facts.plan)
    known = {one.rule: one.variant for one in part.outcomes if one.variant is not None}
    return RuleInputs(
        view.programme, view, builder.member.id, False, factor, room, shared_room, known_variants=known
    )


def _judged(rules: list[Rule], inputs: RuleInputs, event: Event) -> RemainingAwards:
    standing = RemainingAwards()
    programme, facts = inputs.programme, inputs.view.facts
    by_tier = facts is not None and is_multiplied_by_tier(programme, facts.tier, facts.plan)
    standing.judged = judge(rules, inputs)
    for verdict in standing.judged:
        if not verdict.applied:
            continue
        standing.applied.add(verdict.rule.code)
        standing.verdicts[verdict.rule.code] = verdict
        for grant in verdict.grants:
            key = verdict.rule.code, grant.wallet
            standing.awarded[grant.wallet] = standing.awarded.get(grant.wallet, 0) + grant.amount
            standing.by_rule[key] = standing.by_rule.get(key, 0) + grant.amount
            if counts_toward_tiers(verdict.rule, event):
                counted = Counted(grant.amount, grant.extra if by_tier else 0)
                for name in programme.counts_of(grant.wallet):
                    add_counted(standing.counted, name, counted)
    return standing


def _count_again(
    builder: RowBuilder,
    programme: Programme,
    part: JournaledPurchase,
    event: Event,
    standing: RemainingAwards,
    *,
    is_new: bool,
) -> None:
    """What the purchase itself counts toward tiers and badges; `is_new` where it may count though it had
    not.
    """
    facts = evolve(part.facts, member={**part.facts.member, **part.facts.member_after})
    reads = read_by_counts(programme, PURCHASED)
    view = ExpressionView(programme, builder.member, event, reads, facts=facts, first=facts.is_first_purchase)
    for name, count in programme.counts_on(PURCHASED):
        if (is_new or part.counted.get(name, NOT_COUNTED).event) and view.test(count.when):
            add_counted(standing.counted, name, Counted(event=int(count_units(count.of, view))))
    for spec in programme.badges_on(PURCHASED):
        if spec.streak is not None or not (is_new or part.badge_counts.get(spec.code)):
            continue
        if not part.badge_counts.get(spec.code) and not _takes_part(builder, spec, part.at):
            continue
        if is_during(spec.during, part.at, programme.zone) and view.test(spec.when):
            standing.badge_counts[spec.code] = int(count_units(spec.of, view))


def _takes_part(builder: RowBuilder, spec: BadgeSpec, at: datetime) -> bool:
    if not spec.accept and spec.target is None:
        return True
    return takes_part(spec, builder.member.badges.get(spec.code, BadgeState()), at)


def raised_verdicts(
    builder: RowBuilder,
    programme: Programme,
    part: JournaledPurchase,
    raised: RaisedFacts,
    awarded: Mapping[str, int],
) -> dict[str, Verdict] | None:
    """Return the verdicts of rules on an event that the purchase raised, by what it awards now; None where
    the event is not raised any more.
    """
    inputs = _raised_inputs(builder, programme, part, raised, awarded)
    if inputs is None:
        return None
    rules = [rule for rule in programme.rules_on(raised.name) if rule.after is None]
    return {verdict.rule.code: verdict for verdict in judge(rules, inputs)}


def raised_later(
    builder: RowBuilder,
    programme: Programme,
    part: JournaledPurchase,
    raised: RaisedFacts,
    awarded: Mapping[str, int],
) -> list[Rule]:
    """Return the rules with a delay on an event that the purchase raised that would be kept for later."""
    inputs = _raised_inputs(builder, programme, part, raised, awarded)
    if inputs is None:
        return []
    later = (rule for rule in programme.rules_on(raised.name) if rule.after is not None)
    return [rule for rule in later if check(rule, inputs) is None]


def _raised_inputs(
    builder: RowBuilder,
    programme: Programme,
    part: JournaledPurchase,
    raised: RaisedFacts,
    awarded: Mapping[str, int],
) -> RuleInputs | None:
    event_data = dict(raised.data)
    if raised.name == POINTS_AWARDED:
        event_data["amount"] = awarded.get(str(event_data.get("wallet")), 0)
        if not event_data["amount"]:
            return None
    event = Event(part.key, raised.name, part.at, "selo", event_data)
    view = _view(builder, programme, event, raised.facts)
    return _inputs(builder, view, evolve(part, facts=raised.facts), None)

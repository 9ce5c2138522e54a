"""What rules, badges and referrals do: awards carried out, and every other action, each with its outcome."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from domain.model.calendar import local_day
from domain.model.event_names import BADGE_EARNED, POINTS_EVENTS, TIER_CHANGED
from domain.model.ledger import badges, ladder
from domain.model.ledger.deciding.awarding import award
from domain.model.ledger.deciding.earning import AwardedByRule, Grant, RuleInputs, Verdict, deduction, grant
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.deciding.voucher_steps import give_voucher
from domain.model.ledger.decision import Effect, EntryKind, Outcome, PlannedMessage
from domain.model.ledger.events import Event
from domain.model.ledger.gifts import Deduction, Firing, without_final_levels
from domain.model.ledger.member import TAGS_KEPT, BadgeState, TagSources
from domain.model.ledger.period_counts import add_firing, bounding_periods, shared_counter
from domain.model.ledger.views.expression_view import ExpressionView, is_multiplied_by_tier, multiplier
from domain.model.ledger.views.field_reads import reads_of
from domain.model.programme import Action, BadgeSpec, Rule, StampCard
from domain.model.values import evolve

# ---------------------------------------------------------------- rules


def carry_out(builder: RowBuilder, verdict: Verdict, event: Event) -> dict[str, int]:
    """Do what a verdict that applied gives, write its outcomes and count its firing. Returns what it awarded
    by wallet.
    """
    rule = verdict.rule
    awarded: dict[str, int] = {}
    reasons: dict[str, str | None] = {}
    for rule_grant in verdict.grants:
        amount = _give(builder, rule_grant, rule=rule.code, counts=counts_toward_tiers(rule, event))
        awarded[rule_grant.wallet] = awarded.get(rule_grant.wallet, 0) + amount
        reasons[rule_grant.wallet] = verdict.reason or rule_grant.reason or (None if amount else "cap")
    acted, blocked = _act_all(builder, rule.do, verdict.deductions, rule=rule.code, event=event)
    for code, amount in awarded.items():
        outcome = Outcome(rule.code, amount > 0 or acted, amount, reasons[code], code, rule.variant)
        builder.outcomes.append(outcome)
    if acted and not awarded:
        builder.outcomes.append(Outcome(rule.code, True, variant=rule.variant))
    if blocked is not None:
        builder.outcomes.append(Outcome(rule.code, False, 0, blocked))
    if acted or any(awarded.values()):
        _count_firing(builder, rule, event, sum(awarded.values()))
    return awarded


def act(builder: RowBuilder, verdict: Verdict, event: Event) -> None:
    """Do what a verdict that applied does besides its awards; its firing is counted elsewhere."""
    _act_all(builder, verdict.rule.do, verdict.deductions, rule=verdict.rule.code, event=event)


def gives(rule: Rule) -> bool:
    """Tell whether a rule gives anything; one that only tells and takes does not."""
    return any(not _only_tells(action) for action in rule.do)


def carry_out_withheld(builder: RowBuilder, verdict: Verdict | None, rule: Rule, event: Event) -> None:
    """Do of a verdict only what gives nothing: messages, webhooks, surveys, and what is taken. Without a
    verdict it is a rule with a delay, which does not come later either.
    """
    telling = [action for action in rule.do if _only_tells(action)] if verdict else []
    taken = verdict.deductions if verdict else ()
    acted, blocked = _act_all(builder, telling, taken, rule=rule.code, event=event)
    if acted:
        builder.outcomes.append(Outcome(rule.code, True, variant=rule.variant))
        _count_firing(builder, rule, event, 0)
    if blocked is not None or gives(rule):
        builder.outcomes.append(Outcome(rule.code, False, 0, blocked or "nothing_to_count"))


def _only_tells(action: Action) -> bool:
    return not (action.award or action.voucher or action.badge or action.tag or action.tier)


def _count_firing(builder: RowBuilder, rule: Rule, event: Event, amount: int) -> None:
    periods = bounding_periods(rule)
    if periods:
        day = local_day(event.at, builder.programme.zone)
        counts = add_firing(builder.member.counters.get(rule.code, ()), periods, day, amount=amount)
        builder.member = evolve(builder.member, counters={**builder.member.counters, rule.code: counts})
        builder.book.draft.firings.append(Firing(rule.code, day, amount))
    if rule.capped_by is not None and amount:
        count_shared(builder, rule.capped_by, local_day(event.at, builder.programme.zone), amount)


def count_shared(builder: RowBuilder, cap: str, day: date, amount: int) -> None:
    """Let an amount count against a cap that rules share; what its gift takes back returns to it."""
    name, per = shared_counter(cap), builder.ruling_programme.cap(cap).per
    counts = add_firing(builder.member.counters.get(name, ()), {per}, day, amount=amount)
    builder.member = evolve(builder.member, counters={**builder.member.counters, name: counts})
    builder.book.draft.firings.append(Firing(name, day, amount))


def counts_toward_tiers(rule: Rule, event: Event) -> bool:
    """Tell whether a rule's awards count toward tiers: those that a change of tier brings never do."""
    return rule.qualifying and event.name != TIER_CHANGED


def _give(builder: RowBuilder, rule_grant: Grant, *, rule: str, counts: bool) -> int:
    """Award what a rule gives: its base, and the tier's or plan's extra on an entry of its own. Returns what
    was awarded.
    """
    base = extra = 0
    if rule_grant.base:
        kind: EntryKind = "BONUS" if rule_grant.is_bonus else "AWARD"
        base = award(builder, rule_grant.wallet, rule_grant.base, kind=kind, rule=rule, counts=counts)
    if rule_grant.extra:
        by_tier = is_multiplied_by_tier(builder.programme, builder.tier, builder.plan)
        extra = award(
            builder,
            rule_grant.wallet,
            rule_grant.extra,
            kind="BONUS",
            rule=rule,
            counts=counts,
            is_tier_extra=by_tier,
        )
    return base + extra


# ---------------------------------------------------------------- badges and referrals


def do_actions(builder: RowBuilder, actions: Iterable[Action], *, rule: str, event: Event) -> None:
    """Carry out what a badge or a referral does, with its outcomes. Its awards do not count toward tiers: no
    rule made them.
    """
    actions = tuple(actions)
    awards = [action.award for action in actions if action.award is not None]
    deductions = [action.deduct for action in actions if action.deduct is not None]
    counted = [*(spec.of for spec in awards), *(spec.of for spec in deductions)]
    reads = reads_of(basis.expression for basis in counted if basis is not None)
    view = ExpressionView(
        builder.programme,
        builder.member,
        event,
        reads,
        first=builder.is_first_purchase(event),
        failures=builder.failures,
        budget=builder.budget,
    )
    factor = multiplier(builder.programme, builder.tier, builder.plan)
    inputs = RuleInputs(builder.programme, view, builder.member.id, False, factor, lambda _: (True, None))
    awarded: dict[str, int] = {}
    reasons: dict[str, str | None] = {}
    for spec in awards:
        given_grant = grant(spec, inputs, AwardedByRule())
        amount = _give(builder, given_grant, rule=rule, counts=False)
        awarded[given_grant.wallet] = awarded.get(given_grant.wallet, 0) + amount
        reasons[given_grant.wallet] = given_grant.reason or (None if amount else "cap")
    taken = [deduction(spec, view) for spec in deductions]
    _, blocked = _act_all(builder, actions, taken, rule=rule, event=event)
    for code, amount in awarded.items():
        builder.outcomes.append(Outcome(rule, amount > 0, amount, reasons[code], code))
        builder.raise_awarded(code, amount)
    if blocked is not None:
        builder.outcomes.append(Outcome(rule, False, 0, blocked))


def count_badge(builder: RowBuilder, spec: BadgeSpec, event: Event, raised: Event | None) -> None:
    """Let an event count toward a badge: the row's own, or one that it raised."""
    before = builder.member.badges.get(spec.code, BadgeState())
    after = badges.advance(builder.programme, before, spec, builder.view_after(event))
    if after is before or after == before:
        return
    if spec.streak is None:
        counted = after.progress - before.progress
        if raised is None and builder.book.root is None:
            builder.badge_counts[spec.code] = builder.badge_counts.get(spec.code, 0) + counted
        else:
            builder.book.book_event(raised)
            builder.book.draft.add_badge_count(spec.code, counted)
    set_badge(builder, spec, after, event=event)


def grant_badge(builder: RowBuilder, spec: BadgeSpec, *, event: Event) -> str | None:
    """Give a badge as a rule does: its first level, where it is not held yet. Returns why there is none to
    give, None where there is.
    """
    before = builder.member.badges.get(spec.code, BadgeState())
    if badges.count_of_level(spec, before, 1) is None:
        return "nothing_to_count"
    after = badges.grant(before, spec, at=builder.at)
    if after != before:
        builder.book.draft.add_badge_count(spec.code, after.progress - before.progress)
        set_badge(builder, spec, after, event=event)
    return None


def set_badge(builder: RowBuilder, spec: BadgeSpec, after: BadgeState, *, event: Event) -> None:
    """Put a badge's state back; each new level is raised and does what the badge does. Levels that the row's
    own event brings leave the bound of what it raises alone: a stamp card may fill many times.
    """
    before = builder.member.badges.get(spec.code, BadgeState())
    is_card = isinstance(spec.levels, StampCard)
    if is_card and after.level > before.level:
        vouchers = builder.member.vouchers.keys() | builder.member.free_vouchers_used.keys()
        gifts = without_final_levels(builder.member.gifts, spec.code, now=builder.at, vouchers=vouchers)
        builder.member = evolve(builder.member, gifts=gifts)
        if event is builder.event:
            builder.most_raised += (1 + len(spec.do)) * (after.level - before.level)
    builder.member = evolve(builder.member, badges={**builder.member.badges, spec.code: after})
    source = builder.book.source
    for level in range(before.level + 1, after.level + 1):
        earned = builder.raise_event(BADGE_EARNED, {"badge": spec.code, "level": level})
        if is_card:
            builder.book.note_card_level(earned)
        if spec.do:
            builder.book.book_event(earned)
            do_actions(builder, spec.actions_at(level), rule=f"badge:{spec.code}", event=event)
            builder.book.source = source


# ---------------------------------------------------------------- one action


def _act_all(
    builder: RowBuilder, actions: Iterable[Action], deductions: Iterable[int], *, rule: str, event: Event
) -> tuple[bool, str | None]:
    """Carry out what is no award; `deductions` are what those among them take at most. Returns whether
    something came of it, and why something did not.
    """
    acted, blocked = False, None
    amounts = iter(deductions)
    for action in actions:
        if action.award is None:
            if action.deduct is not None:
                reason = deduct(builder, action.deduct.wallet, next(amounts), rule)
            else:
                reason = _act(builder, action, rule=rule, event=event)
            acted, blocked = acted or reason is None, reason or blocked
    return acted, blocked


def _act(builder: RowBuilder, action: Action, *, rule: str, event: Event) -> str | None:
    """Carry out one action that is no award and no deduction. Returns why nothing came of it, None where
    something did.
    """
    if action.voucher is not None:
        return give_voucher(builder, builder.ruling_programme.reward(action.voucher))
    if action.message is not None:
        return _message(builder, action.message, event)
    if action.tag is not None or action.untag is not None:
        return _tag(builder, action.tag, action.untag)
    if action.badge is not None:
        return grant_badge(builder, builder.ruling_programme.badge(action.badge), event=event)
    if action.webhook is not None:
        builder.effects.append(Effect("webhook", action.webhook, event.id, rule))
    elif action.survey is not None:
        builder.effects.append(Effect("survey", action.survey, event.id, rule))
    elif (
        action.tier is not None
        and builder.member.tier is not None
        and action.tier in builder.programme.tier_order
    ):
        builder.book.draft.gives_floor = True
        builder.set_standing(
            ladder.give_floor(
                builder.programme,
                builder.member.tier,
                code=action.tier,
                at=builder.at,
                span=action.for_,
                source=floor_source(builder),
            )
        )
    return None


def deduct(builder: RowBuilder, code: str, most: int, rule: str) -> str | None:
    """Take so much of a wallet for a rule, or what is there. Returns why nothing came of it, None where
    something did.
    """
    amount = min(most, builder.wallet(code).available)
    if not amount:
        return "nothing_to_count"
    taken = builder.take(code, amount, kind="SPEND", rule=rule)
    builder.book.draft.deductions.append(Deduction(code, taken, builder.today))
    return None


def _tag(builder: RowBuilder, tag: str | None, untag: str | None) -> str | None:
    tags, sources = builder.member.tags, dict(builder.member.tag_sources)
    if tag is not None:
        if len(tags) >= TAGS_KEPT and tag not in tags:
            return "cap"
        known = sources.get(tag)
        if known is not None or tag not in tags:  # one put before sources were kept stays for good
            seq = builder.before.seq + 1
            sources[tag] = TagSources(known.count + 1, known.since_seq) if known else TagSources(1, seq)
            builder.book.draft.tags.append(tag)
        tags |= {tag}
    if untag is not None:
        tags -= {untag}
        sources.pop(untag, None)
    builder.member = evolve(builder.member, tags=tags, tag_sources=sources)
    return None


def floor_source(builder: RowBuilder) -> str:
    """Return what a floor keeps of where it is from: the source that gives it and the event of the row."""
    return f"{builder.book.source}@{builder.event.id}"


def _message(builder: RowBuilder, code: str, event: Event) -> str | None:
    spec = builder.ruling_programme.message(code).for_member(builder.member.id)
    purpose = spec.purpose
    if event.name in POINTS_EVENTS and event.data.get("wallet") in builder.ruling_programme.hidden_wallets:
        return "nothing_to_count"
    if purpose != "service" and purpose not in builder.member.profile.consents:
        return "no_consent"
    builder.messages.append(PlannedMessage(code, event.name, event.data, len(builder.messages), spec.variant))
    return None

"""What rules, badges and referrals do: awards carried out, and every other action, each with its outcome."""

from __future__ import annotations

from collections.abc import Iterable

from domain.model.calendar import local_day
from domain.model.event_names import BADGE_EARNED
from domain.model.ledger import badges, ladder
from domain.model.ledger.decision import Effect, EntryKind, Outcome, PlannedMessage
from domain.model.ledger.earning import Grant, RuleInputs, Verdict, add_firing, bounding_periods, grant
from domain.model.ledger.events import Event
from domain.model.ledger.expression_view import ExpressionView, multiplier, reads_of
from domain.model.ledger.member import TAGS_KEPT, BadgeState
from domain.model.ledger.row_builder import RowBuilder
from domain.model.programme import Action, BadgeSpec, Rule
from domain.model.values import evolve

# ---------------------------------------------------------------- rules


def carry_out(builder: RowBuilder, verdict: Verdict, event: Event, *, own: bool) -> dict[str, int]:
    """Do what a verdict gives, write its outcomes and count its firing. Returns what it awarded by wallet."""
    rule = verdict.rule
    if not verdict.applied:
        builder.outcomes.append(Outcome(rule.code, False, 0, verdict.reason))
        return {}
    awarded: dict[str, int] = {}
    reasons: dict[str, str | None] = {}
    for award in verdict.grants:
        amount = _give(builder, award, rule=rule.code, counts=rule.qualifying, own=own)
        awarded[award.wallet] = awarded.get(award.wallet, 0) + amount
        reasons[award.wallet] = verdict.reason or award.reason or (None if amount else "cap")
    acted, blocked = _act_all(builder, rule.do, rule=rule.code, event=event)
    for code, amount in awarded.items():
        builder.outcomes.append(Outcome(rule.code, amount > 0 or acted, amount, reasons[code], code))
    if acted and not awarded:
        builder.outcomes.append(Outcome(rule.code, True))
    if blocked is not None:
        builder.outcomes.append(Outcome(rule.code, False, 0, blocked))
    if acted or any(awarded.values()):
        _count_firing(builder, rule, event, sum(awarded.values()))
    return awarded


def _count_firing(builder: RowBuilder, rule: Rule, event: Event, amount: int) -> None:
    pers = bounding_periods(rule)
    if pers:
        counts = add_firing(
            builder.member.counters.get(rule.code, ()),
            pers,
            local_day(event.at, builder.programme.zone),
            amount=amount,
        )
        builder.member = evolve(builder.member, counters={**builder.member.counters, rule.code: counts})


def _give(builder: RowBuilder, award: Grant, *, rule: str, counts: bool, own: bool) -> int:
    """Award what a rule gives: its base, and the tier's or plan's extra on an entry of its own. Returns what
    was awarded.
    """
    kind: EntryKind = "BONUS" if award.bonus else "AWARD"
    base = (
        builder.award(award.wallet, award.base, kind=kind, rule=rule, counts=counts, own=own)
        if award.base
        else 0
    )
    return base + (
        builder.award(award.wallet, award.extra, kind="BONUS", rule=rule, counts=counts, own=own)
        if award.extra
        else 0
    )


# ---------------------------------------------------------------- badges and referrals


def do_actions(builder: RowBuilder, actions: Iterable[Action], *, rule: str, event: Event) -> None:
    """Carry out what a badge or a referral does, with its outcomes. Its awards do not count toward tiers: no
    rule made them.
    """
    actions = tuple(actions)
    awards = [action.award for action in actions if action.award is not None]
    reads = reads_of(award.of.expression for award in awards if award.of is not None)
    sight = ExpressionView(
        builder.programme,
        builder.member,
        event,
        reads,
        first=builder.is_first_purchase(event),
        failures=builder.failures,
    )
    factor = multiplier(builder.programme, builder.tier, builder.plan)
    bench = RuleInputs(builder.programme, sight, builder.member.id, False, factor, lambda _: (True, None))
    awarded: dict[str, int] = {}
    reasons: dict[str, str | None] = {}
    for award in awards:
        given_grant = grant(award, bench, {})
        amount = _give(builder, given_grant, rule=rule, counts=False, own=False)
        awarded[given_grant.wallet] = awarded.get(given_grant.wallet, 0) + amount
        reasons[given_grant.wallet] = given_grant.reason or (None if amount else "cap")
    _, blocked = _act_all(builder, actions, rule=rule, event=event)
    for code, amount in awarded.items():
        builder.outcomes.append(Outcome(rule, amount > 0, amount, reasons[code], code))
        builder.raise_awarded(code, amount)
    if blocked is not None:
        builder.outcomes.append(Outcome(rule, False, 0, blocked))


def set_badge(builder: RowBuilder, spec: BadgeSpec, *, event: Event, state: BadgeState | None = None) -> None:
    """Put a badge's state back, or grant its first level; each new level is raised and does what the badge
    does.
    """
    old = builder.member.badges.get(spec.code, BadgeState())
    new = badges.grant(old, spec, at=builder.at) if state is None else state
    if new is old or new == old:
        return
    builder.member = evolve(builder.member, badges={**builder.member.badges, spec.code: new})
    for level in range(old.level + 1, new.level + 1):
        builder.raise_event(BADGE_EARNED, {"badge": spec.code, "level": level})
        if spec.do:
            do_actions(builder, spec.do, rule=f"badge:{spec.code}", event=event)


# ---------------------------------------------------------------- one action


def _act_all(
    builder: RowBuilder, actions: Iterable[Action], *, rule: str, event: Event
) -> tuple[bool, str | None]:
    """Carry out what is no award. Returns whether something came of it, and why something did not."""
    acted, blocked = False, None
    for action in actions:
        if action.award is None:
            reason = _act(builder, action, rule=rule, event=event)
            acted, blocked = acted or reason is None, reason or blocked
    return acted, blocked


def _act(builder: RowBuilder, action: Action, *, rule: str, event: Event) -> str | None:
    """Carry out one action. Returns why nothing came of it, None where something did."""
    if action.deduct is not None:
        return _deduct(builder, action.deduct.wallet, action.deduct.fixed, rule)
    if action.voucher is not None:
        gone = action.voucher in builder.stock.sold_out
        return (
            "cap"
            if gone
            or builder.issue_voucher(builder.ruling_programme.reward(action.voucher), id=None, is_free=True)
            is None
            else None
        )
    if action.message is not None:
        return _message(builder, action.message, event)
    if action.tag is not None or action.untag is not None:
        return _tag(builder, action.tag, action.untag)
    if action.badge is not None:
        set_badge(builder, builder.ruling_programme.badge(action.badge), event=event)
    elif action.webhook is not None:
        builder.effects.append(Effect("webhook", action.webhook, event.id, rule))
    elif action.survey is not None:
        builder.effects.append(Effect("survey", action.survey, event.id, rule))
    elif (
        action.tier is not None
        and builder.member.tier is not None
        and action.tier in builder.programme.tier_order
    ):
        builder.set_standing(
            ladder.give_floor(
                builder.programme, builder.member.tier, code=action.tier, at=builder.at, span=action.for_
            )
        )
    return None


def _deduct(builder: RowBuilder, code: str, fixed: int, rule: str) -> str | None:
    amount = min(fixed, builder.wallet(code).available)
    if not amount:
        return "nothing_to_count"
    builder.take(code, amount, kind="SPEND", rule=rule)
    return None


def _tag(builder: RowBuilder, tag: str | None, untag: str | None) -> str | None:
    tags = builder.member.tags
    if tag is not None:
        if len(tags) >= TAGS_KEPT and tag not in tags:
            return "cap"
        tags |= {tag}
    if untag is not None:
        tags -= {untag}
    builder.member = evolve(builder.member, tags=tags)
    return None


def _message(builder: RowBuilder, code: str, event: Event) -> str | None:
    purpose = builder.ruling_programme.message(code).purpose
    if purpose != "service" and purpose not in builder.member.profile.consents:
        return "no_consent"
    builder.messages.append(PlannedMessage(code, event.name, event.data, len(builder.messages)))
    return None

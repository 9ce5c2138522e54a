"""What rules, badges and referrals do: awards carried out, and every other action, each with its outcome."""

from __future__ import annotations

from collections.abc import Iterable

from domain.model import badges, ladder
from domain.model.calendar import local_day
from domain.model.context import Sight, multiplier, reads_of
from domain.model.decision import Effect, Kind, Message, Outcome
from domain.model.earning import Bench, Grant, Verdict, fired, grant, pers_of
from domain.model.events import BADGE_EARNED, Event
from domain.model.member import TAGS_KEPT, BadgeState
from domain.model.programme import Action, BadgeSpec, Rule
from domain.model.values import evolve
from domain.model.work import Work

# ---------------------------------------------------------------- rules


def carry_out(work: Work, verdict: Verdict, event: Event, *, own: bool) -> dict[str, int]:
    """Do what a verdict gives, write its outcomes and count its firing. Returns what it awarded by wallet."""
    rule = verdict.rule
    if not verdict.applied:
        work.outcomes.append(Outcome(rule.code, False, 0, verdict.reason))
        return {}
    awarded: dict[str, int] = {}
    reasons: dict[str, str | None] = {}
    for given in verdict.grants:
        amount = _give(work, given, rule=rule.code, counts=rule.qualifying, own=own)
        awarded[given.wallet] = awarded.get(given.wallet, 0) + amount
        reasons[given.wallet] = verdict.reason or given.reason or (None if amount else "cap")
    acted, blocked = _act_all(work, rule.do, rule=rule.code, event=event)
    for code, amount in awarded.items():
        work.outcomes.append(Outcome(rule.code, amount > 0 or acted, amount, reasons[code], code))
    if acted and not awarded:
        work.outcomes.append(Outcome(rule.code, True))
    if blocked is not None:
        work.outcomes.append(Outcome(rule.code, False, 0, blocked))
    if acted or any(awarded.values()):
        _count_firing(work, rule, event, sum(awarded.values()))
    return awarded


def _count_firing(work: Work, rule: Rule, event: Event, amount: int) -> None:
    pers = pers_of(rule)
    if pers:
        counts = fired(
            work.member.counters.get(rule.code, ()),
            pers,
            local_day(event.at, work.programme.zone),
            amount=amount,
        )
        work.member = evolve(work.member, counters={**work.member.counters, rule.code: counts})


def _give(work: Work, given: Grant, *, rule: str, counts: bool, own: bool) -> int:
    """Award what a rule gives: its base, and the tier's or plan's extra on an entry of its own. Returns what
    was awarded.
    """
    kind: Kind = "BONUS" if given.bonus else "AWARD"
    base = (
        work.award(given.wallet, given.base, kind=kind, rule=rule, counts=counts, own=own)
        if given.base
        else 0
    )
    return base + (
        work.award(given.wallet, given.extra, kind="BONUS", rule=rule, counts=counts, own=own)
        if given.extra
        else 0
    )


# ---------------------------------------------------------------- badges and referrals


def do_all(work: Work, actions: Iterable[Action], *, rule: str, event: Event) -> None:
    """Carry out what a badge or a referral does, with its outcomes. Its awards do not count toward tiers: no
    rule made them.
    """
    actions = tuple(actions)
    awards = [action.award for action in actions if action.award is not None]
    reads = reads_of(award.of.expr for award in awards if award.of is not None)
    sight = Sight(work.programme, work.member, event, reads, first=work.first(event), failed=work.failed)
    factor = multiplier(work.programme, work.tier, work.plan)
    bench = Bench(work.programme, sight, work.member.id, False, factor, lambda _: (True, None))
    awarded: dict[str, int] = {}
    reasons: dict[str, str | None] = {}
    for award in awards:
        given = grant(award, bench, {})
        amount = _give(work, given, rule=rule, counts=False, own=False)
        awarded[given.wallet] = awarded.get(given.wallet, 0) + amount
        reasons[given.wallet] = given.reason or (None if amount else "cap")
    _, blocked = _act_all(work, actions, rule=rule, event=event)
    for code, amount in awarded.items():
        work.outcomes.append(Outcome(rule, amount > 0, amount, reasons[code], code))
        work.tell_awarded(code, amount)
    if blocked is not None:
        work.outcomes.append(Outcome(rule, False, 0, blocked))


def badge(work: Work, spec: BadgeSpec, *, event: Event, state: BadgeState | None = None) -> None:
    """Put a badge's state back, or grant its first level; each new level is raised and does what the badge
    does.
    """
    old = work.member.badges.get(spec.code, BadgeState())
    new = badges.grant(old, spec, at=work.at) if state is None else state
    if new is old or new == old:
        return
    work.member = evolve(work.member, badges={**work.member.badges, spec.code: new})
    for level in range(old.level + 1, new.level + 1):
        work.rise(BADGE_EARNED, {"badge": spec.code, "level": level})
        if spec.do:
            do_all(work, spec.do, rule=f"badge:{spec.code}", event=event)


# ---------------------------------------------------------------- one action


def _act_all(work: Work, actions: Iterable[Action], *, rule: str, event: Event) -> tuple[bool, str | None]:
    """Carry out what is no award. Returns whether something came of it, and why something did not."""
    acted, blocked = False, None
    for action in actions:
        if action.award is None:
            reason = _act(work, action, rule=rule, event=event)
            acted, blocked = acted or reason is None, reason or blocked
    return acted, blocked


def _act(work: Work, action: Action, *, rule: str, event: Event) -> str | None:
    """Carry out one action. Returns why nothing came of it, None where something did."""
    if action.deduct is not None:
        return _deduct(work, action.deduct.wallet, action.deduct.fixed, rule)
    if action.voucher is not None:
        gone = action.voucher in work.world.sold_out
        return (
            "cap"
            if gone or work.issue(work.law.reward(action.voucher), id=None, given=True) is None
            else None
        )
    if action.message is not None:
        return _message(work, action.message, event)
    if action.tag is not None or action.untag is not None:
        return _tag(work, action.tag, action.untag)
    if action.badge is not None:
        badge(work, work.law.badge(action.badge), event=event)
    elif action.webhook is not None:
        work.effects.append(Effect("webhook", action.webhook, event.id, rule))
    elif action.survey is not None:
        work.effects.append(Effect("survey", action.survey, event.id, rule))
    elif (
        action.tier is not None and work.member.tier is not None and action.tier in work.programme.rung_order
    ):
        work.stand(
            ladder.give(work.programme, work.member.tier, code=action.tier, at=work.at, span=action.for_)
        )
    return None


def _deduct(work: Work, code: str, fixed: int, rule: str) -> str | None:
    amount = min(fixed, work.wallet(code).available)
    if not amount:
        return "nothing_to_count"
    work.take(code, amount, kind="SPEND", rule=rule)
    return None


def _tag(work: Work, tag: str | None, untag: str | None) -> str | None:
    tags = work.member.tags
    if tag is not None:
        if len(tags) >= TAGS_KEPT and tag not in tags:
            return "cap"
        tags |= {tag}
    if untag is not None:
        tags -= {untag}
    work.member = evolve(work.member, tags=tags)
    return None


def _message(work: Work, code: str, event: Event) -> str | None:
    purpose = work.law.message(code).purpose
    if purpose != "service" and purpose not in work.member.profile.consents:
        return "no_consent"
    work.messages.append(Message(code, event.name, event.data, len(work.messages)))
    return None

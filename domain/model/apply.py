"""What an event changes by itself, before and beside any rule: enrolment, purchases, refunds, vouchers,
adjustments, plans.

`announce` is what rules already see (profile, consents, the membership begun); `happen` is what they see only
at the next event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from domain.model import actions, events, ladder, refunds, rewards, wallet
from domain.model.calendar import local_day
from domain.model.context import held_code
from domain.model.decision import (
    BalanceTooLow,
    Later,
    Locked,
    MemberFrozen,
    Outcome,
    RewardLocked,
    VoucherNotUsable,
    WalletFull,
)
from domain.model.earning import fired, spent_in
from domain.model.events import Event, Json, Purchase
from domain.model.member import CATEGORIES_KEPT, JUDGEMENTS_KEPT, Judgement, Member, PlanHeld, Purchases
from domain.model.past import Past
from domain.model.values import evolve
from domain.model.wallet import InsufficientBalance
from domain.model.work import Work

REVERSIBLE = timedelta(days=1)
FRIEND, REFERRER = "referral:friend", "referral:referrer"


def told(member: Member, event: Event) -> Event:
    """Return the event with what its data may leave to be known: the reward of a voucher, the plan that
    ends.
    """
    more: dict[str, Json] = {}
    if event.name in (events.VOUCHER_USED, events.VOUCHER_CANCELLED, events.VOUCHER_REVERSED):
        opened = member.vouchers.get(_text(event, "voucher"))
        more = {"reward": opened.reward} if opened is not None else {}
    elif event.name == events.REDEEMED:
        more = {"voucher": _text(event, "voucher") or f"{member.id}-{member.issued + 1}"}
    elif event.name == events.PLAN_ENDED and member.plan is not None:
        until = member.plan.until
        more = {"plan": member.plan.code, "until": until.isoformat() if until else None}
    return (
        replace(
            event, data={**more, **{name: value for name, value in event.data.items() if value is not None}}
        )
        if more
        else event
    )


def announce(work: Work) -> Member:
    """Apply what rules on the event already see, and return the member that they see."""
    event = work.event
    if event.rule is not None:
        return work.member
    if event.profile is not None:
        work.member = evolve(work.member, profile=event.profile)
    if event.name == events.ENROLLED:
        referrer = event.data.get("referredBy")
        referral = replace(work.member.referral, referred_by=referrer if isinstance(referrer, str) else None)
        work.member = evolve(
            work.member, joined_at=event.at, tier=ladder.begin(work.programme, at=event.at), referral=referral
        )
    return work.member


def happen(work: Work, past: Past | None) -> None:
    """Apply what the event changes by itself. Raises a Refusal where it cannot be."""
    if work.event.rule is not None:
        return
    if work.event.name == events.REFUNDED:
        _refund(work, past)
    elif work.event.name in _HAPPENINGS:
        _HAPPENINGS[work.event.name](work)


def _text(event: Event, name: str) -> str:
    return str(event.data.get(name) or "")


# ---------------------------------------------------------------- purchases


def _purchase(work: Work) -> None:
    event, bought = work.event, work.member.purchases
    assert event.purchase is not None, "a purchase event carries its purchase"
    zone = work.programme.zone
    for spec in work.programme.wallets:
        if spec.code in work.member.wallets and spec.expiry.renewed_by_activity:
            tier, day = held_code(work.programme, work.member), local_day(event.at, zone)
            work.keep(spec.code, wallet.renew(work.wallet(spec.code), spec, tier=tier, day=day, zone=zone))
    after = Purchases(
        count=bought.count + 1,
        total=bought.total + event.purchase.total,
        first_at=min(bought.first_at or event.at, event.at),
        last_at=max(bought.last_at or event.at, event.at),
        categories=_categories(bought.categories, event.purchase, 1),
    )
    work.member = evolve(work.member, purchases=after)


def _categories(
    known: tuple[tuple[str, int], ...], purchase: Purchase, sign: int
) -> tuple[tuple[str, int], ...]:
    if not purchase.lines:
        return known
    out = dict(known)
    for line in purchase.lines:
        if line.category and (line.category in out or len(out) < CATEGORIES_KEPT):
            out[line.category] = out.get(line.category, 0) + sign * line.amount
    return tuple(out.items() if len(out) == len(known) else sorted(out.items()))


def _refund(work: Work, past: Past | None) -> None:
    refund = work.event.refund
    assert refund is not None, "a refund carries what was recorded of its purchase"
    refunds.claw_back(work, refund, past.programme if past else work.programme)
    bought = work.member.purchases
    categories = _categories(_categories(bought.categories, refund.before, -1), refund.kept, 1)
    total = bought.total - (refund.before.total - refund.kept.total)
    waiting = (
        replace(one, purchase=refund.kept) if one.key == refund.recorded.key else one
        for one in work.member.referral.waiting
        if one.key != refund.recorded.key or refund.kept.total
    )
    referral = replace(work.member.referral, waiting=tuple(waiting))
    work.member = evolve(
        work.member, purchases=replace(bought, total=total, categories=categories), referral=referral
    )


# ---------------------------------------------------------------- vouchers


def _redeem(work: Work) -> None:
    event = work.event
    known = {spec.code: spec for spec in work.programme.rewards}
    spec = known.get(_text(event, "reward"))
    if spec is None or spec.cost is None:
        raise RewardLocked(())
    why = rewards.locks(work.programme, work.member, spec, now=work.at, world=work.world)
    if why and all(lock.reason == "BALANCE" for lock in why):
        raise BalanceTooLow(why[0].missing)
    if why:
        raise RewardLocked(why)
    voucher = _text(event, "voucher")
    taken = work.take(spec.cost.wallet, spec.cost.amount, kind="SPEND", rule=None, voucher=voucher)
    if work.issue(spec, id=voucher, given=False, code=spec.cost.wallet, taken=taken) is None:
        raise RewardLocked((Locked("MEMBER_LIMIT"),))
    _count_redemption(work, spec.code, work.at, 1)


def _count_redemption(work: Work, reward: str, at: datetime, times: int) -> None:
    limit = work.programme.reward(reward).limit
    if limit is not None:
        name = rewards.counter(reward)
        counts = fired(
            work.member.counters.get(name, ()),
            {limit.per},
            local_day(at, work.programme.zone),
            amount=0,
            times=times,
        )
        work.member = evolve(work.member, counters={**work.member.counters, name: counts})


def _usable(work: Work) -> str:
    """Return the voucher that the event names. Raises VoucherNotUsable where it is not open at the event's
    time.
    """
    voucher = _text(work.event, "voucher")
    opened = work.member.vouchers.get(voucher)
    if (
        opened is None
        or opened.used_at is not None
        or (opened.expires_at is not None and opened.expires_at <= work.at)
    ):
        raise VoucherNotUsable("the voucher is not open")
    return voucher


def _use(work: Work) -> None:
    if work.member.frozen:
        raise MemberFrozen("the member is frozen and uses nothing")
    voucher = _usable(work)
    work.step_voucher(voucher, replace(work.member.vouchers[voucher], used_at=work.at), "used")


def _reverse(work: Work) -> None:
    voucher = _text(work.event, "voucher")
    opened = work.member.vouchers.get(voucher)
    if opened is None or opened.used_at is None or opened.used_at + REVERSIBLE < work.at:
        raise VoucherNotUsable("the voucher is not one that was used lately")
    work.step_voucher(voucher, replace(opened, used_at=None), "reversed")


def _cancel(work: Work) -> None:
    voucher = _usable(work)
    opened = work.member.vouchers[voucher]
    work.step_voucher(voucher, None, "cancelled")
    spec = next((one for one in work.programme.rewards if one.code == opened.reward), None)
    if opened.wallet is not None and opened.taken:
        work.give_back(opened.wallet, opened, reward=spec, voucher=voucher)
        if spec is not None:
            _count_redemption(work, spec.code, opened.issued_at, -1)


def _expire_voucher(work: Work) -> None:
    work.step_voucher(_text(work.event, "voucher"), None, "expired")


def forget_used(member: Member, at: datetime) -> Member:
    """Return the member without the used vouchers whose use can no longer be reversed."""
    kept = {
        code: one
        for code, one in member.vouchers.items()
        if one.used_at is None or one.used_at + REVERSIBLE >= at
    }
    return member if len(kept) == len(member.vouchers) else evolve(member, vouchers=kept)


# ---------------------------------------------------------------- balances, plans, states


def _adjust(work: Work) -> None:
    code, amount = _text(work.event, "wallet"), work.event.data.get("amount")
    assert isinstance(amount, int), "checked at the door"
    if amount < 0:
        try:
            work.take(code, -amount, kind="ADJUST", rule=None)
        except InsufficientBalance as error:
            raise BalanceTooLow(error.missing) from None
        return
    one, since = work.wallet(code), work.today
    room = wallet.FULL - one.available - one.pending
    if amount > room:
        raise WalletFull(code, room)
    until = wallet.last_day(
        work.programme.wallet(code), tier=held_code(work.programme, work.member), since=since
    )
    after, opened = wallet.award(one, amount=amount, available_at=None, expires_on=until, since=since)
    after = evolve(after, earned=one.earned, adjusted=one.adjusted + amount)
    lots = (wallet.Part(opened, until, since),) if opened else ()
    work.enter(code, "ADJUST", amount, after, lots=lots, expires_on=until, debt=opened - amount)


def _plan(work: Work) -> None:
    event, held = work.event, work.member.plan
    until = event.data.get("until")
    ends = datetime.fromisoformat(until) if isinstance(until, str) else None
    code = _text(event, "plan") or (held.code if held else "")
    since = held.since if held and held.code == code and event.name == events.PLAN_RENEWED else event.at
    work.member = evolve(work.member, plan=PlanHeld(code, since, ends))


def _plan_ends(work: Work) -> None:
    work.member = evolve(work.member, plan=None)


def _freeze(work: Work) -> None:
    work.member = evolve(work.member, frozen=work.event.name == events.FROZEN)


# ---------------------------------------------------------------- referral


def judge_referral(work: Work, event: Event) -> None:
    """Judge a referred friend's qualifying event: at once, or once the purchase's awards are no longer
    pending.
    """
    state, referral = work.member.referral, work.programme.referral
    if (
        referral is None
        or event.name not in referral.qualifies.on
        or state.referred_by is None
        or state.qualified
    ):
        return
    due = max((put.available_at for put in work.puts if put.available_at is not None), default=None)
    if due is None or event.purchase is None or event.name != events.PURCHASED:
        qualify(work, event)
        return
    waiting = (*state.waiting, Judgement(event.id, due, event.at, event.source, event.purchase))[
        -JUDGEMENTS_KEPT:
    ]
    work.member = evolve(work.member, referral=replace(state, waiting=waiting))


def qualify(work: Work, event: Event) -> None:
    """Judge a referral now: where it qualifies the friend gets theirs, and the referrer's event is raised for
    them. Once.
    """
    state, referral = work.member.referral, work.programme.referral
    if referral is None or state.qualified or state.referred_by is None or work.member.frozen:
        return
    if not work.sight(event).test(referral.qualifies.when):
        return
    work.member = evolve(work.member, referral=replace(state, qualified=True, waiting=()))
    actions.do_all(work, referral.friend, rule=FRIEND, event=event)
    raised = Event(
        f"referral:{work.member.id}", events.REFERRAL_QUALIFIED, work.at, "selo", {"friend": work.member.id}
    )
    work.later.append(Later(state.referred_by, work.at, raised))


def _referred(work: Work) -> None:
    referral, state = work.programme.referral, work.member.referral
    work.member = evolve(work.member, referral=replace(state, friends=state.friends + 1))
    if referral is None:
        return
    refused = "frozen" if work.member.frozen else None
    if referral.limit is not None and refused is None:
        day, per = local_day(work.event.at, work.programme.zone), referral.limit.per
        counts = work.member.counters.get(REFERRER, ())
        if spent_in(counts, per, day).times >= referral.limit.times:
            refused = "limit"
        else:
            after = fired(counts, {per}, day, amount=0)
            work.member = evolve(work.member, counters={**work.member.counters, REFERRER: after})
    if refused is not None:
        work.outcomes.append(Outcome(REFERRER, False, 0, refused))
    else:
        actions.do_all(work, referral.referrer, rule=REFERRER, event=work.event)


_HAPPENINGS: dict[str, Callable[[Work], None]] = {
    events.PURCHASED: _purchase,
    events.REDEEMED: _redeem,
    events.VOUCHER_USED: _use,
    events.VOUCHER_REVERSED: _reverse,
    events.VOUCHER_CANCELLED: _cancel,
    events.VOUCHER_EXPIRED: _expire_voucher,
    events.ADJUSTED: _adjust,
    events.PLAN_STARTED: _plan,
    events.PLAN_RENEWED: _plan,
    events.PLAN_ENDED: _plan_ends,
    events.FROZEN: _freeze,
    events.UNFROZEN: _freeze,
    events.REFERRAL_QUALIFIED: _referred,
}

"""What an event changes by itself, before and beside any rule: enrolment, purchases, refunds, vouchers,
adjustments, plans.

`announce` is what rules already see (profile, consents, the membership begun); `happen` is what they see only
at the next event.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.model import event_names
from domain.model.calendar import local_day
from domain.model.ledger import categories, ladder, plans, rewards, wallet
from domain.model.ledger.deciding import challenges, code_entry, paying, prizes, referrals, service_effects
from domain.model.ledger.deciding.awarding import give_back
from domain.model.ledger.deciding.returns import refunds
from domain.model.ledger.deciding.returns.revoking import revoke_source
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.deciding.voucher_steps import change_voucher, forget_used_voucher, issue_voucher
from domain.model.ledger.decision import (
    BalanceTooLow,
    MemberFrozen,
    RewardLock,
    RewardLocked,
    VoucherNotUsable,
    WalletFull,
)
from domain.model.ledger.events import Event, JournaledPurchase, Json
from domain.model.ledger.holding import effects as holding
from domain.model.ledger.holding.holds import holds_of
from domain.model.ledger.late_events import HistoricalContext
from domain.model.ledger.lots import LotPart
from domain.model.ledger.member import Member
from domain.model.ledger.merging import effects as merging
from domain.model.ledger.merging import undoing
from domain.model.ledger.period_counts import add_firing
from domain.model.ledger.validity import renewal
from domain.model.ledger.validity.changes import expiry_of, origin_of
from domain.model.ledger.views.expression_view import held_tier_code
from domain.model.ledger.wallet import InsufficientBalance
from domain.model.programme import Programme
from domain.model.values import evolve

REVERSAL_KEPT = timedelta(days=1)
FREE_USED_KEPT = 200


def completed_event(programme: Programme, member: Member, event: Event) -> Event:
    """Return the event with what its data may leave to be known: the reward of a voucher, a plan and its
    end.
    """
    more: dict[str, Json] = {}
    if event.name in (event_names.VOUCHER_USED, event_names.VOUCHER_CANCELLED, event_names.VOUCHER_REVERSED):
        opened = member.vouchers.get(_text(event, "voucher"))
        more = {"reward": opened.reward} if opened is not None else {}
    elif event.name == event_names.REDEEMED:
        more = {"voucher": _text(event, "voucher") or f"{member.id}-{member.issued + 1}"}
    elif event.name in plans.PLAN_EVENTS and event.delayed_rule is None:
        more = plans.completed_data(programme, member, event)
    elif event.name == event_names.CHALLENGE_ACCEPTED and event.delayed_rule is None:
        more = challenges.acceptance_data(programme, member, event)
    elif event.purchase is not None and event.purchase.payment is not None and _is_new_purchase(event):
        known = {placed.key: placed.hold for placed in holds_of(member)}
        return evolve(event, purchase=holding.with_promises(programme, event.purchase, known))
    elif event.name == event_names.HOLD_PLACED:
        more = holding.placing_data(programme, event)
    return (
        evolve(
            event, data={**more, **{name: value for name, value in event.data.items() if value is not None}}
        )
        if more
        else event
    )


def _is_new_purchase(event: Event) -> bool:
    return event.name == event_names.PURCHASED and event.delayed_rule is None


def apply_visible(builder: RowBuilder) -> Member:
    """Apply what rules on the event already see, and return the member that they see."""
    event = builder.event
    if event.delayed_rule is not None:
        return builder.member
    if event.profile is not None:
        builder.member = evolve(builder.member, profile=event.profile)
    if event.name == event_names.ENROLLED:
        referrer = event.data.get("referredBy")
        referral = evolve(
            builder.member.referral, referred_by=referrer if isinstance(referrer, str) else None
        )
        builder.member = evolve(
            builder.member,
            joined_at=event.at,
            code=_text(event, "code") or None,
            tier=ladder.begin(builder.programme, at=event.at),
            referral=referral,
        )
        if builder.programme.goal_badges:
            challenges.fix_goals(builder, builder.member)
    return builder.member


def apply_effects(builder: RowBuilder, past: HistoricalContext | None) -> None:
    """Apply what the event changes by itself. Raises a Refusal where it cannot be."""
    if builder.event.delayed_rule is not None:
        return
    if builder.event.name == event_names.REFUNDED:
        _refund(builder, past)
    elif builder.event.name in _EFFECTS:
        _EFFECTS[builder.event.name](builder)


def _text(event: Event, name: str) -> str:
    return str(event.data.get(name) or "")


# ---------------------------------------------------------------- purchases


def _purchase(builder: RowBuilder) -> None:
    event, bought = builder.event, builder.member.purchases
    assert event.purchase is not None, "a purchase event carries its purchase"
    if event.purchase.payment is not None:
        paying.pay(builder, event.purchase.payment)
    after = evolve(
        bought,
        count=bought.count + 1,
        total=bought.total + event.purchase.total,
        first_at=min(bought.first_at or event.at, event.at),
        last_at=max(bought.last_at or event.at, event.at),
    )
    after = categories.count_purchase(after, event.purchase, at=event.at, seq=builder.before.seq + 1)
    if builder.member.joined_at is not None and event.at < builder.member.joined_at:
        after = evolve(
            after,
            before_joining=after.before_joining + 1,
            total_before_joining=after.total_before_joining + event.purchase.total,
        )
    builder.member = evolve(builder.member, purchases=after)


def renew_wallets(builder: RowBuilder) -> None:
    """Let the event renew the wallets that it is activity for, from its own day and by the tier held then."""
    event, late = builder.event, builder.past_facts
    if event.delayed_rule is not None:
        return
    for spec in builder.programme.wallets_renewed_by(
        event.name
    ):  # also one that holds nothing: for late events
        tier = late.tier_after if late is not None else held_tier_code(builder.programme, builder.member)
        day = local_day(event.at, builder.programme.zone)
        builder.set_wallet(spec.code, renewal.renew(builder.wallet(spec.code), spec, tier=tier, day=day))


def _undo_renewals(builder: RowBuilder, bought: JournaledPurchase) -> None:
    """Let a wholly returned purchase have renewed nothing: what is past its day by now lapses at once."""
    day = local_day(bought.at, builder.programme.zone)
    for spec in builder.programme.wallets:
        if event_names.PURCHASED in spec.expiry.renewing_events and spec.code in builder.member.wallets:
            before = builder.wallet(spec.code)
            after = renewal.undo_renewal(before, spec, tier=bought.facts.tier, day=day)
            if after is not before:
                builder.set_wallet(spec.code, after)
                builder.lapse(spec.code)


def _refund(builder: RowBuilder, past: HistoricalContext | None) -> None:
    refund = builder.event.refund
    assert refund is not None, "a refund carries what was recorded of its purchase"
    programme = past.programme if past else builder.programme
    paying.return_payment(builder, refund, programme)
    refunds.take_back(builder, refund, programme)
    if refund.remaining.is_returned and not refund.before.is_returned:
        _undo_renewals(builder, refund.purchase)
    bought = builder.member.purchases
    taken = refund.before.total - refund.remaining.total
    returned = bought.returned + refund.remaining.is_returned
    joined = builder.member.joined_at
    is_early = joined is not None and refund.purchase.at < joined
    early = bought.total_before_joining - taken if is_early else bought.total_before_joining
    builder.member = evolve(
        builder.member,
        purchases=evolve(
            categories.count_refund(bought, refund),
            total=bought.total - taken,
            returned=returned,
            total_before_joining=early,
        ),
        referral=referrals.without_refunded(builder.member.referral, refund),
    )
    referrals.unmake(builder)


# ---------------------------------------------------------------- vouchers


def _redeem(builder: RowBuilder) -> None:
    event = builder.event
    known = {spec.code: spec for spec in builder.programme.rewards}
    spec = known.get(_text(event, "reward"))
    if spec is None or spec.cost is None:
        raise RewardLocked(())
    why = rewards.locks(builder.programme, builder.member, spec, now=builder.at, stock=builder.stock)
    if why and all(lock.reason == "BALANCE" for lock in why):
        raise BalanceTooLow(why[0].missing)
    if why:
        raise RewardLocked(why)
    voucher = _text(event, "voucher")
    cost = spec.for_member(builder.member.id).cost or spec.cost
    taken = builder.take(cost.wallet, cost.amount, kind="SPEND", rule=None, voucher=voucher)
    if issue_voucher(builder, spec, id=voucher, is_free=False, code=cost.wallet, taken=taken) is None:
        raise RewardLocked((RewardLock("MEMBER_LIMIT"),))
    _count_redemption(builder, spec.code, builder.at, 1)


def _count_redemption(builder: RowBuilder, reward: str, at: datetime, times: int) -> None:
    limit = builder.programme.reward(reward).limit
    if limit is not None:
        name = rewards.redemption_counter(reward)
        counts = add_firing(
            builder.member.counters.get(name, ()),
            {limit.per},
            local_day(at, builder.programme.zone),
            amount=0,
            times=times,
        )
        builder.member = evolve(builder.member, counters={**builder.member.counters, name: counts})


def _open_voucher(builder: RowBuilder) -> str:
    """Return the voucher that the event names. Raises VoucherNotUsable where it is not open at the event's
    time.
    """
    voucher = _text(builder.event, "voucher")
    opened = builder.member.vouchers.get(voucher)
    if (
        opened is None
        or opened.used_at is not None
        or (opened.expires_at is not None and opened.expires_at <= builder.at)
    ):
        raise VoucherNotUsable("the voucher is not open")
    return voucher


def _use(builder: RowBuilder) -> None:
    if builder.member.frozen:
        raise MemberFrozen("the member is frozen and uses nothing")
    voucher = _open_voucher(builder)
    opened = builder.member.vouchers[voucher]
    change_voucher(builder, voucher, evolve(opened, used_at=builder.at), "used")
    if not opened.taken_lots:
        used = {**builder.member.free_vouchers_used, voucher: opened.reward}
        newest = dict(list(used.items())[-FREE_USED_KEPT:])
        builder.member = evolve(builder.member, free_vouchers_used=newest)


def _reverse(builder: RowBuilder) -> None:
    voucher = _text(builder.event, "voucher")
    opened = builder.member.vouchers.get(voucher)
    if opened is None or opened.used_at is None or opened.used_at + REVERSAL_KEPT < builder.at:
        raise VoucherNotUsable("the voucher is not one that was used lately")
    change_voucher(builder, voucher, evolve(opened, used_at=None), "reversed")
    used = {key: reward for key, reward in builder.member.free_vouchers_used.items() if key != voucher}
    builder.member = evolve(builder.member, free_vouchers_used=used)
    revoke_source(builder, f"used:{voucher}")
    if opened.is_revoked:
        change_voucher(builder, voucher, None, "cancelled")
        forget_used_voucher(builder, voucher)


def _cancel(builder: RowBuilder) -> None:
    voucher = _open_voucher(builder)
    opened = builder.member.vouchers[voucher]
    change_voucher(builder, voucher, None, "cancelled")
    revoke_source(builder, f"redeemed:{voucher}")
    spec = next((one for one in builder.programme.rewards if one.code == opened.reward), None)
    if opened.wallet is not None and opened.taken_lots:
        give_back(
            builder,
            opened.wallet,
            opened.taken_lots,
            taken_on=local_day(opened.issued_at, builder.programme.zone),
            grace=spec.return_grace if spec else None,
            voucher=voucher,
        )
        if spec is not None:
            _count_redemption(builder, spec.code, opened.issued_at, -1)


def _expire_voucher(builder: RowBuilder) -> None:
    voucher = _text(builder.event, "voucher")
    change_voucher(builder, voucher, None, "expired")
    gifts = {source: gift for source, gift in builder.member.gifts.items() if source != f"redeemed:{voucher}"}
    builder.member = evolve(builder.member, gifts=gifts)


def forget_used(member: Member, at: datetime) -> Member:
    """Return the member without the used vouchers whose use can no longer be reversed, and without what was
    kept to take back of them.
    """
    if not member.vouchers:
        return member
    remaining = {
        code: one
        for code, one in member.vouchers.items()
        if one.used_at is None or one.used_at + REVERSAL_KEPT >= at
    }
    if len(remaining) == len(member.vouchers):
        return member
    final = {
        f"{kind}:{code}" for code in member.vouchers if code not in remaining for kind in ("redeemed", "used")
    }
    gifts = {source: gift for source, gift in member.gifts.items() if source not in final}
    return evolve(member, vouchers=remaining, gifts=gifts)


# ---------------------------------------------------------------- balances, plans, states


def _adjust(builder: RowBuilder) -> None:
    code, amount = _text(builder.event, "wallet"), builder.event.data.get("amount")
    assert isinstance(amount, int), "checked at the door"
    if amount < 0:
        try:
            builder.take(code, -amount, kind="ADJUST", rule=None)
        except InsufficientBalance as error:
            raise BalanceTooLow(error.missing) from None
        return
    before, since = builder.wallet(code), builder.today
    if amount > before.room:
        raise WalletFull(code, before.room)
    spec = builder.programme.wallet(code)
    until = expiry_of(spec, tier=held_tier_code(builder.programme, builder.member), since=since)
    origin = origin_of(spec, on=since, until=until)
    after, opened = wallet.award(
        before, amount=amount, available_at=None, expires_on=until, since=since, origin=origin
    )
    after = evolve(after, earned=before.earned, adjusted=before.adjusted + amount)
    opened_parts = (LotPart(opened, until, since),) if opened else ()
    builder.write_entry(
        code, "ADJUST", amount, after, lots=opened_parts, expires_on=until, debt=opened - amount
    )


def _plan(builder: RowBuilder) -> None:
    builder.member = plans.after_beginning(builder.member, builder.event)


def _plan_ends(builder: RowBuilder) -> None:
    builder.member = plans.after_end(builder.member, builder.event)


_EFFECTS: dict[str, Callable[[RowBuilder], None]] = {
    event_names.PURCHASED: _purchase,
    event_names.REDEEMED: _redeem,
    event_names.GIVEN: service_effects.give_reward,
    event_names.TAGGED: service_effects.change_tags,
    event_names.VOUCHER_USED: _use,
    event_names.VOUCHER_REVERSED: _reverse,
    event_names.VOUCHER_CANCELLED: _cancel,
    event_names.VOUCHER_EXPIRED: _expire_voucher,
    event_names.ADJUSTED: _adjust,
    event_names.HOLD_PLACED: holding.place,
    event_names.HOLD_RELEASED: holding.release,
    event_names.CODE_ENTERED: code_entry.enter,
    event_names.PLAN_STARTED: _plan,
    event_names.PLAN_RENEWED: _plan,
    event_names.PLAN_ENDED: _plan_ends,
    event_names.FROZEN: service_effects.freeze,
    event_names.UNFROZEN: service_effects.freeze,
    event_names.CLOSED: merging.close,
    event_names.MERGED: merging.join,
    event_names.TRANSFERRED: merging.join,
    event_names.REOPENED: undoing.reopen,
    event_names.UNMERGED: undoing.give_back,
    event_names.REFERRAL_QUALIFIED: referrals.reward_referrer,
    event_names.REFERRAL_UNMADE: referrals.unmake_referrer,
    event_names.CHALLENGE_ACCEPTED: challenges.accept,
    event_names.LEADERBOARD_ENDED: prizes.give_prizes,
}

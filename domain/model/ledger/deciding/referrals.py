"""Referrals: a friend qualifies some time after the event that met the condition, on what is kept then; a
refund soon after that leaves too little takes it back from both sides.

Only what came after joining counts. It qualifies once; made again after it was taken back, it gives what had
been taken back.
"""

from __future__ import annotations

from datetime import timedelta

from domain.model.calendar import add, local_day
from domain.model.event_names import PURCHASED, REFERRAL_QUALIFIED, REFERRAL_UNMADE
from domain.model.ledger.deciding import actions
from domain.model.ledger.deciding.returns.revoking import revoke_source
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import DelayedEvent, Outcome
from domain.model.ledger.events import Event, Refund
from domain.model.ledger.gifts import FRIEND_SOURCE, Firing
from domain.model.ledger.member import JUDGEMENTS_KEPT, Member, PendingReferral, ReferralState
from domain.model.ledger.period_counts import add_firing, used_in_period
from domain.model.ledger.views.expression_view import ExpressionView
from domain.model.ledger.views.field_reads import read_after
from domain.model.values import evolve

REFERRER = "referral:referrer"
UNMADE_WITHIN = timedelta(days=60)
_UNMADE = ":unmade"


# ---------------------------------------------------------------- the friend


def judge(builder: RowBuilder, event: Event) -> None:
    """Let an event that meets the condition wait to be judged."""
    state, referral = builder.member.referral, builder.programme.referral
    if (
        referral is None
        or event.name not in referral.qualifies.on
        or state.referred_by is None
        or state.qualified
        or _is_before_joining(builder.member, event)
        or not _view(builder, event).test(referral.qualifies.when)
    ):
        return
    due = add(event.at, builder.programme.referral_wait, builder.programme.zone)
    pending = PendingReferral(
        event.id,
        max(due, builder.at),
        event.at,
        event.source,
        event.purchase,
        event.name,
        event.data,
        builder.is_first_purchase(event),
    )
    waiting = (*state.waiting, pending)[-JUDGEMENTS_KEPT:]
    builder.member = evolve(builder.member, referral=evolve(state, waiting=waiting))


def qualify(builder: RowBuilder, pending: PendingReferral) -> None:
    """Judge a referral now: where it qualifies the friend gets theirs, and the referrer's event is raised for
    them.
    """
    state, referral = builder.member.referral, builder.programme.referral
    left = tuple(other for other in state.waiting if other.key != pending.key)
    state = evolve(state, waiting=left)
    builder.member = evolve(builder.member, referral=state)
    if referral is None or state.qualified or state.referred_by is None or builder.member.frozen:
        return
    if not _view(builder, judged_event(pending)).test(referral.qualifies.when):
        return
    made = state.made + 1
    state = evolve(
        state, qualified=True, waiting=(), made=made, qualified_at=builder.at, qualified_by=pending
    )
    builder.member = evolve(builder.member, referral=state)
    builder.book.source = FRIEND_SOURCE
    actions.do_actions(builder, referral.friend, rule=FRIEND_SOURCE, event=builder.event)
    _tell_referrer(builder, REFERRAL_QUALIFIED, _key(builder.member.id, made))


def without_refunded(state: ReferralState, refund: Refund) -> ReferralState:
    """Return a referral's state with what a refund leaves of its purchase; a returned one waits no more."""
    key, remaining = refund.purchase.key, refund.remaining
    waiting = tuple(
        evolve(pending, purchase=remaining) if pending.key == key else pending
        for pending in state.waiting
        if pending.key != key or not remaining.is_returned
    )
    by = state.qualified_by
    if by is not None and by.key == key:
        by = evolve(by, purchase=remaining)
    return evolve(state, waiting=waiting, qualified_by=by)


def unmake(builder: RowBuilder) -> None:
    """Take a referral back where, within 60 days, a refund leaves less than its condition asks for; not where
    less than that was left before.
    """
    state, referral = builder.member.referral, builder.programme.referral
    by, since = state.qualified_by, state.qualified_at
    if referral is None or by is None or since is None or builder.at > since + UNMADE_WITHIN:
        return
    is_gone = by.purchase is not None and by.purchase.is_returned
    when, before = referral.qualifies.when, builder.before
    if not is_gone and (
        _view(builder, judged_event(by)).test(when)
        or before.referral.qualified_by is None
        or not _fresh(builder, judged_event(before.referral.qualified_by), before).test(when)
    ):
        return
    state = evolve(state, qualified=False, qualified_at=None, qualified_by=None)
    builder.member = evolve(builder.member, referral=state)
    revoke_source(builder, FRIEND_SOURCE)
    _tell_referrer(builder, REFERRAL_UNMADE, f"{_key(builder.member.id, state.made)}{_UNMADE}")


def judged_event(pending: PendingReferral) -> Event:
    """Return the event that a pending referral is judged by, with what is kept of its purchase."""
    return Event(
        pending.key,
        pending.name,
        pending.at,
        pending.source,
        pending.event_data,
        purchase=pending.purchase,
        original_at=pending.at,
        was_first=pending.was_first,
    )


def unmade_key(event: Event) -> str:
    """Return the id of the event by which the referrer was rewarded for what an event takes back."""
    return event.id.removesuffix(_UNMADE)


def _key(member: str, made: int) -> str:
    return f"referral:{member}" if made == 1 else f"referral:{member}:{made}"


def _tell_referrer(builder: RowBuilder, name: str, id: str) -> None:
    referrer = builder.member.referral.referred_by
    assert referrer is not None, "only a referred friend qualifies"
    event = Event(id, name, builder.at, "selo", {"friend": builder.member.id})
    builder.delayed.append(DelayedEvent(referrer, builder.at, event))


def _is_before_joining(member: Member, event: Event) -> bool:
    return member.joined_at is not None and event.at < member.joined_at


def _view(builder: RowBuilder, event: Event) -> ExpressionView:
    """What the condition sees: the member after the event, without what was bought before joining."""
    if not builder.member.purchases.before_joining and (event.name != PURCHASED or event is builder.event):
        return builder.view_after(event)
    return _fresh(builder, event, builder.member)


def _fresh(builder: RowBuilder, event: Event, member: Member) -> ExpressionView:
    totals = member.purchases
    if totals.before_joining:
        own = evolve(
            totals,
            count=totals.count - totals.before_joining,
            total=totals.total - totals.total_before_joining,
            before_joining=0,
        )
        member = evolve(member, purchases=own)
    return ExpressionView(
        builder.programme,
        member,
        event,
        read_after(builder.programme, event.name),
        first=_is_first(builder, event),
        failures=builder.failures,
        budget=builder.budget,
    )


def _is_first(builder: RowBuilder, event: Event) -> bool:
    """Tell whether an event, or what a judged one was then, is the friend's first purchase; a correction of
    another receipt knows only of that.
    """
    if event.name != PURCHASED or event.original_at is None:
        return builder.is_first_purchase(event)
    return event.was_first or builder.before.purchases.first_at == event.original_at


# ---------------------------------------------------------------- the referrer


def reward_referrer(builder: RowBuilder) -> None:
    """Give a referrer theirs for a friend, as far as the limit goes."""
    referral, state = builder.programme.referral, builder.member.referral
    builder.member = evolve(builder.member, referral=evolve(state, friends=state.friends + 1))
    if referral is None:
        return
    refused = "frozen" if builder.member.frozen else None
    if referral.limit is not None and refused is None:
        day, per = local_day(builder.event.at, builder.programme.zone), referral.limit.per
        counts = builder.member.counters.get(REFERRER, ())
        if used_in_period(counts, per, day).times >= referral.limit.times:
            refused = "limit"
        else:
            after = add_firing(counts, {per}, day, amount=0)
            builder.member = evolve(builder.member, counters={**builder.member.counters, REFERRER: after})
            builder.book.draft.firings.append(Firing(REFERRER, day, 0))
    if refused is not None:
        builder.outcomes.append(Outcome(REFERRER, False, 0, refused))
    else:
        actions.do_actions(builder, referral.referrer, rule=REFERRER, event=builder.event)


def unmake_referrer(builder: RowBuilder) -> None:
    """Take back what a referrer got for a friend."""
    state = builder.member.referral
    builder.member = evolve(builder.member, referral=evolve(state, friends=max(0, state.friends - 1)))
    revoke_source(builder, f"referral:{builder.event.data.get('friend')}")

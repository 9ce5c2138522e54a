"""What time alone brings to a member, in its order: lots in, lapses, vouchers, plans, reviews, birthdays,
schedules, segments. A hold whose time is over comes back before all of these.

What belongs to a day comes at 00:00 programme time, what has an instant of its own at that instant. `turn`
decides all of it up to an instant: a turn that comes late ends where a timely one does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from domain.model import event_names
from domain.model.calendar import Span, local_day, occurrence, start_of
from domain.model.ledger import ladder, rewards, tiers, wallet
from domain.model.ledger.deciding import referrals
from domain.model.ledger.deciding.event_row import decide_row
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import Decision, JournalRow, StockState
from domain.model.ledger.events import Event, Json
from domain.model.ledger.gifts import FRIEND_SOURCE
from domain.model.ledger.holding import effects as holding
from domain.model.ledger.holding.holds import PlacedHold, holds_of
from domain.model.ledger.ladder import tier_change_data
from domain.model.ledger.member import Member, PendingReferral, TierStanding, settle_lots
from domain.model.ledger.next_due import (
    TICK,
    cron_next,
    is_in_segment,
    joining_day,
    next_due,
    remind_day,
    turned_until,
)
from domain.model.ledger.views.expression_view import ExpressionView, held_tier_code
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme
from domain.model.values import dataclass, evolve

__all__ = ["next_due", "turn", "turned_until"]

Change = Callable[[RowBuilder], None]
NOTHING_SOLD_OUT = StockState()


@dataclass
class _TimeTurn:
    """A member on the way through time, as rows have written them, and these rows."""

    programme: Programme
    member: Member
    stock: StockState
    version: int
    with_changes: bool
    rows: list[JournalRow]
    _cached_view: tuple[Member, ExpressionView] | None = None

    def view_at(self, at: datetime) -> ExpressionView:
        """What is seen at an instant of the member, with the lots in that are due: the same until a row moves
        them.
        """
        cached = self._cached_view
        if cached is None or cached[0] is not self.member or cached[1].event.at != at:
            cached = self._cached_view = (
                self.member,
                rewards.member_only_view(self.programme, settle_lots(self.member, at=at), at),
            )
        return cached[1]

    def raise_event(
        self, name: str, at: datetime, key: str, event_data: dict[str, Json], change: Change | None = None
    ) -> None:
        self.decide(Event(f"{name}:{self.member.id}:{key}", name, at, "selo", event_data), change)

    def decide(self, event: Event, change: Change | None) -> None:
        programme, member, version = self.programme, self.member, self.version
        builder = decide_row(
            programme,
            member,
            event,
            by="time",
            stock=self.stock,
            version=version,
            change=change,
            is_turning=True,
        )
        self.rows.append(builder.close(with_changes=self.with_changes))
        self.member = builder.member


def turn(
    programme: Programme,
    member: Member,
    *,
    until: datetime,
    stock: StockState = NOTHING_SOLD_OUT,
    version: int = 1,
    with_changes: bool = True,
) -> Decision:
    """Decide what time brought to a member up to and at an instant, each thing at its own time.

    Lots that come in make no row of their own: the member after it is as the rows have written them.
    """
    cursor = turned_until(member)
    if cursor is None or member.joined_at is None:
        return Decision(member, member)
    at = next_due(programme, member, after=cursor)
    if at is None or at > until:
        return Decision(member, member)
    state = _TimeTurn(programme, member, stock, version, with_changes, [])
    while at is not None and at <= until:
        _bring_instant(state, at)
        cursor = at
        at = next_due(programme, state.member, after=cursor)
    return Decision(member, evolve(state.member, turned_at=cursor), tuple(state.rows))


def _bring_instant(state: _TimeTurn, at: datetime) -> None:
    zone = state.programme.zone
    day = local_day(at, zone)
    midnight = start_of(day, zone) == at
    _holds(state, at)
    if midnight:
        _lapses(state, at, day)
        _reminders(state, at, day)
    _vouchers(state, at)
    _plan_end(state, at)
    _tier(state, at, midnight=midnight)
    if midnight:
        _birthdays(state, at, day)
    _schedules(state, at)
    _referral(state, at)
    _segments(state, at)
    _rewards(state, at)


def _holds(state: _TimeTurn, at: datetime) -> None:
    due = [one for one in holds_of(state.member) if one.hold.is_live and one.hold.until <= at]
    for placed in sorted(due, key=lambda placed: (placed.hold.until, placed.key)):
        event_data: dict[str, Json] = {"hold": placed.key, "wallet": placed.wallet}
        state.raise_event(event_names.HOLD_LAPSED, at, placed.key, event_data, _hold_ended(placed))


def _hold_ended(placed: PlacedHold) -> Change:
    return lambda builder: holding.end(builder, placed, is_final=False)


def _lapses(state: _TimeTurn, at: datetime, day: date) -> None:
    for spec in state.programme.wallets:
        held_wallet = state.view_at(at).member.wallets.get(spec.code)
        gone = wallet.expired_parts(held_wallet, today=day) if held_wallet else ()
        if gone:
            total, last = sum(part.amount for part in gone), str(gone[-1].expires_on)
            event_data: dict[str, Json] = {"wallet": spec.code, "amount": total, "on": last}
            state.raise_event(
                event_names.POINTS_EXPIRED, at, f"{spec.code}:{last}", event_data, _expire(spec.code, day)
            )


def _expire(code: str, day: date) -> Change:
    def change(builder: RowBuilder) -> None:
        after, gone = wallet.lapse(builder.wallet(code), today=day)
        builder.expire(code, after, gone)

    return change


def _reminders(state: _TimeTurn, at: datetime, day: date) -> None:
    for spec in state.programme.wallets:
        held_wallet = state.view_at(at).member.wallets.get(spec.code)
        if held_wallet is None or spec.remind is None:
            continue
        for on, amount in _lapsing_soon(held_wallet, spec.remind, day):
            event_data: dict[str, Json] = {"wallet": spec.code, "amount": amount, "on": str(on)}
            state.raise_event(
                event_names.POINTS_EXPIRING, at, f"{spec.code}:{on}", event_data, _reminded(spec.code, on)
            )


def _lapsing_soon(wallet: Wallet, span: Span, day: date) -> list[tuple[date, int]]:
    """What of a wallet lapses within a span of a day and was not announced yet: lots stand in the order of
    their last days.
    """
    lapses = []
    for lot in wallet.lots[: wallet.spendable_count]:
        if lot.expires_on is None or remind_day(lot.expires_on, span) > day:
            break
        if lot.expires_on >= day and lot.expires_on not in wallet.reminded_days:
            lapses.append((lot.expires_on, lot.amount))
    return lapses


def _reminded(code: str, on: date) -> Change:
    def change(builder: RowBuilder) -> None:
        held_wallet = builder.wallet(code)
        known = frozenset(day for day in held_wallet.reminded_days if day >= builder.today)
        builder.set_wallet(code, evolve(held_wallet, reminded_days=known | {on}))

    return change


def _vouchers(state: _TimeTurn, at: datetime) -> None:
    opened = [
        (one.expires_at, code, one) for code, one in state.member.vouchers.items() if one.used_at is None
    ]
    due = [
        (expires_at, code, one)
        for expires_at, code, one in opened
        if expires_at is not None and expires_at <= at
    ]
    for _, code, voucher in sorted(due, key=lambda expiry: expiry[:2]):
        state.raise_event(event_names.VOUCHER_EXPIRED, at, code, {"reward": voucher.reward, "voucher": code})


def _plan_end(state: _TimeTurn, at: datetime) -> None:
    plan = state.member.plan
    if plan is not None and plan.until is not None and plan.until <= at:
        state.raise_event(
            event_names.PLAN_ENDED,
            at,
            f"{plan.code}:{plan.until.isoformat()}",
            {"plan": plan.code, "until": plan.until.isoformat()},
        )


def _tier(state: _TimeTurn, at: datetime, *, midnight: bool) -> None:
    standing, programme = state.member.tier, state.programme
    if standing is None or programme.tiers is None:
        return
    after = tiers.review(programme, standing, at=at) if midnight else standing
    after = ladder.end_floors(programme, after, at=at)
    if after is standing:
        return
    origin, to = held_tier_code(programme, state.member), ladder.held_tier(programme, after)
    if origin == to:
        state.raise_event(event_names.TIER_REVIEWED, at, at.isoformat(), {}, _stands(after))
    else:
        event_data = tier_change_data(programme, origin, to, reason=after.steps[-1].reason)
        state.raise_event(event_names.TIER_CHANGED, at, at.isoformat(), event_data, _stands(after))


def _stands(after: TierStanding) -> Change:
    return lambda work: work.set_standing(after, is_silent=True)


def _birthdays(state: _TimeTurn, at: datetime, day: date) -> None:
    profile, joined = state.member.profile, joining_day(state.programme, state.member)
    is_celebrated = profile.celebrated_from is None or day >= profile.celebrated_from
    born = profile.birthday if is_celebrated else None
    for name, first in ((event_names.BIRTHDAY, born), (event_names.ANNIVERSARY, joined)):
        if first is not None and first < day and occurrence(first, day.year) == day:
            state.raise_event(name, at, str(day), {"years": day.year - first.year})


def _schedules(state: _TimeTurn, at: datetime) -> None:
    for rule in state.programme.rules_on(event_names.SCHEDULE):
        if (
            rule.at
            and is_in_segment(rule.for_, state.member)
            and cron_next(rule.at, state.programme.zone, at - TICK) == at
        ):
            state.raise_event(event_names.SCHEDULE, at, f"{rule.code}:{at.isoformat()}", {"rule": rule.code})


def _referral(state: _TimeTurn, at: datetime) -> None:
    for pending in [waiting for waiting in state.member.referral.waiting if waiting.due <= at]:
        if pending.key not in {waiting.key for waiting in state.member.referral.waiting}:
            continue  # an earlier one has qualified them
        event = evolve(
            referrals.judged_event(pending),
            id=f"{pending.key}>{FRIEND_SOURCE}",
            at=at,
            delayed_rule=FRIEND_SOURCE,
        )
        state.decide(event, _qualification(pending))


def _qualification(pending: PendingReferral) -> Change:
    return lambda builder: referrals.qualify(builder, pending)


def _segments(state: _TimeTurn, at: datetime) -> None:
    """Move the member into and out of segments where time alone did it: a row each."""
    specs, was = state.programme.segments, state.member.segments
    if not specs:
        return
    sight = state.view_at(at)
    now = frozenset(spec.code for spec in specs if sight.test(spec.when))
    if now == was:
        return
    entered = now - was
    for code in (*(spec.code for spec in specs if spec.code in entered), *sorted(was - now)):
        inside = code in now
        if state.member.segments == was or (code in state.member.segments) == inside:
            name = event_names.SEGMENT_ENTERED if inside else event_names.SEGMENT_LEFT
            state.raise_event(name, at, f"{code}:{at.isoformat()}", {"segment": code}, _moved(was, now))


def _moved(was: frozenset[str], now: frozenset[str]) -> Change:
    def change(builder: RowBuilder) -> None:
        if builder.member.segments == was:  # the first row of several moves them all
            builder.member = evolve(builder.member, segments=now)

    return change


def _rewards(state: _TimeTurn, at: datetime) -> None:
    """Unlock rewards, or lock them, where time alone did it: a row for each that members are told of, or one
    that nobody sees.
    """
    was = state.member.unlocked
    if not rewards.listed(state.programme):
        return
    sight = state.view_at(at)
    now = rewards.unlocked(state.programme, sight.member, now=at, stock=state.stock, view=sight)
    if now is was or now == was:
        return
    announced = rewards.announced(state.programme, now - was)
    for code in announced:
        if state.member.unlocked == was or code in state.member.unlocked:
            state.raise_event(
                event_names.REWARD_UNLOCKED,
                at,
                f"{code}:{at.isoformat()}",
                {"reward": code},
                _unlocked(was, now),
            )
    if not announced:
        state.raise_event(event_names.REWARDS_REVIEWED, at, at.isoformat(), {}, _unlocked(was, now))


def _unlocked(was: frozenset[str], now: frozenset[str]) -> Change:
    def change(builder: RowBuilder) -> None:
        if builder.member.unlocked == was:  # the first row of several unlocks them all
            builder.member = evolve(builder.member, unlocked=now)

    return change

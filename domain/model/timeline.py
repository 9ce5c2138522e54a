"""What time alone brings to a member, in its order: lots in, lapses, vouchers, plans, reviews, birthdays,
schedules, segments.

What belongs to a day comes at 00:00 programme time, what has an instant of its own at that instant. `turn`
decides all of it up to an instant: a turn that comes late ends where a timely one does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from domain.model import apply, events, ladder, rewards, tiers, wallet
from domain.model.calendar import Span, local_day, occurrence, start_of
from domain.model.context import Sight, held_code
from domain.model.decision import Decision, Row, World
from domain.model.due import TICK, cron_next, is_for, joined_day, next_due, remind_day, seen_until
from domain.model.events import Event, Json
from domain.model.member import Member, Standing
from domain.model.programme import Programme
from domain.model.row import row_of
from domain.model.values import evolve
from domain.model.wallet import Wallet
from domain.model.work import Work, change_of, settled

__all__ = ["next_due", "seen_until", "turn"]

Change = Callable[[Work], None]
NOWHERE = World()


@dataclass
class _Turn:
    """A member on the way through time, as rows have written them, and these rows."""

    programme: Programme
    member: Member
    world: World
    version: int
    folds: bool
    rows: list[Row]
    _glance: tuple[Member, Sight] | None = None

    def glance(self, at: datetime) -> Sight:
        """What is seen at an instant of the member, with the lots in that are due: the same until a row moves
        them.
        """
        known = self._glance
        if known is None or known[0] is not self.member or known[1].event.at != at:
            known = self._glance = (
                self.member,
                rewards.glance(self.programme, settled(self.member, at=at), at),
            )
        return known[1]

    def happens(
        self, name: str, at: datetime, key: str, data: dict[str, Json], change: Change | None = None
    ) -> None:
        self.decided(Event(f"{name}:{self.member.id}:{key}", name, at, "selo", data), change)

    def decided(self, event: Event, change: Change | None) -> None:
        programme, member, version = self.programme, self.member, self.version
        work = row_of(
            programme,
            member,
            event,
            by="time",
            world=self.world,
            version=version,
            change=change,
            turning=True,
        )
        self.rows.append(work.row(folds=self.folds))
        self.member = work.member


def turn(
    programme: Programme,
    member: Member,
    *,
    until: datetime,
    world: World = NOWHERE,
    version: int = 1,
    folds: bool = True,
) -> Decision:
    """Decide what time brought to a member up to and at an instant, each thing at its own time.

    Lots that come in make no row of their own: the member after it is as the rows have written them.
    """
    cursor = seen_until(member)
    if cursor is None or member.joined_at is None:
        return Decision(member, member)
    state, began = _Turn(programme, member, world, version, folds, []), cursor
    while (at := next_due(programme, state.member, after=cursor)) is not None and at <= until:
        _bring(state, at)
        cursor = at
    turned = evolve(state.member, turned_at=cursor) if cursor > began else member
    return Decision(member, turned, tuple(state.rows))


def _bring(state: _Turn, at: datetime) -> None:
    zone = state.programme.zone
    day = local_day(at, zone)
    midnight = start_of(day, zone) == at
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


def _lapses(state: _Turn, at: datetime, day: date) -> None:
    for spec in state.programme.wallets:
        one = state.glance(at).member.wallets.get(spec.code)
        gone = wallet.past(one, today=day) if one else ()
        if gone:
            total, last = sum(part.amount for part in gone), str(gone[-1].expires_on)
            data: dict[str, Json] = {"wallet": spec.code, "amount": total, "on": last}
            state.happens(events.POINTS_EXPIRED, at, f"{spec.code}:{last}", data, _expire(spec.code, day))


def _expire(code: str, day: date) -> Change:
    def change(work: Work) -> None:
        after, gone = wallet.lapse(work.wallet(code), today=day)
        work.expire(code, after, gone)

    return change


def _reminders(state: _Turn, at: datetime, day: date) -> None:
    for spec in state.programme.wallets:
        one = state.glance(at).member.wallets.get(spec.code)
        if one is None or spec.remind is None:
            continue
        for on, amount in _ahead(one, spec.remind, day):
            data: dict[str, Json] = {"wallet": spec.code, "amount": amount, "on": str(on)}
            state.happens(events.POINTS_EXPIRING, at, f"{spec.code}:{on}", data, _reminded(spec.code, on))


def _ahead(one: Wallet, span: Span, day: date) -> list[tuple[date, int]]:
    """What of a wallet lapses within a span of a day and was not announced yet: lots stand in the order of
    their last days.
    """
    found = []
    for lot in one.lots[: one.spendable]:
        if lot.expires_on is None or remind_day(lot.expires_on, span) > day:
            break
        if lot.expires_on >= day and lot.expires_on not in one.reminded:
            found.append((lot.expires_on, lot.amount))
    return found


def _reminded(code: str, on: date) -> Change:
    def change(work: Work) -> None:
        one = work.wallet(code)
        known = frozenset(day for day in one.reminded if day >= work.today)
        work.keep(code, evolve(one, reminded=known | {on}))

    return change


def _vouchers(state: _Turn, at: datetime) -> None:
    opened = [
        (one.expires_at, code, one) for code, one in state.member.vouchers.items() if one.used_at is None
    ]
    due = [
        (expires_at, code, one)
        for expires_at, code, one in opened
        if expires_at is not None and expires_at <= at
    ]
    for _, code, voucher in sorted(due, key=lambda found: found[:2]):
        state.happens(events.VOUCHER_EXPIRED, at, code, {"reward": voucher.reward, "voucher": code})


def _plan_end(state: _Turn, at: datetime) -> None:
    plan = state.member.plan
    if plan is not None and plan.until is not None and plan.until <= at:
        state.happens(
            events.PLAN_ENDED,
            at,
            f"{plan.code}:{plan.until.isoformat()}",
            {"plan": plan.code, "until": plan.until.isoformat()},
        )


def _tier(state: _Turn, at: datetime, *, midnight: bool) -> None:
    standing, programme = state.member.tier, state.programme
    if standing is None or programme.tiers is None:
        return
    after = tiers.review(programme, standing, at=at) if midnight else standing
    after = ladder.end_floors(programme, after, at=at)
    if after is standing:
        return
    origin, to = held_code(programme, state.member), ladder.held(programme, after)
    if origin == to:
        state.happens(events.TIER_REVIEWED, at, at.isoformat(), {}, _stands(after))
    else:
        data = change_of(programme, origin, to, reason=after.steps[-1].reason)
        state.happens(events.TIER_CHANGED, at, at.isoformat(), data, _stands(after))


def _stands(after: Standing) -> Change:
    return lambda work: work.stand(after, quiet=True)


def _birthdays(state: _Turn, at: datetime, day: date) -> None:
    born, joined = state.member.profile.birthday, joined_day(state.programme, state.member)
    for name, first in ((events.BIRTHDAY, born), (events.ANNIVERSARY, joined)):
        if first is not None and first < day and occurrence(first, day.year) == day:
            state.happens(name, at, str(day), {"years": day.year - first.year})


def _schedules(state: _Turn, at: datetime) -> None:
    for rule in state.programme.rules_on(events.SCHEDULE):
        if (
            rule.at
            and is_for(rule.for_, state.member)
            and cron_next(rule.at, state.programme.zone, at - TICK) == at
        ):
            state.happens(events.SCHEDULE, at, f"{rule.code}:{at.isoformat()}", {"rule": rule.code})


def _referral(state: _Turn, at: datetime) -> None:
    for one in [waiting for waiting in state.member.referral.waiting if waiting.due <= at]:
        if one not in state.member.referral.waiting:
            continue  # an earlier one has qualified them
        id = f"{one.key}>{apply.FRIEND}"
        event = Event(
            id, events.PURCHASED, at, one.source, purchase=one.purchase, rule=apply.FRIEND, since=one.at
        )
        state.decided(event, _judged(one.key))


def _judged(key: str) -> Change:
    def change(work: Work) -> None:
        referral = work.member.referral
        left = tuple(one for one in referral.waiting if one.key != key)
        work.member = evolve(work.member, referral=replace(referral, waiting=left))
        apply.qualify(work, work.event)

    return change


def _segments(state: _Turn, at: datetime) -> None:
    """Move the member into and out of segments where time alone did it: a row each."""
    specs, was = state.programme.segments, state.member.segments
    if not specs:
        return
    sight = state.glance(at)
    now = frozenset(spec.code for spec in specs if sight.test(spec.when))
    if now == was:
        return
    for code in (*(spec.code for spec in specs if spec.code in now - was), *sorted(was - now)):
        inside = code in now
        if state.member.segments == was or (code in state.member.segments) == inside:
            name = events.SEGMENT_ENTERED if inside else events.SEGMENT_LEFT
            state.happens(name, at, f"{code}:{at.isoformat()}", {"segment": code}, _moved(was, now))


def _moved(was: frozenset[str], now: frozenset[str]) -> Change:
    def change(work: Work) -> None:
        if work.member.segments == was:  # the first row of several moves them all
            work.member = evolve(work.member, segments=now)

    return change


def _rewards(state: _Turn, at: datetime) -> None:
    """Unlock rewards, or lock them, where time alone did it: a row for each that members are told of, or one
    that nobody sees.
    """
    listed, was = rewards.listed(state.programme), state.member.unlocked
    if not listed:
        return
    sight = state.glance(at)
    now = rewards.unlocked(state.programme, sight.member, now=at, world=state.world, sight=sight)
    if now == was:
        return
    told = [spec.code for spec in listed if spec.code in now - was and spec.announce]
    for code in told:
        if state.member.unlocked == was or code in state.member.unlocked:
            state.happens(
                events.REWARD_UNLOCKED, at, f"{code}:{at.isoformat()}", {"reward": code}, _unlocked(was, now)
            )
    if not told:
        state.happens(events.REWARDS_REVIEWED, at, at.isoformat(), {}, _unlocked(was, now))


def _unlocked(was: frozenset[str], now: frozenset[str]) -> Change:
    def change(work: Work) -> None:
        if work.member.unlocked == was:  # the first row of several unlocks them all
            work.member = evolve(work.member, unlocked=now)

    return change

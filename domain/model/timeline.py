"""What time alone brings to a member, in its order: lots in, lapses, vouchers, plans, reviews, birthdays, schedules, segments.

What belongs to a day comes at 00:00 programme time, what has an instant of its own at that instant. `next_due` names the next
instant worth looking at, `turn` decides all of them up to one: a turn that comes late ends where a timely one does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from croniter import croniter

from domain.model import apply, events, rewards, tiers, wallet
from domain.model.calendar import Span, add_months, local_day, next_occurrence, occurrence, start_of
from domain.model.context import held_code
from domain.model.decide import EVERYWHERE, row_of
from domain.model.decision import Decision, Row, World
from domain.model.events import Event, Json
from domain.model.member import Member
from domain.model.programme import Programme, WalletSpec
from domain.model.values import evolve
from domain.model.wallet import Wallet, settle
from domain.model.work import Work

DAILY = re.compile(r"member\.days_since_(?:purchase|joining)\s*(?:<=|>=|<|>|==|!=)\s*(\d+)")
TIMED = re.compile(r"member\.days_since_(?:purchase|joining)|\bnow\b")


# ---------------------------------------------------------------- when


def next_due(programme: Programme, member: Member, *, after: datetime) -> datetime | None:
    """Return the next instant after one at which time may bring something; None where nothing is in sight."""
    if member.joined_at is None:
        return None
    return min((at for at in _candidates(programme, member, after) if at > after), default=None)


def _candidates(programme: Programme, member: Member, after: datetime) -> Iterator[datetime]:
    zone, today = programme.zone, local_day(after, programme.zone)
    for spec in programme.wallets:
        one = member.wallets.get(spec.code)
        if one is not None and one.lots:
            yield from _wallet_candidates(spec, one, after, today, zone)
    for voucher in member.vouchers.values():
        if voucher.expires_at is not None and voucher.used_at is None:
            yield voucher.expires_at
    if member.plan is not None and member.plan.until is not None:
        yield member.plan.until
    if member.tier is not None:
        if member.tier.floor_until is not None:
            yield member.tier.floor_until
        review = tiers.next_review(programme, member.tier, after=after)
        if review is not None:
            yield review
    for first in (member.profile.birthday, _joined_day(programme, member)):
        if first is not None:
            yield start_of(next_occurrence(first, today), zone)
    yield from (one.due for one in member.referral.waiting)
    yield from rewards.instants(programme)
    yield from (_cron_next(rule.at, zone, after) for rule in programme.rules_on(events.SCHEDULE) if rule.at and _is_for(rule.for_, member))
    day = next_judged_day(programme, member, today)
    if day is not None:
        yield start_of(day, zone)


def _wallet_candidates(spec: WalletSpec, one: Wallet, after: datetime, today: date, zone: ZoneInfo) -> Iterator[datetime]:
    comes = [lot.available_at for lot in one.lots if lot.available_at is not None and lot.available_at > after]
    if comes:
        yield min(comes)
    ends = [lot.expires_on for lot in one.lots if lot.expires_on is not None and lot.expires_on >= today]
    if ends:
        yield start_of(min(ends) + timedelta(days=1), zone)
    if ends and spec.remind is not None:
        open_days = [day for day in ends if day not in one.reminded]
        if open_days:
            yield start_of(max(_remind_day(min(open_days), spec.remind), today + timedelta(days=1)), zone)


def _remind_day(day: date, span: Span) -> date:
    return add_months(day, -span.months) - timedelta(days=span.days + span.hours // 24)


def _joined_day(programme: Programme, member: Member) -> date | None:
    return local_day(member.joined_at, programme.zone) if member.joined_at else None


def _is_for(segment: str | None, member: Member) -> bool:
    return segment is None or segment in member.segments


@lru_cache(maxsize=8192)
def _cron_next(cron: str, zone: ZoneInfo, after: datetime) -> datetime:
    local: datetime = croniter(cron, after.astimezone(zone)).get_next(datetime)
    return local.astimezone(UTC)


@lru_cache(maxsize=64)
def judged_by_time(programme: Programme) -> tuple[frozenset[int], bool]:
    """Return the day counts at which a segment or reward may change with time alone, and whether some may change on any day."""
    days, any_day = set[int](), False
    for part in (*programme.segments, *rewards.listed(programme)):
        source = part.when.source if part.when is not None else ""
        known = DAILY.findall(source)
        days.update(int(count) for count in known)
        any_day = any_day or len(known) != len(TIMED.findall(source))
    return frozenset(days), any_day


def next_judged_day(programme: Programme, member: Member, today: date) -> date | None:
    """Return the next day on which time alone may move a member into or out of a segment, or unlock a reward."""
    counts, any_day = judged_by_time(programme)
    if any_day:
        return today + timedelta(days=1)
    firsts = [local_day(at, programme.zone) for at in (member.purchases.last_at, member.joined_at) if at is not None]
    days = (first + timedelta(days=count + more) for first in firsts for count in counts for more in (0, 1))
    return min((day for day in days if day > today), default=None)


# ---------------------------------------------------------------- what


@dataclass
class _Turn:
    """A member on the way through time, and the rows it has brought."""

    programme: Programme
    member: Member
    world: World
    version: int
    rows: list[Row]

    def settled(self, at: datetime) -> Member:
        """Return the member with due lots let in, to look at; a row writes that down, and where there is none it is not kept."""
        wallets = {code: settle(one, now=at) for code, one in self.member.wallets.items()}
        same = all(wallets[code] is one for code, one in self.member.wallets.items())
        return self.member if same else evolve(self.member, wallets=wallets)

    def wallet(self, code: str, at: datetime) -> Wallet | None:
        """Return a wallet with due lots let in, to look at."""
        one = self.member.wallets.get(code)
        return None if one is None else settle(one, now=at)

    def happens(self, name: str, at: datetime, key: str, data: dict[str, Json], change: Callable[[Work], None] | None = None) -> None:
        event = Event(f"{name}:{self.member.id}:{key}", name, at, "selo", data)
        work = row_of(self.programme, self.member, event, by="time", world=self.world, version=self.version, change=change)
        row = work.row()
        self.rows.append(row)
        self.member = work.member


def turn(programme: Programme, member: Member, *, until: datetime, world: World = EVERYWHERE, version: int = 1) -> Decision:
    """Decide what time brought to a member up to and at an instant, each thing at its own time."""
    state = _Turn(programme, member, world, version, [])
    cursor = max((at for at in (member.decided_at, member.turned_at) if at is not None), default=until)
    while (at := next_due(programme, state.member, after=cursor)) is not None and at <= until:
        _bring(state, at)
        cursor = at
    turned = evolve(state.member, turned_at=cursor) if cursor != member.turned_at else state.member
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
    _tier(state, at)
    if midnight:
        _birthdays(state, at, day)
    _schedules(state, at)
    _referral(state, at)
    _standing(state, at)


def _lapses(state: _Turn, at: datetime, day: date) -> None:
    for spec in state.programme.wallets:
        one = state.wallet(spec.code, at)
        after, gone = wallet.lapse(one, today=day) if one else (one, ())
        if gone and after is not None:
            total, last = sum(part.amount for part in gone), str(gone[-1].expires_on)
            data: dict[str, Json] = {"wallet": spec.code, "amount": total, "on": last}
            state.happens(events.POINTS_EXPIRED, at, f"{spec.code}:{last}", data, _expire(spec.code, day))


def _expire(code: str, day: date) -> Callable[[Work], None]:
    def change(work: Work) -> None:
        after, gone = wallet.lapse(work.wallet(code), today=day)
        work.expire(code, after, gone)

    return change


def _reminders(state: _Turn, at: datetime, day: date) -> None:
    for spec in state.programme.wallets:
        one = state.wallet(spec.code, at)
        if one is None or spec.remind is None:
            continue
        ahead = {lot.expires_on for lot in one.lots if lot.expires_on is not None and lot.expires_on >= day} - one.reminded
        due = sorted(on for on in ahead if _remind_day(on, spec.remind) <= day)
        for on in due:
            amount = sum(lot.amount for lot in one.lots if lot.expires_on == on and lot.available_at is None)
            if amount:
                data: dict[str, Json] = {"wallet": spec.code, "amount": amount, "on": str(on)}
                state.happens(events.POINTS_EXPIRING, at, f"{spec.code}:{on}", data, _reminded(spec.code, on))


def _reminded(code: str, on: date) -> Callable[[Work], None]:
    def change(work: Work) -> None:
        one = work.wallet(code)
        work.keep(code, evolve(one, reminded=one.reminded | {on}))

    return change


def _vouchers(state: _Turn, at: datetime) -> None:
    due = [(v.expires_at, code, v) for code, v in state.member.vouchers.items() if v.expires_at and v.expires_at <= at and v.used_at is None]
    for _, code, voucher in sorted(due, key=lambda one: one[:2]):
        state.happens(events.VOUCHER_EXPIRED, at, code, {"reward": voucher.reward, "voucher": code})


def _plan_end(state: _Turn, at: datetime) -> None:
    plan = state.member.plan
    if plan is not None and plan.until is not None and plan.until <= at:
        state.happens(events.PLAN_ENDED, at, f"{plan.code}:{plan.until.isoformat()}", {"plan": plan.code, "until": plan.until.isoformat()})


def _tier(state: _Turn, at: datetime) -> None:
    standing = state.member.tier
    if standing is None:
        return
    after, reason = tiers.review(state.programme, standing, at=at), "review"
    if after.floor_until is not None and after.floor_until <= at:
        after, reason = tiers.end_floor(after), "ended"
    if after == standing:
        return
    origin, to = held_code(state.programme, state.member), held_code(state.programme, evolve(state.member, tier=after))
    if origin == to:
        state.happens(events.TIER_REVIEWED, at, at.isoformat(), {}, lambda work: work.stand(after))
        return
    order = state.programme.rung_order
    data: dict[str, Json] = {"from": origin, "to": to, "up": order[to or ""] > order[origin or ""], "reason": reason}
    state.happens(events.TIER_CHANGED, at, at.isoformat(), data, lambda work: work.stand(after, quiet=True))


def _birthdays(state: _Turn, at: datetime, day: date) -> None:
    born, joined = state.member.profile.birthday, _joined_day(state.programme, state.member)
    for name, first in ((events.BIRTHDAY, born), (events.ANNIVERSARY, joined)):
        if first is not None and first < day and occurrence(first, day.year) == day:
            state.happens(name, at, str(day), {"years": day.year - first.year})


def _schedules(state: _Turn, at: datetime) -> None:
    for rule in state.programme.rules_on(events.SCHEDULE):
        if rule.at and _is_for(rule.for_, state.member) and _cron_next(rule.at, state.programme.zone, at - timedelta(milliseconds=1)) == at:
            state.happens(events.SCHEDULE, at, f"{rule.code}:{at.isoformat()}", {"rule": rule.code})


def _referral(state: _Turn, at: datetime) -> None:
    for waiting in [one for one in state.member.referral.waiting if one.due <= at]:
        event = Event(f"{waiting.key}>referral", events.PURCHASED, at, waiting.source, purchase=waiting.purchase, rule="referral", since=waiting.at)
        work = row_of(state.programme, state.member, event, by="time", world=state.world, version=state.version, change=_judged(waiting.key))
        state.rows.append(work.row())
        state.member = work.member


def _judged(key: str) -> Callable[[Work], None]:
    def change(work: Work) -> None:
        referral = work.member.referral
        left = tuple(one for one in referral.waiting if one.key != key)
        work.member = evolve(work.member, referral=replace(referral, waiting=left))
        apply.qualify(work, work.event)

    return change


def _standing(state: _Turn, at: datetime) -> None:
    """Move the member into and out of segments, and unlock rewards, where time alone did it: a row each."""
    programme = state.programme
    before = state.member
    seen = state.settled(at)
    sight = rewards.glance(programme, seen, at)
    inside = frozenset(spec.code for spec in programme.segments if sight.test(spec.when))
    for code in (*(s.code for s in programme.segments if s.code in inside - state.member.segments), *sorted(state.member.segments - inside)):
        name = events.SEGMENT_ENTERED if code in inside else events.SEGMENT_LEFT
        if (code in inside) != (code in state.member.segments):
            state.happens(name, at, f"{code}:{at.isoformat()}", {"segment": code}, _moved(code))
    alone = state.member is before
    now = rewards.unlocked(programme, state.settled(at), now=at, world=state.world, sight=sight if alone else None)
    for spec in rewards.listed(programme):
        if spec.code in now - state.member.unlocked and spec.announce:
            state.happens(events.REWARD_UNLOCKED, at, f"{spec.code}:{at.isoformat()}", {"reward": spec.code}, _unlocked(spec.code))


def _moved(code: str) -> Callable[[Work], None]:
    def change(work: Work) -> None:
        work.member = evolve(work.member, segments=work.member.segments ^ {code})

    return change


def _unlocked(code: str) -> Callable[[Work], None]:
    def change(work: Work) -> None:
        work.member = evolve(work.member, unlocked=work.member.unlocked | {code})

    return change

"""When time may next bring something to a member: what has an instant of its own, and what belongs to a midnight.

`next_due` names the next instant worth looking at; `timeline` decides what came of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from croniter import croniter

from domain.model import events, rewards, tiers
from domain.model.calendar import Span, add_months, local_day, next_occurrence, period_start, start_of, to_utc
from domain.model.member import Member
from domain.model.programme import Programme, RewardSpec, WalletSpec
from domain.model.wallet import Lot, Wallet

TIMED = re.compile(r"member\.days_since_(?:purchase|joining)\b|\bnow\b")
COMPARED = re.compile(r"member\.days_since_(?:purchase|joining)\s*(?:<=|>=|<|>|==|!=)\s*(\d+)(?=\s*(?:$|\)|&&|\|\||\?|:))")
BEFORE_COMPARED = ("", "(", "&&", "||", "?", ":")
TICK = timedelta(milliseconds=1)
DAY = timedelta(days=1)


# ---------------------------------------------------------------- when


def next_due(programme: Programme, member: Member, *, after: datetime) -> datetime | None:
    """Return the next instant after one at which time may bring something; None where nothing is in sight.

    What is overdue, since it came late, is due at once.
    """
    if member.joined_at is None:
        return None
    known = member.dues.get(programme)
    if known is not None and known[0] <= after and (known[1] is None or after < known[1]):
        return known[1]
    overdue = (max(at, after + TICK) for at in _instants(member))
    due = min((*overdue, *(at for at in _midnights(programme, member, after) if at > after)), default=None)
    member.dues[programme] = (after, due)
    return due


def seen_until(member: Member) -> datetime | None:
    """Return the instant up to which time has been brought to a member."""
    return max((at for at in (member.decided_at, member.turned_at) if at is not None), default=None)


def _instants(member: Member) -> Iterator[datetime]:
    """What falls due at an instant of its own and stays due until it is brought."""
    for voucher in member.vouchers.values():
        if voucher.expires_at is not None and voucher.used_at is None:
            yield voucher.expires_at
    if member.plan is not None and member.plan.until is not None:
        yield member.plan.until
    for floor in member.tier.floors if member.tier is not None else ():
        if floor.until is not None:
            yield floor.until
    yield from (one.due for one in member.referral.waiting)


def _midnights(programme: Programme, member: Member, after: datetime) -> Iterator[datetime]:
    """What comes at a midnight or another instant that passes, whether or not it is looked at."""
    zone, today = programme.zone, local_day(after, programme.zone)
    for spec in programme.wallets:
        one = member.wallets.get(spec.code)
        if one is not None and one.lots:
            yield from _of_wallet(spec, one, after, today, zone)
    if member.tier is not None and programme.tiers is not None:
        review = tiers.next_review(programme, member.tier, after=after)
        if review is not None:
            yield review
    for first in (member.profile.birthday, joined_day(programme, member)):
        if first is not None:
            yield start_of(next_occurrence(first, today), zone)
    coming = rewards.next_instant(programme, after=after)
    if coming is not None:
        yield coming
    for rule in programme.rules_on(events.SCHEDULE):
        if rule.at and is_for(rule.for_, member):
            yield cron_next(rule.at, zone, after)
    day = next_judged_day(programme, member, today)
    if day is not None:
        yield start_of(day, zone)


def _of_wallet(spec: WalletSpec, one: Wallet, after: datetime, today: date, zone: ZoneInfo) -> Iterator[datetime]:
    waiting = one.lots[one.spendable :]
    comes = [lot.available_at for lot in waiting if lot.available_at is not None and lot.available_at > after]
    if comes:
        yield min(comes)
    firsts = [lot.expires_on for lot in (one.lots[0], *waiting) if lot.expires_on is not None]
    if firsts:
        yield start_of(max(min(firsts), today) + DAY, zone)
    if spec.remind is not None:
        # lots are in the order of their last days, spendable and pending each for themselves
        parts = (one.lots[: one.spendable], waiting)
        coming = [day for lots in parts if (day := _unannounced(lots, one.reminded, today)) is not None]
        if coming:
            yield start_of(max(remind_day(min(coming), spec.remind), today + DAY), zone)


def _unannounced(lots: tuple[Lot, ...], reminded: frozenset[date], today: date) -> date | None:
    ends = (lot.expires_on for lot in lots if lot.expires_on is not None)
    return next((day for day in ends if day >= today and day not in reminded), None)


def remind_day(day: date, span: Span) -> date:
    return add_months(day, -span.months) - timedelta(days=span.days)


def joined_day(programme: Programme, member: Member) -> date | None:
    return local_day(member.joined_at, programme.zone) if member.joined_at else None


def is_for(segment: str | None, member: Member) -> bool:
    return segment is None or segment in member.segments


# ---------------------------------------------------------------- schedules


def cron_next(cron: str, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the next instant of a schedule after one. A clock time that summer time skips comes an hour later, a doubled one once."""
    day = local_day(after, zone)
    return next((at for at in _cron_on(cron, zone, day) if at > after), None) or _cron_from(cron, zone, day + DAY)


@lru_cache(maxsize=1024)
def _cron_on(cron: str, zone: ZoneInfo, day: date) -> tuple[datetime, ...]:
    """Every instant of a schedule on a local day."""
    found = []
    steps = croniter(cron, datetime.combine(day, time.min) - TICK)
    while (local := steps.get_next(datetime)).date() == day:
        found.append(to_utc(local, zone))
    return tuple(sorted(set(found)))


@lru_cache(maxsize=1024)
def _cron_from(cron: str, zone: ZoneInfo, day: date) -> datetime:
    local: datetime = croniter(cron, datetime.combine(day, time.min) - TICK).get_next(datetime)
    return to_utc(local, zone)


# ---------------------------------------------------------------- what time alone may change


@lru_cache(maxsize=64)
def judged_by_time(programme: Programme) -> tuple[frozenset[int], bool]:
    """Return the day counts at which a segment or reward may change with time alone, and whether some may change on any day."""
    days, any_day = set[int](), False
    conditions = [segment.when for segment in programme.segments]
    conditions += [reward.when for reward in rewards.listed(programme) if reward.when is not None]
    for source in (condition.source for condition in conditions):
        plain = [found for found in COMPARED.finditer(source) if _stands_alone(source[: found.start()])]
        days.update(int(found.group(1)) for found in plain)
        any_day = any_day or len(plain) != len(TIMED.findall(source))
    return frozenset(days), any_day


def _stands_alone(before: str) -> bool:
    """Tell whether a comparison is no part of a sum: what stands before it ends with a bracket or a word of logic."""
    return any(before.rstrip().endswith(end) if end else not before.strip() for end in BEFORE_COMPARED)


def next_judged_day(programme: Programme, member: Member, today: date) -> date | None:
    """Return the next day on which time alone may move a member into or out of a segment, or unlock a reward."""
    counts, any_day = judged_by_time(programme)
    if any_day:
        return today + DAY
    firsts = [local_day(at, programme.zone) for at in (member.purchases.last_at, member.joined_at) if at is not None]
    days = [first + timedelta(days=count + more) for first in firsts for count in counts for more in (0, 1)]
    days += [day for spec in rewards.limited(programme) if (day := _room_again(member, spec, today)) is not None]
    return min((day for day in days if day > today), default=None)


def _room_again(member: Member, spec: RewardSpec, today: date) -> date | None:
    """The first day of the next period, where a reward's limit was reached in this one."""
    assert spec.limit is not None, "only a limited reward has periods"
    if spec.limit.per == "ever" or rewards.counter(spec.code) not in member.counters:
        return None
    day, start = today, period_start(today, spec.limit.per)
    while period_start(day, spec.limit.per) == start:
        day += DAY
    return day



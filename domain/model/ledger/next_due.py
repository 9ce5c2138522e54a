"""When time may next bring something to a member: what has an instant of its own, and what belongs to a
midnight.

`next_due` names the next instant worth looking at; `timeline` decides what came of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from domain.model import event_names
from domain.model.calendar import (
    Span,
    add_months,
    local_day,
    next_occurrence,
    period_end,
    start_of,
    to_utc,
)
from domain.model.conditions import compared_numbers
from domain.model.ledger import rewards, tiers
from domain.model.ledger.lots import Lot
from domain.model.ledger.member import Member
from domain.model.ledger.wallet import Wallet
from domain.model.programme import Programme, RewardSpec, WalletSpec
from domain.model.values import dataclass

DAY_COUNTS = frozenset({"member.days_since_purchase", "member.days_since_joining"})
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
    instants = [max(at, after + TICK) for at in _instants(member)]
    instants += [at for at in _midnights(programme, member, after) if at > after]
    due = min(instants) if instants else None
    member.dues[programme] = (after, due)
    return due


def turned_until(member: Member) -> datetime | None:
    """Return the instant up to which time has been brought to a member."""
    decided, turned = member.decided_at, member.turned_at
    return turned if decided is None or (turned is not None and turned > decided) else decided


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
    for wallet in member.wallets.values():
        if wallet.holds:
            yield from (hold.until for hold in wallet.holds.values() if hold.is_live)


def _midnights(programme: Programme, member: Member, after: datetime) -> list[datetime]:
    """What comes at a midnight or another instant that passes, whether or not it is looked at."""
    zone, today, triggers = programme.zone, local_day(after, programme.zone), time_triggers(programme)
    out = list[datetime]()
    for spec in programme.wallets:
        wallet = member.wallets.get(spec.code)
        if wallet is not None and wallet.lots:
            out += _of_wallet(spec, wallet, after, today, zone, watched=spec.code in triggers.wallets)
    if member.tier is not None and programme.tiers is not None:
        review = tiers.next_review(programme, member.tier, after=after)
        if review is not None:
            out.append(review)
    for first in (member.profile.birthday, joining_day(programme, member)):
        if first is not None:
            out.append(_yearly(first, today, zone))
    if triggers.instants:
        at = bisect_right(triggers.instants, after)
        out += triggers.instants[at : at + 1]
    for rule in programme.rules_on(event_names.SCHEDULE):
        if rule.at and is_in_segment(rule.for_, member):
            fires_at = cron_next(rule.at, zone, after)
            if fires_at is not None:
                out.append(fires_at)
    day = _judged_day(programme, triggers, member, today)
    if day is not None:
        out.append(start_of(day, zone))
    return out


@lru_cache(maxsize=8192)
def _yearly(first: date, today: date, zone: ZoneInfo) -> datetime:
    return start_of(next_occurrence(first, today), zone)


def _of_wallet(
    spec: WalletSpec, wallet: Wallet, after: datetime, today: date, zone: ZoneInfo, *, watched: bool
) -> list[datetime]:
    waiting, out = wallet.lots[wallet.spendable_count :], list[datetime]()
    if watched and wallet.next_available_at is not None:
        if wallet.next_available_at > after:
            out.append(wallet.next_available_at)
        else:
            comes = [lot.available_at for lot in waiting if lot.available_at and lot.available_at > after]
            out += sorted(comes)[:1]
    if wallet.first_expiry_on is not None:
        out.append(start_of(max(wallet.first_expiry_on, today) + DAY, zone))
    if spec.remind is not None:
        # lots are in the order of their last days, spendable and pending each for themselves
        parts = (wallet.lots[: wallet.spendable_count], waiting)
        coming = [
            day for lots in parts if (day := _unannounced(lots, wallet.reminded_days, today)) is not None
        ]
        if coming:
            out.append(start_of(max(remind_day(min(coming), spec.remind), today + DAY), zone))
    return out


def _unannounced(lots: tuple[Lot, ...], reminded: frozenset[date], today: date) -> date | None:
    for lot in lots:
        day = lot.expires_on
        if day is not None and day >= today and day not in reminded:
            return day
    return None


def remind_day(day: date, span: Span) -> date:
    return add_months(day, -span.months) - timedelta(days=span.days)


def joining_day(programme: Programme, member: Member) -> date | None:
    return local_day(member.joined_at, programme.zone) if member.joined_at else None


def is_in_segment(segment: str | None, member: Member) -> bool:
    return segment is None or segment in member.segments


# ---------------------------------------------------------------- schedules


def cron_next(cron: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    """Return the next instant of a schedule after one; None where it never comes (31 February). A clock time
    that summer time skips comes an hour later, a doubled one once. Day and weekday both hold where both are
    given.
    """
    day = local_day(after, zone)
    return next((at for at in _cron_on(cron, zone, day) if at > after), None) or _cron_from(
        cron, zone, day + DAY
    )


@lru_cache(maxsize=1024)
def _cron_on(cron: str, zone: ZoneInfo, day: date) -> tuple[datetime, ...]:
    """Every instant of a schedule on a local day."""
    times = takewhile(lambda local: local.date() == day, _cron_times(cron, day))
    return tuple(sorted({to_utc(local, zone) for local in times}))


@lru_cache(maxsize=1024)
def _cron_from(cron: str, zone: ZoneInfo, day: date) -> datetime | None:
    local = next(_cron_times(cron, day), None)
    return to_utc(local, zone) if local is not None else None


def _cron_times(cron: str, day: date) -> Iterator[datetime]:
    """Yield the local times of a schedule from the beginning of a day."""
    # Imported here: most programmes have no schedule.
    from croniter import CroniterBadDateError, croniter

    steps = croniter(cron, datetime.combine(day, time.min) - TICK, day_or=False)
    try:
        while True:
            yield steps.get_next(datetime)
    except CroniterBadDateError:
        return


# ---------------------------------------------------------------- what time alone may change


@dataclass(frozen=True, slots=True)
class TimeTriggers:
    """What of a programme time alone may bring about.

    `wallets` those in which points that become spendable may unlock a reward or move a member between
    segments; `day_counts` the numbers of days at which a condition may turn, `any_day` where some may on any
    day, and `turning_days` the numbers of days after which one may have turned, in order;
    `limited` the rewards whose limit may have room again; `instants` when a reward's time begins or ends.
    """

    wallets: frozenset[str]
    day_counts: frozenset[int]
    turning_days: tuple[int, ...]
    any_day: bool
    limited: tuple[RewardSpec, ...]
    instants: tuple[datetime, ...]


@lru_cache(maxsize=64)
def time_triggers(programme: Programme) -> TimeTriggers:
    """Return what of a programme time alone may bring about."""
    listed = rewards.listed(programme)
    conditions = [segment.when for segment in programme.segments]
    conditions += [reward.when for reward in listed if reward.when is not None]
    wallets = {spec.cost.wallet for spec in listed if spec.cost is not None}
    if any(name.startswith("member.balance") for condition in conditions for name in condition.names):
        wallets = {spec.code for spec in programme.wallets}
    counts, any_day = set[int](), False
    for condition in conditions:
        numbers = compared_numbers(condition, DAY_COUNTS)
        counts.update(numbers or ())
        any_day = any_day or numbers is None or "now" in condition.names
    limited = tuple(spec for spec in listed if spec.limit is not None and spec.limit.per != "ever")
    return TimeTriggers(
        frozenset(wallets),
        frozenset(counts),
        tuple(sorted({count + more for count in counts for more in (0, 1)})),
        any_day,
        limited,
        rewards.window_boundaries(programme),
    )


def _judged_day(programme: Programme, triggers: TimeTriggers, member: Member, today: date) -> date | None:
    """The next day on which time alone may move a member into or out of a segment, or unlock a reward."""
    if triggers.any_day:
        return today + DAY
    days: list[date] = []
    for at in (member.purchases.last_at, member.joined_at) if triggers.turning_days else ():
        if at is not None:
            first = local_day(at, programme.zone)
            place = bisect_right(triggers.turning_days, (today - first).days)
            days += [first + timedelta(days=count) for count in triggers.turning_days[place : place + 1]]
    for spec in triggers.limited:
        if spec.limit is not None and rewards.redemption_counter(spec.code) in member.counters:
            days.append(period_end(today, spec.limit.per) + DAY)
    return min(days, default=None)

"""Quiet hours: when a message that would wake somebody may go, in the member's own zone. A delay, never a
loss.

What waits for their end is released over the quarter of an hour after it, each at a moment of its own that a
hash gives, so that a thousand messages do not leave at once. Hours from a time to the same time would never
end: they delay nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from domain.model.calendar import milliseconds, time_zones
from domain.model.programme.field_types import Hours

SPREAD = timedelta(minutes=15)
_DAY = timedelta(days=1)


def zone_of(named: str, programme: ZoneInfo) -> ZoneInfo:
    """Return the zone that a member named; the programme's where they named none, or none that is known."""
    return ZoneInfo(named) if named in time_zones() else programme


def release(hours: Hours | None, zone: ZoneInfo, *, now: datetime, key: str) -> datetime | None:
    """Return when what is held back now may go; None where it may go at once. The same `key` gets the same
    moment.
    """
    if hours is None or hours.start == hours.end or not hours.contains(now.astimezone(zone).time()):
        return None
    spread = min(SPREAD, _open_for(hours))
    share = int.from_bytes(sha256(key.encode()).digest()[:4]) / 2**32
    return milliseconds(_end(hours, zone, now) + spread * share)


def _end(hours: Hours, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the first instant after now at which the clock shows the end, also where the clock is put back
    or forward.
    """
    today = now.astimezone(zone).date()
    for day in (today, today + _DAY, today + 2 * _DAY):
        for fold in (0, 1):
            end = datetime.combine(day, hours.end, tzinfo=zone).replace(fold=fold).astimezone(UTC)
            if end > now:
                return end
    raise AssertionError("a clock shows each time within two days")


def _open_for(hours: Hours) -> timedelta:
    """Return how long it is not quiet between two nights."""
    return (_since_midnight(hours.start) - _since_midnight(hours.end)) % _DAY


def _since_midnight(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute)

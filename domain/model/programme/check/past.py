"""What is over: rules, challenges, codes, rewards and goals whose last day has passed. Warnings, since a
version may well keep them for events that come late.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.model.fault_text import FaultText
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding, KeyPath


def check_past(checked_file: CheckedFile, now: datetime) -> Iterator[Finding]:
    """Warn of promotions that are wholly in the past at an instant."""
    programme = checked_file.programme
    try:
        zone = ZoneInfo(programme.programme.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return  # it has a fault of its own
    untils: list[tuple[KeyPath, date | datetime | None]] = []
    for index, rule in enumerate(programme.rules):
        untils.append((("rules", index, "during"), rule.during.until if rule.during else None))
    for index, badge in enumerate(programme.badges):
        untils.append((("badges", index, "during"), badge.during.until if badge.during else None))
    for index, code in enumerate(programme.codes):
        untils.append((("codes", index, "during"), code.during.until if code.during else None))
    for index, reward in enumerate(programme.rewards):
        untils.append((("rewards", index, "available"), reward.available.until))
    local = now.astimezone(zone).replace(tzinfo=None)
    for path, until in untils:
        if until is not None and _end(until) <= local:
            yield Finding(
                (*path, "until"),
                FaultText("it was over on {until}: nothing comes of it any more", until=f"{until:%Y-%m-%d}"),
                FaultText("write a later until, or remove the whole of it"),
                is_warning=True,
            )
    for index, goal in enumerate(programme.goals):
        if _end(goal.by) <= local:
            yield Finding(
                ("goals", index, "by"),
                FaultText("its day, {until}, has passed", until=f"{goal.by:%Y-%m-%d}"),
                FaultText("write a later by, or remove the goal"),
                is_warning=True,
            )


def _end(until: date | datetime) -> datetime:
    return until if isinstance(until, datetime) else datetime.combine(until, time.max)

"""Paid membership: how long a plan runs, what its events change, and the one trial of a member.

An event without `until` runs for the trial (the member's first plan ever) or for a period. An event of a plan
that another one has replaced since changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from domain.model import event_names
from domain.model.calendar import add, is_in_valid_years
from domain.model.ledger.events import Event, Json
from domain.model.ledger.member import HeldPlan, Member
from domain.model.programme import Programme
from domain.model.values import evolve

BEGINNINGS = frozenset({event_names.PLAN_STARTED, event_names.PLAN_RENEWED})
PLAN_EVENTS = BEGINNINGS | {event_names.PLAN_ENDED}


def completed_data(programme: Programme, member: Member, event: Event) -> dict[str, Json]:
    """Return what the event of a plan leaves open: the plan, and the instant until which it runs or ran."""
    held = member.plan
    if event.name == event_names.PLAN_ENDED:
        if held is None or ends_nothing(member, event):
            return {}
        return {"plan": held.code, "until": held.until.isoformat() if held.until else None}
    code = _plan_code(event) or (held.code if held else "")
    until = None if event.data.get("until") else _end(programme, member, event, code)
    return {"plan": code, **({"until": until.isoformat()} if until else {})}


def ends_nothing(member: Member, event: Event) -> bool:
    """Tell whether an event reports the end of a plan that the member does not have, or had before the one
    that runs now.
    """
    if event.name != event_names.PLAN_ENDED or event.delayed_rule is not None:
        return False
    held = member.plan
    return held is None or _plan_code(event) not in (None, held.code) or event.at < held.since


def after_beginning(member: Member, event: Event) -> Member:
    """Return the member after plan.started or plan.renewed. A plan that started later stays."""
    held, until, code = member.plan, event.data.get("until"), _plan_code(event) or ""
    is_renewal = event.name == event_names.PLAN_RENEWED and held is not None and held.code == code
    if held is not None and event.at < held.since and not is_renewal:
        return evolve(member, had_plan=True)
    since = held.since if held is not None and is_renewal else event.at
    ends_at = datetime.fromisoformat(until) if isinstance(until, str) else None
    return evolve(member, plan=HeldPlan(code, since, ends_at), had_plan=True)


def after_end(member: Member, event: Event) -> Member:
    """Return the member after plan.ended."""
    return member if ends_nothing(member, event) else evolve(member, plan=None, had_plan=True)


def plan_after_late(held: str | None, event: Event) -> str | None:
    """Return the plan that was held after a late event, of the one held before it at that time."""
    if event.name in BEGINNINGS:
        return _plan_code(event)
    return None if event.name == event_names.PLAN_ENDED and _plan_code(event) == held else held


def _plan_code(event: Event) -> str | None:
    code = event.data.get("plan")
    return code if isinstance(code, str) and code else None


def _end(programme: Programme, member: Member, event: Event, code: str) -> datetime | None:
    spec, held = next((plan for plan in programme.plans if plan.code == code), None), member.plan
    if spec is None:
        return None
    is_first = held is None and not member.had_plan
    if event.name == event_names.PLAN_STARTED and is_first and spec.trial is not None:
        return add(event.at, spec.trial, programme.zone)
    if spec.period is None:
        return None
    start = event.at
    if event.name == event_names.PLAN_RENEWED and held is not None and held.code == code and held.until:
        start = max(start, held.until)
        if not is_in_valid_years(start):
            return start  # a plan for life stays one
    return add(start, spec.period, programme.zone)

"""Exported events run through a simulation, beside what is stored."""

import json
from datetime import datetime, timedelta

import pytest

from domain.model.calendar import start_of
from domain.model.ledger.decide import NOTHING_SOLD_OUT
from domain.model.simulate import simulate
from domain.model.simulate.answers import member_answer
from domain.services.moving import event_export
from domain.services.runtime import Runtime
from domain.store.ledger import members


async def exported(runtime: Runtime, *, since: datetime, until: datetime, days: int = 1) -> list[str]:
    """The lines of all days, so many days at once."""
    zone, day, lines = runtime.programme.zone, since.date(), list[str]()
    while day <= until.date():
        start, end = start_of(day, zone), start_of(day + timedelta(days=days), zone)
        day_lines = event_export.iterate_event_lines(runtime, start=start, end=end, with_person=True)
        lines += [json.dumps(line) async for line in day_lines]
        day += timedelta(days=days)
    return lines


async def differences(runtime: Runtime, lines: list[str], *, until: datetime) -> dict[str, object]:
    """Each member whom a simulation of lines leaves with another wallet than is stored: both."""
    answers = list(simulate(runtime.programme, lines, until=until, warn=pytest.fail))
    assert [answer for answer in answers if answer.get("refused")] == []
    simulated = {str(answer["member"]): answer for answer in answers if "wallets" in answer}
    stored = await members.find_many(runtime.store, sorted(simulated))
    differing: dict[str, object] = {}
    for id, answer in simulated.items():
        expected = member_answer(runtime.programme, stored[id].member, at=until, stock=NOTHING_SOLD_OUT)
        both = {part: (answer[part], expected[part]) for part in ("wallets", "tier", "badges", "tags")}
        if any(ours != theirs for ours, theirs in both.values()):
            differing[id] = both
    return differing

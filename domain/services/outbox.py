"""The outbox as an operator sees it: what waits, what was parked or dropped and why, and sending what is
parked again.

Events of the agenda that could not happen stand in the same list: whatever is in trouble is seen in one
place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from domain.model.calendar import milliseconds
from domain.services.house import House
from domain.store.audit import COMMAND_LINE, simple_act_write
from domain.store.ledger import agenda
from domain.store.messages import outbox
from domain.store.messages.outbox import QueueItem

AT_ONCE = 200

__all__ = ["QueueItem", "again", "listed"]


async def listed(
    house: House, *, state: Literal["parked", "dropped", "pending"], first: int
) -> list[QueueItem]:
    """Return what is of a state, the soonest due first."""
    found = await outbox.find_by_state(house.store, state, first=first)
    if state == "parked":
        found += await agenda.find_parked(house.store, first=first)
    return sorted(found, key=lambda one: one.due_at)[:first]


async def again(
    house: House, *, ids: Sequence[str], by: str = COMMAND_LINE, now: datetime
) -> tuple[int, list[str]]:
    """Send again what is parked, those named or all; return how many, and which of those named are not
    parked.
    """
    now, done, unknown = milliseconds(now), 0, list[str]()
    for id in ids:
        if await _retried(house, id, by=by, now=now):
            done += 1
        else:
            unknown.append(id)
    tried = set[str]()  # what a worker parks again meanwhile is not tried for ever
    while not ids and (
        found := {one.id for one in await listed(house, state="parked", first=AT_ONCE)} - tried
    ):
        done += sum([await _retried(house, id, by=by, now=now) for id in sorted(found)])
        tried |= found
    return done, unknown


async def _retried(house: House, id: str, *, by: str, now: datetime) -> bool:
    done = await outbox.retry(house.store, id, now=now) or await agenda.retry(house.store, id, now=now)
    if done:
        await house.store.transact([simple_act_write("OUTBOX_RETRIED", actor=by, now=now, subject=id)])
    return done

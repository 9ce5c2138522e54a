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
from domain.store import agenda, outbox
from domain.store.audit import COMMAND_LINE, deed
from domain.store.outbox import Listed

AT_ONCE = 200

__all__ = ["Listed", "again", "listed"]


async def listed(house: House, *, state: Literal["parked", "dropped", "pending"], first: int) -> list[Listed]:
    """Return what is of a state, the soonest due first."""
    found = await outbox.troubled(house.store, state, first=first)
    if state == "parked":
        found += await agenda.troubled(house.store, first=first)
    return sorted(found, key=lambda one: one.due)[:first]


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
        await house.store.transact([deed("OUTBOX_RETRIED", actor=by, now=now, subject=id)])
    return done

"""The outbox as an operator sees it: what waits, what was parked or dropped and why, and sending parked messages again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from domain.model.calendar import milliseconds
from domain.services.house import House
from domain.store import outbox
from domain.store.outbox import Promised

AT_ONCE = 200

__all__ = ["Promised", "again", "listed"]


async def listed(house: House, *, state: Literal["parked", "dropped", "pending"], first: int) -> list[Promised]:
    """Return rows of a state, the soonest due first."""
    return sorted(await outbox.troubled(house.store, state, first=first), key=lambda row: row.due)


async def again(house: House, *, ids: Sequence[str], now: datetime) -> tuple[int, list[str]]:
    """Send parked rows again, those named or all; return how many, and which of those named are not parked."""
    now, done, unknown = milliseconds(now), 0, list[str]()
    for id in ids:
        row = await outbox.find(house.store, id)
        if row is not None and await outbox.retry(house.store, row, now=now):
            done += 1
        else:
            unknown.append(id)
    while not ids and (found := await outbox.troubled(house.store, "parked", first=AT_ONCE)):
        done += sum([await outbox.retry(house.store, row, now=now) for row in found])
    return done, unknown

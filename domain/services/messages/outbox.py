"""The outbox as an operator sees it: what waits, what was parked or dropped and why, and how to retry it.

Parked events of the agenda are in the same list, so that all trouble is in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from domain.model.calendar import milliseconds
from domain.services.runtime import Runtime
from domain.store.audit import COMMAND_LINE, simple_act_write
from domain.store.ledger import agenda
from domain.store.messages import outbox
from domain.store.messages.outbox import QueueItem

MAX_BATCH = 200

__all__ = ["QueueItem", "list_queue", "retry_parked"]


async def list_queue(
    runtime: Runtime, *, state: Literal["parked", "dropped", "pending"], first: int
) -> list[QueueItem]:
    """Return the rows of a state, the soonest due first."""
    queue_items = await outbox.find_by_state(runtime.store, state, first=first)
    if state == "parked":
        queue_items += await agenda.find_parked(runtime.store, first=first)
    return sorted(queue_items, key=lambda row: row.due_at)[:first]


async def retry_parked(
    runtime: Runtime, *, ids: Sequence[str], actor: str = COMMAND_LINE, now: datetime
) -> tuple[int, list[str]]:
    """Retry parked rows, those named or all; return how many, and the named ids that are not parked."""
    now, retried_count, unknown_ids = milliseconds(now), 0, list[str]()
    for id in ids:
        if await _retry_one(runtime, id, actor=actor, now=now):
            retried_count += 1
        else:
            unknown_ids.append(id)
    tried_ids = set[str]()  # a row that a worker parks again meanwhile is not retried
    while not ids and (
        parked_ids := {one.id for one in await list_queue(runtime, state="parked", first=MAX_BATCH)}
        - tried_ids
    ):
        retried_count += sum(
            [await _retry_one(runtime, id, actor=actor, now=now) for id in sorted(parked_ids)]
        )
        tried_ids |= parked_ids
    return retried_count, unknown_ids


async def _retry_one(runtime: Runtime, id: str, *, actor: str, now: datetime) -> bool:
    is_retried = await outbox.retry(runtime.store, id, now=now) or await agenda.retry(
        runtime.store, id, now=now
    )
    if is_retried:
        await runtime.store.transact([simple_act_write("OUTBOX_RETRIED", actor=actor, now=now, subject=id)])
    return is_retried

"""What waits in the database to be done: messages, items of the agenda, what shops sent, members whose due
instant has come, rows that are to be counted, and jobs.

At most a thousand of each are looked at, by the indexes that the worker uses: more is as alarming.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.model.values import dataclass
from domain.store.document_store import EPOCH, DocumentStore
from domain.store.figures import backtests
from domain.store.figures import due as figures_due
from domain.store.intake import deliveries
from domain.store.ledger import agenda, members
from domain.store.ledger.due import sweeps
from domain.store.messages import outbox
from domain.store.operations.job_backlog import JobStanding, StandingJobs, read_jobs

MOST_COUNTED = 1_000
BACKTESTS_WITHIN = timedelta(days=2)  # each takes an hour at most


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, up to MOST_COUNTED, and since when the first of them does; None where nothing waits."""

    count: int
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits by now. `sweep` are the ranges of members that no worker has swept since a publish;
    `figures` are members with rows that figures do not hold yet; `parked` are rows, items and deliveries that
    wait for a person. `jobs` are by kind and by how they stand.
    """

    outbox_by_lane: Mapping[str, Waiting]
    agenda: Waiting
    intake: Waiting
    members: Waiting
    sweep: Waiting
    figures: Waiting
    parked: Mapping[str, Waiting]
    jobs: Mapping[tuple[str, JobStanding], StandingJobs]


async def read_backlog(store: DocumentStore, *, now: datetime) -> Backlog:
    """Return what waits."""
    past = {"$gt": EPOCH, "$lte": now}
    return Backlog(
        {
            lane: await _waiting(
                store, outbox.COLLECTION, {"state": "pending", "lane": lane, "due": past}, "due"
            )
            for lane in outbox.LANES
        },
        await _waiting(store, agenda.COLLECTION, {"state": "pending", "due": past}, "due"),
        await _waiting(store, deliveries.COLLECTION, {"state": "pending", "due": past}, "due"),
        await _waiting(store, members.COLLECTION, {"due_at": past}, "due_at"),
        await _waiting(store, sweeps.COLLECTION, {"state": "pending"}, "published_at"),
        await _waiting(store, figures_due.COLLECTION, {"since": past}, "since"),
        {
            name: await _waiting(store, name, {"trouble": "parked"})
            for name in (outbox.COLLECTION, agenda.COLLECTION)
        }
        | {deliveries.COLLECTION: await _waiting(store, deliveries.COLLECTION, {"state": "failed"})},
        await read_jobs(
            store,
            await backtests.find_states(store, now=now, begun_after=now - BACKTESTS_WITHIN),
            now=now,
        ),
    )


async def _waiting(
    store: DocumentStore, collection: str, query: dict[str, Any], due: str | None = None
) -> Waiting:
    cursor = store[collection].find(query, {due or "_id": 1}).limit(MOST_COUNTED)
    rows = [row async for row in (cursor.sort(due, 1) if due else cursor)]
    return Waiting(len(rows), rows[0][due] if due and rows else None)

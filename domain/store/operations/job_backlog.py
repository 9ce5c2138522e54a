"""The jobs that operators asked for and that are not done: how many wait for a worker, run, or have failed
lately, and since when, by kind. At most a thousand of each are looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from domain.model.values import dataclass
from domain.store.document_store import EPOCH, DocumentStore
from domain.store.operations import member_jobs
from domain.store.operations.member_jobs import JobKind

MOST_LOOKED_AT: Final = 1_000
FAILED_WITHIN: Final = timedelta(days=1)
BACKTEST: Final = "backtest"
KINDS: Final[tuple[str, ...]] = (*get_args(JobKind), BACKTEST)

JobStanding = Literal["waiting", "running", "failed"]
STANDINGS: Final[tuple[JobStanding, ...]] = get_args(JobStanding)


@dataclass(frozen=True, slots=True)
class StandingJobs:
    """How many jobs stand so, and since when the first of them does; None where there is none."""

    count: int = 0
    since: datetime | None = None


async def read_jobs(
    store: DocumentStore, backtests: Sequence[tuple[str, datetime]], *, now: datetime
) -> Mapping[tuple[str, JobStanding], StandingJobs]:
    """Return the jobs of each kind that wait since they were due, run since they began, or failed within a
    day. One that was claimed by a worker which is gone waits since its claim has ended. `backtests` are the
    newest ones as they stand, each since when.
    """
    instants: dict[tuple[str, JobStanding], list[datetime]] = defaultdict(list)
    fields = {"kind": 1, "state": 1, "due": 1, "begins_at": 1, "ended_at": 1}
    jobs = store[member_jobs.COLLECTION]
    unended = jobs.find({"due": {"$gt": EPOCH}}, fields).sort("due", 1).limit(MOST_LOOKED_AT)
    async for row in unended:
        if row["due"] <= now:
            instants[row["kind"], "waiting"].append(row["due"])
        elif row["state"] == "RUNNING":
            instants[row["kind"], "running"].append(row["begins_at"])
    lately = {"$gt": now - FAILED_WITHIN}
    failed = jobs.find({"state": "FAILED", "ended_at": lately}, fields).limit(MOST_LOOKED_AT)
    async for row in failed:
        instants[row["kind"], "failed"].append(row["ended_at"])
    for state, since in backtests:
        if state == "RUNNING":
            instants[BACKTEST, "running"].append(since)
        elif state == "FAILED" and since > now - FAILED_WITHIN:
            instants[BACKTEST, "failed"].append(since)
    return {(kind, standing): _standing(instants[kind, standing]) for kind in KINDS for standing in STANDINGS}


def _standing(instants: Sequence[datetime]) -> StandingJobs:
    return StandingJobs(len(instants), min(instants, default=None))

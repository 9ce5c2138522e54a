"""Jobs over many members: a worker takes those that are due, batch after batch, until each has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from domain.model.calendar import milliseconds
from domain.services.errors import NotFound
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.ledger.till import Till
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.services.segments import files, once_messages, tags
from domain.services.segments.walking import JobFailed, JobStep
from domain.store.cancellation import raise_pending_cancellation
from domain.store.document_store import Busy, DatabaseError, StoreFault
from domain.store.operations import member_jobs
from domain.store.operations.member_jobs import JobKind, MemberJob

POLL_SECONDS = 2.0
SHOWN = 20
# What of a message was promised is sent or given up within a week; then there is nothing left to stop.
STOPPABLE_FOR = timedelta(days=7)

STEPS: Mapping[JobKind, JobStep] = {
    "message": once_messages.take_batch,
    "tags": tags.take_batch,
    "file": files.take_part,
}

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- reads
async def list_newest(runtime: Runtime, kind: JobKind, *, now: datetime) -> list[MemberJob]:
    """Return the newest jobs of a kind, the newest first."""
    return await member_jobs.find_newest(runtime.store, kind, now=now, first=SHOWN)


async def load(runtime: Runtime, id: str) -> MemberJob:
    """Return a job. Raises NotFound."""
    job = await member_jobs.find(runtime.store, id)
    if job is None:
        raise NotFound("job")
    return job


# ---------------------------------------------------------------- writes
async def stop(runtime: Runtime, *, till: Till, id: str, reason: str, now: datetime) -> MemberJob:
    """End a job that has not ended, and what waits to be sent of a message; one that has ended stays as it
    is. Raises NotAllowed, InvalidInput, NotFound, Busy.
    """
    till.require_operator()
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)
    job = await load(runtime, id)
    is_stoppable = job.ended_at is None or job.ended_at + STOPPABLE_FOR > now
    if is_stoppable and await member_jobs.stop(runtime.store, id, now=now):
        act = till.act_writes("JOB_STOPPED", now=now, subject=id, reason=reason)
        await runtime.store.transact(act)
    return await load(runtime, id)


async def run_due(identity: IdentityRuntime, *, clock: Callable[[], datetime]) -> bool:
    """Take a job that is due to its end, or until it is stopped; tell whether there was one. Raises what the
    database raises: its lease ends, and the job goes on after the last batch that was noted.
    """
    job = await member_jobs.claim_due(identity.store, now=milliseconds(clock()))
    if job is None:
        return False
    held: MemberJob | None = job
    while held is not None and not held.is_over:
        job = held
        now = milliseconds(clock())
        try:
            progress = await STEPS[job.kind](identity, job, now)
        except JobFailed as fault:
            await member_jobs.fail(identity.store, job, error=str(fault), now=now)
            return True
        except (Busy, StoreFault, DatabaseError):
            raise
        except Exception as fault:  # noqa: BLE001 - whatever it is ends this job alone; it may quote a person
            log.error("jobs.failed", job=job.id, kind=job.kind, fault=type(fault).__name__)
            await member_jobs.fail(identity.store, job, error=type(fault).__name__, now=now)
            return True
        held = await member_jobs.note_progress(identity.store, job, progress, now=now)
        raise_pending_cancellation()
        await asyncio.sleep(0)
    log.info("jobs.ended", job=job.id, kind=job.kind, done=job.done)
    return True


async def keep_running(
    identity: IdentityRuntime, *, clock: Callable[[], datetime], on_error: Callable[[Exception], None]
) -> None:
    """Take what is due, and look every two seconds while nothing is, until cancelled."""
    while True:
        was_due = False
        try:
            was_due = await run_due(identity, clock=clock)
        except Exception as error:  # noqa: BLE001 - reported, and the next look comes
            on_error(error)
        raise_pending_cancellation()
        await asyncio.sleep(0 if was_due else POLL_SECONDS)

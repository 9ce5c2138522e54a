"""How many members one operator may reach in a day without a colleague: beyond that it takes four eyes.

The same request sent again is answered as it was, whatever the day or the segment would have it take now.
"""

from __future__ import annotations

from datetime import datetime

from domain.services.errors import NotAllowed, NotFound
from domain.services.idempotency import recall_reply
from domain.services.ledger.till import Till
from domain.services.operations import proposals
from domain.services.runtime import Runtime
from domain.store import audit, requests
from domain.store.audit import ApprovalNeeded
from domain.store.document_store import Write
from domain.store.operations import member_jobs
from domain.store.operations.member_jobs import MemberJob
from domain.store.operations.staff_proposals import StaffProposal
from domain.store.requests import KeyReused, Reply, RequestKey

MOST_ALONE = 100


def reach_writes(till: Till, count: int) -> list[Write]:
    """Return the write that counts members who are reached without another's approval into the operator's
    day; it raises ApprovalNeeded. Raises NotAllowed, FOUR_EYES, where one act is more than a day's.
    """
    if count > MOST_ALONE:
        raise NotAllowed("FOUR_EYES")
    if till.day is None or not count:
        return []
    id = f"{audit.shift_id(till.staff, till.day)}:reached"
    room = MOST_ALONE - count
    return [audit.count_shift_write(id, {"reached": count}, room={"reached": room}, fault=ApprovalNeeded(id))]


async def find_begun(
    runtime: Runtime, *, alone: RequestKey, proposed: RequestKey, now: datetime, world_now: datetime
) -> MemberJob | StaffProposal | None:
    """Return what a request has begun before, by the identities that it has done alone and proposed; None
    where it is new. Raises IdempotencyKeyConflict, and NotFound for what is over.
    """
    try:
        reply = await requests.recall(runtime.store, alone, now=now)
    except KeyReused:
        reply = await recall_reply(runtime, proposed, now=world_now)
        return None if reply is None else await proposals.load(runtime, str(reply["proposal"]), now=world_now)
    return None if reply is None else await load_begun(runtime, reply)


async def load_begun(runtime: Runtime, reply: Reply) -> MemberJob:
    """Return the job that a request began. Raises NotFound."""
    job = await member_jobs.find(runtime.store, str(reply["job"]))
    if job is None:
        raise NotFound("job")
    return job

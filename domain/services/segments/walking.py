"""A batch of the members whom a job is about: those of a segment, or those that were listed, by their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from domain.model.figures.increments import LEVELS_ID
from domain.model.values import dataclass
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.store.document_store import DocumentStore
from domain.store.figures import sums
from domain.store.ledger import members
from domain.store.ledger.members import StoredMember
from domain.store.ledger.segments import segment_members
from domain.store.operations.member_jobs import JobProgress, MemberJob

MEMBERS_AT_ONCE = 50

JobStep = Callable[[IdentityRuntime, MemberJob, datetime], Awaitable[JobProgress]]
# What becomes of one member: nothing where it was done, else why not.
Skip = str | None


class JobFailed(Exception):
    """The job cannot go on; the message says why, in English."""


@dataclass(frozen=True, slots=True)
class MemberBatch:
    """The next members of a job, up to a position; `gone_count` of those listed are members no more."""

    members: Sequence[StoredMember]
    position: str
    is_last: bool
    gone_count: int = 0

    def progress(self, skips: Sequence[Skip]) -> JobProgress:
        """Return what was done with the batch, by what became of each of its members."""
        skipped = Counter(skip for skip in skips if skip is not None)
        if self.gone_count:
            skipped["member_gone"] += self.gone_count
        looked = len(self.members) + self.gone_count
        return JobProgress(self.position, looked, skips.count(None), dict(skipped), self.is_last)


async def count_members(store: DocumentStore, segment: str) -> int:
    """Return how many members a segment has, as figures tell it: a moment ago."""
    now = await sums.find_now(store, (LEVELS_ID,))
    return sums.flat_sums(now.get(LEVELS_ID, {})).get(f"segments.{segment}", 0)


async def next_batch(runtime: Runtime, job: MemberJob, *, first: int = MEMBERS_AT_ONCE) -> MemberBatch:
    """Return the next members of a job."""
    if job.members is not None:
        ids = [id for id in job.members if id > job.position][:first]
        by_id = await members.find_many(runtime.store, ids)
        active = [by_id[id] for id in ids if id in by_id and by_id[id].status == "active"]
        position = ids[-1] if ids else job.position
        return MemberBatch(active, position, position >= max(job.members, default=""), len(ids) - len(active))
    assert job.segment is not None, "a job without a list is of a segment"
    page = await segment_members.find_page(
        runtime.store, job.segment, after=job.position, first=first, size=job.size
    )
    position = page[-1].member.id if page else job.position
    return MemberBatch(page, position, len(page) < first)

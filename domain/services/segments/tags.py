"""Tags put on many members, or taken away, by hand: of a segment, or of a list of membership numbers.

Tried first: how many would change, and who cannot be found. Each change is the same act as for one member, in
the name of whoever asked, under a key of job and member, with its row in the audit trail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from domain.model.ledger.decision import Refusal
from domain.model.people.codes import CodeKind, classify
from domain.model.values import dataclass
from domain.services.errors import InvalidInput, NotAllowed, NotFound
from domain.services.four_eyes.own_memberships import find_own_memberships
from domain.services.idempotency import KeyBinding, run_once
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.ledger import queries
from domain.services.ledger.by_service import hand_tags
from domain.services.ledger.till import Till
from domain.services.operations import proposals
from domain.services.operations.proposals import Approval, approval_writes
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.services.segments.alone import MOST_ALONE, find_begun, load_begun, reach_writes
from domain.services.segments.once_messages import MOST_LOOKED, require_segment
from domain.services.segments.walking import JobFailed, Skip, count_members, next_batch
from domain.store.audit import ApprovalNeeded
from domain.store.ledger import members
from domain.store.ledger.segments import segment_members
from domain.store.operations import member_jobs
from domain.store.operations.member_jobs import JobProgress, MemberJob, new_job_id
from domain.store.operations.staff_proposals import StaffProposal, StaffProposalEnded
from domain.store.people import staff
from domain.store.requests import Reply, RequestKey

MOST_NUMBERS = 500
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TagRequest:
    """Tags to put on and to take away, of the members of a segment or of those with `numbers`."""

    segment: str | None
    numbers: Sequence[str] | None
    add: Sequence[str]
    remove: Sequence[str]


@dataclass(frozen=True, slots=True)
class TriedTags:
    """What tags would come to: of `size` members it was looked at `looked`; `changed` of all of them would
    change, estimated where not all were looked at. `unknown` are the places in the list of numbers that are
    nobody's; `members` are the ids of a list.
    """

    size: int
    looked: int
    changed: int
    unknown: tuple[int, ...] = ()
    members: tuple[str, ...] | None = None


# ---------------------------------------------------------------- reads
async def try_tags(runtime: Runtime, *, till: Till, request: TagRequest) -> TriedTags:
    """Return what tags would come to; nothing is written. Raises NotAllowed, InvalidInput."""
    till.require_operator()
    hand_tags.check_change(request.add, request.remove)
    if (request.segment is None) == (request.numbers is None):
        raise InvalidInput("segment", "Name a segment, or a list of numbers: one of the two.")
    if request.numbers is not None:
        return await _try_list(runtime, request, request.numbers)
    assert request.segment is not None, "one of the two is named"
    require_segment(runtime.programme, request.segment)
    size = await count_members(runtime.store, request.segment)
    page = await segment_members.find_page(
        runtime.store, request.segment, after="", first=MOST_LOOKED, size=size
    )
    looked = len(page)
    size = max(size, looked) if looked == MOST_LOOKED else looked
    changed = sum(_would_change(each.member.tags, request) for each in page)
    return TriedTags(size, looked, round(changed * size / looked) if looked else 0)


async def _try_list(runtime: Runtime, request: TagRequest, numbers: Sequence[str]) -> TriedTags:
    if not 1 <= len(numbers) <= MOST_NUMBERS:
        raise InvalidInput("numbers", f"Write 1 to {MOST_NUMBERS} numbers: part a longer list.")
    ids, unknown = dict[str, None](), list[int]()
    for place, number in enumerate(numbers):
        is_number = classify(number[:64]).kind is CodeKind.NUMBER
        id = await queries.find_member_by_contact(runtime, contact=number) if is_number else None
        if id is None:
            unknown.append(place)
        else:
            ids[id] = None
    by_id = await members.find_many(runtime.store, list(ids))
    changed = sum(_would_change(each.member.tags, request) for each in by_id.values())
    return TriedTags(len(ids), len(ids), changed, tuple(unknown), tuple(ids))


def _would_change(tags: frozenset[str], request: TagRequest) -> bool:
    return not (tags.issuperset(request.add) and tags.isdisjoint(request.remove))


# ---------------------------------------------------------------- writes
async def change_many(
    runtime: Runtime,
    *,
    till: Till,
    request: TagRequest,
    reason: str,
    key: str,
    now: datetime,
    world_now: datetime,
) -> MemberJob | StaffProposal:
    """Have the tags of many changed; beyond what one may alone, ask for it. Raises NotAllowed,
    IdempotencyKeyConflict, InvalidInput, Busy.
    """
    till.require_operator()
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)
    tags = {"add": list(request.add), "remove": list(request.remove)}
    request_input: Mapping[str, object] = {
        **tags,
        "segment": request.segment,
        "numbers": None if request.numbers is None else list(request.numbers),
    }
    alone = till.request_key("tagsOfMany", key, request_input)
    proposed = proposals.proposal_request(till, "TAGS_OF_MANY", request_input, reason=reason, key=key)
    begun = await find_begun(runtime, alone=alone, proposed=proposed, now=now, world_now=world_now)
    if begun is not None:
        return begun
    tried = await try_tags(runtime, till=till, request=request)
    if tried.unknown:
        raise InvalidInput(
            f"numbers[{tried.unknown[0]}]", "Nobody has this number: mend it, or leave it out."
        )
    if not tried.changed:
        raise InvalidInput("add", "All of them have these tags already: nothing is to be done.")
    terms: dict[str, Any] = {**tags, "segment": request.segment, "reason": reason, "size": tried.size}
    if tried.size <= MOST_ALONE:
        with suppress(ApprovalNeeded):  # the day has seen too many for one person: a second one is asked
            return await _change_alone(runtime, till, terms, tried, alone, now=now)
    return await proposals.propose(
        runtime,
        till=till,
        kind="TAGS_OF_MANY",
        subject=request.segment or str(tried.size),
        terms=terms,
        request_input=request_input,
        reason=reason,
        key=key,
        members=tried.members or (),
        now=world_now,
    )


async def _change_alone(
    runtime: Runtime,
    till: Till,
    terms: Mapping[str, Any],
    tried: TriedTags,
    request_key: RequestKey,
    *,
    now: datetime,
) -> MemberJob:
    async def act(binding: KeyBinding) -> MemberJob:
        job = _job_of(till, {**terms, "most": MOST_ALONE}, tried.members, now=now)
        await runtime.store.transact(
            [
                binding.write_for({"job": job.id}),  # first: the same request again meets no bound
                member_jobs.start_write(job),
                *till.act_writes(
                    "TAGS_OF_MANY", now=now, subject=_subject(job), amount=job.size, reason=job.reason
                ),
                *reach_writes(till, tried.size),
            ]
        )
        return job

    async def answer_again(reply: Reply) -> MemberJob:
        return await load_begun(runtime, reply)

    return await run_once(
        runtime, request=request_key, queue=f"jobs:{till.staff}", now=now, act=act, answer_again=answer_again
    )


async def change_approved(
    identity: IdentityRuntime, till: Till, proposal: StaffProposal, *, now: datetime, world_now: datetime
) -> Approval:
    """Have tags changed that a second person approves. Raises NotFound."""
    listed = proposal.members if proposal.terms["segment"] is None else None
    terms = {**proposal.terms, "staff": proposal.staff, "approved_by": till.staff}
    job = _job_of(till, terms, listed, now=now)
    made = till.act_writes(
        "TAGS_OF_MANY", now=now, subject=_subject(job), amount=job.size, reason=proposal.reason
    )
    try:
        await identity.store.transact(
            [member_jobs.start_write(job), *made, *approval_writes(till, proposal, now=world_now)]
        )
    except StaffProposalEnded:
        raise NotFound("proposal") from None
    return Approval(proposal.kind)


def _job_of(
    till: Till, terms: Mapping[str, Any], listed: Sequence[str] | None, *, now: datetime
) -> MemberJob:
    return MemberJob(
        id=new_job_id("tags"),
        kind="tags",
        staff=terms.get("staff", till.staff),
        store=till.store,
        segment=terms["segment"],
        members=None if listed is None else tuple(sorted(listed)),
        terms={name: terms.get(name) for name in ("add", "remove", "most", "approved_by")},
        reason=terms["reason"],
        size=terms["size"],
        at=now,
        begins_at=now,
        purge_at=now + KEPT_FOR,
    )


def _subject(job: MemberJob) -> str:
    tags = [*(f"+{tag}" for tag in job.terms["add"]), *(f"-{tag}" for tag in job.terms["remove"])]
    return " ".join([job.id, *([job.segment] if job.segment else []), *tags])[:200]


# ---------------------------------------------------------------- the job
async def take_batch(identity: IdentityRuntime, job: MemberJob, now: datetime) -> JobProgress:
    """Change the tags of the next members. Nobody's own membership is changed: neither that of whoever asked
    nor of whoever approved.
    """
    till = await _till_of(identity, job)
    batch = await next_batch(identity, job)
    room = job.terms["most"] - job.done if job.terms["most"] is not None else len(batch.members)
    skips = list[Skip]()
    for each in batch.members:
        if skips.count(None) >= room:
            skips.append("beyond_bound")
        elif till.is_own(each.member.id, each.employees) or job.terms["approved_by"] in each.employees:
            skips.append("own_membership")
        else:
            skips.append(await _change_one(identity, till, job, each.member.id, now=now))
    return batch.progress(skips)


async def _change_one(
    identity: IdentityRuntime, till: Till, job: MemberJob, member: str, *, now: datetime
) -> Skip:
    try:
        await hand_tags.change(
            identity,
            till=till,
            member_id=member,
            add=job.terms["add"],
            remove=job.terms["remove"],
            reason=job.reason,
            key=f"{job.id}:{member}",
            now=now,
        )
    except NotAllowed:
        return "own_membership"
    except NotFound:
        return "member_gone"
    except Refusal as refusal:
        return type(refusal).__name__
    return None


async def _till_of(identity: IdentityRuntime, job: MemberJob) -> Till:
    """Return whoever asked, as the one who acts. Raises JobFailed where they were shut out meanwhile."""
    employee = await staff.find(identity.store, job.staff)
    if employee is None or employee.disabled_at is not None:
        raise JobFailed("whoever asked for it has been shut out")
    own = await find_own_memberships(identity.store, employee)
    return Till(staff=job.staff, role="OPERATOR", store=job.store, own_members=own)

"""Sending a message once: at once for a few members, else once a colleague approves it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from domain.model.programme import MessageSpec
from domain.model.programme.messages import SERVICE_PURPOSE
from domain.services.errors import InvalidInput, NotAllowed, NotFound
from domain.services.idempotency import KeyBinding, run_once
from domain.services.input_checks import MAX_REASON_LENGTH, check_text
from domain.services.ledger.till import Till
from domain.services.operations import proposals
from domain.services.operations.proposals import Approval, approval_writes
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.services.segments import once_messages
from domain.services.segments.alone import MOST_ALONE, find_begun, load_begun, reach_writes
from domain.services.segments.once_messages import MOST_AHEAD, MessageReach, OnceText, check_message
from domain.store.audit import ApprovalNeeded
from domain.store.messages.once_texts import spec_document
from domain.store.operations import member_jobs
from domain.store.operations.member_jobs import MemberJob, new_job_id
from domain.store.operations.staff_proposals import StaffProposal, StaffProposalEnded
from domain.store.requests import Reply, RequestKey


async def send(
    runtime: Runtime,
    *,
    till: Till,
    segment: str,
    text: OnceText,
    begins_at: datetime | None,
    reason: str,
    key: str,
    now: datetime,
    world_now: datetime,
) -> MemberJob | StaffProposal:
    """Send a message, now or at an instant; beyond what one may alone, ask for it to be sent. What is sent
    without consent (`service`) is always asked for.

    Raises NotAllowed, IdempotencyKeyConflict, InvalidInput, Busy.
    """
    till.require_operator()
    check_text(reason, field="reason", max_length=MAX_REASON_LENGTH)
    spec = check_message(runtime.programme, text)
    message = spec_document(spec)
    request_input: Mapping[str, object] = {
        "segment": segment,
        "message": message,
        "sendAt": None if begins_at is None else begins_at.isoformat(),
    }
    alone = till.request_key("sendMessage", key, request_input)
    proposed = proposals.proposal_request(till, "MESSAGE_SENT", request_input, reason=reason, key=key)
    begun = await find_begun(runtime, alone=alone, proposed=proposed, now=now, world_now=world_now)
    if begun is not None:
        return begun
    if begins_at is not None and not now <= begins_at <= now + MOST_AHEAD:
        raise InvalidInput("sendAt", "Name an instant of the coming year, or leave it out for now.")
    reach = await once_messages.try_message(runtime, segment=segment, spec=spec, now=now)
    if not reach.reached:
        raise InvalidInput("segment", "It reaches nobody: choose another segment, purpose or channel.")
    terms: dict[str, Any] = {"message": message, "size": reach.size, "reached": reach.reached}
    terms |= {"begins_at": begins_at, "segment": segment, "reason": reason}
    if not takes_second_person(spec, reach):
        with suppress(ApprovalNeeded):  # the day has seen too many for one person: a second one is asked
            return await _send_alone(runtime, till, terms, alone, now=now)
    shown = {
        f"{name} ({locale})": text for name in ("title", "body") for locale, text in message[name].items()
    }
    terms |= {"channels": message["channels"], "purpose": spec.purpose, "texts": shown}
    return await proposals.propose(
        runtime,
        till=till,
        kind="MESSAGE_SENT",
        subject=segment,
        terms=terms,
        request_input=request_input,
        reason=reason,
        key=key,
        now=world_now,
    )


def takes_second_person(spec: MessageSpec, reach: MessageReach) -> bool:
    """Tell whether a message takes a colleague's approval, whatever was sent before on that day."""
    return reach.reached > MOST_ALONE or spec.purpose == SERVICE_PURPOSE


async def _send_alone(
    runtime: Runtime,
    till: Till,
    terms: Mapping[str, Any],
    request: RequestKey,
    *,
    now: datetime,
) -> MemberJob:
    async def act(binding: KeyBinding) -> MemberJob:
        job = _job_of(till, {**terms, "most": MOST_ALONE}, now=now)
        await runtime.store.transact(
            [
                binding.write_for({"job": job.id}),  # first: the same request again meets no bound
                member_jobs.start_write(job),
                *till.act_writes(
                    "MESSAGE_SENT", now=now, subject=_subject(job), amount=terms["reached"], reason=job.reason
                ),
                *reach_writes(till, terms["reached"]),
            ]
        )
        return job

    async def answer_again(reply: Reply) -> MemberJob:
        return await load_begun(runtime, reply)

    return await run_once(
        runtime, request=request, queue=f"jobs:{till.staff}", now=now, act=act, answer_again=answer_again
    )


async def send_approved(
    identity: IdentityRuntime, till: Till, proposal: StaffProposal, *, now: datetime, world_now: datetime
) -> Approval:
    """Send what a second person approves. Raises NotAllowed where its instant is long over, NotFound."""
    terms = proposal.terms
    begins_at = terms["begins_at"]
    if begins_at is not None and begins_at + once_messages.SENT_WITHIN < now:
        raise NotAllowed("TOO_LATE")
    job = _job_of(till, {**terms, "staff": proposal.staff}, now=now)
    sent = till.act_writes(
        "MESSAGE_SENT", now=now, subject=_subject(job), amount=terms["reached"], reason=proposal.reason
    )
    try:
        await identity.store.transact(
            [member_jobs.start_write(job), *sent, *approval_writes(till, proposal, now=world_now)]
        )
    except StaffProposalEnded:
        raise NotFound("proposal") from None
    return Approval(proposal.kind)


def _job_of(till: Till, terms: Mapping[str, Any], *, now: datetime) -> MemberJob:
    begins_at = terms["begins_at"]
    return MemberJob(
        id=new_job_id("once"),
        kind="message",
        staff=terms.get("staff", till.staff),
        store=till.store,
        segment=terms["segment"],
        members=None,
        terms={"message": terms["message"], "most": terms.get("most"), "reached": terms["reached"]},
        reason=terms["reason"],
        size=terms["size"],
        at=now,
        begins_at=now if begins_at is None else max(now, begins_at),
    )


def _subject(job: MemberJob) -> str:
    return f"{job.id} {job.segment}"

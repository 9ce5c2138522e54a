"""A reward given for nothing that is worth more than one person may give alone: with four eyes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.services.decisions import load_member
from domain.services.errors import NotFound
from domain.services.keyed_decisions import BoundReply, DecidedEvent, answer_nothing, decide_once
from domain.services.ledger.by_service.reward_gifts import (
    decide_gift,
    gift_audit_writes,
    gift_reply,
    reward_of,
)
from domain.services.ledger.till import Till
from domain.services.operations import proposals
from domain.services.operations.proposals import Approval, approval_writes
from domain.services.runtime import Runtime
from domain.store.operations.staff_proposals import StaffProposal, StaffProposalEnded


async def propose_gift(
    runtime: Runtime, *, till: Till, member_id: str, reward: str, reason: str, key: str, now: datetime
) -> StaffProposal:
    """Ask for a reward to be given. Raises NotAllowed, InvalidInput, NotFound."""
    till.require_manager()
    reward_of(runtime.programme, reward)
    stored_member = await load_member(runtime, member_id)
    till.require_other_member(stored_member)
    return await proposals.propose(
        runtime,
        till=till,
        kind="REWARD_GIVEN",
        subject=reward,
        terms={},
        request_input={"member": member_id, "reward": reward},
        reason=reason,
        key=key,
        members=[stored_member.member.id],
        now=now,
    )


async def give_reward(
    runtime: Runtime, till: Till, proposal: StaffProposal, *, now: datetime, world_now: datetime
) -> Approval:
    """Give the reward of an approved proposal. Raises RewardLocked, NotAllowed, NotFound, Busy."""
    [member_id] = proposal.members
    asker = asker_of(till, proposal)

    async def decide() -> DecidedEvent[None]:
        stored_member = await load_member(runtime, member_id)
        till.require_other_member(stored_member)
        asker.require_other_member(stored_member)
        return await decide_gift(
            runtime, stored_member, reward=proposal.subject, source=till.source, subject=None, now=now
        )

    def bind(decided: DecidedEvent[None]) -> BoundReply:
        writes = gift_audit_writes(asker, decided, reward=proposal.subject, reason=proposal.reason, now=now)
        return BoundReply(gift_reply(decided), [*writes, *approval_writes(till, proposal, now=world_now)])

    try:
        await decide_once(
            runtime,
            request=till.request_key("approveProposal", f"{proposal.id}:{till.staff}", {}),
            queue=member_id,
            now=now,
            decide=decide,
            bind=bind,
            answer=answer_nothing,
            answer_again=answer_nothing,
        )
    except StaffProposalEnded:
        raise NotFound("proposal") from None
    return Approval(proposal.kind)


def asker_of(till: Till, proposal: StaffProposal) -> Till:
    """Return whoever asked, as the audit trail names them; the request is the approver's."""
    return replace(till, staff=proposal.staff, own_members=(), session="", day=None)

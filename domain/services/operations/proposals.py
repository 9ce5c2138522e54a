"""What an operator may not do alone: asked for by one person, carried out once a second one approves.

    propose -> waits a week -> approve: the second person is checked, then the kind's own act
                            -> decline: by an operator, or taken back by whoever asked

Adding an operator, resetting a second factor and a system's key hand out a secret. It is made when the second
person approves, and shown to them: whoever asked never sees it. Of a new operator the one who asks knows the
password and the other the set-up key, so that neither can sign in as them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.model.values import dataclass
from domain.services import input_checks
from domain.services.errors import NotAllowed, NotFound
from domain.services.four_eyes.second_person import require_other_subject, require_second_person
from domain.services.idempotency import KeyBinding, run_once
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store import audit
from domain.store.audit import AuditAct
from domain.store.audit_actions import Action
from domain.store.document_store import Write
from domain.store.operations import staff_proposals
from domain.store.operations.staff_proposals import (
    PROPOSED_FOR,
    ProposalKind,
    StaffProposal,
    StaffProposalEnded,
)
from domain.store.requests import Reply, RequestKey

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Approval:
    """What came of an approval. Secrets are shown this once; `left_count` is how many parts are still to be
    carried out by the same approval, again, and `refused_count` how many could not be.
    """

    kind: ProposalKind
    setup_key: str | None = None
    client_key: str | None = None
    signing_secret: str | None = None
    left_count: int = 0
    refused_count: int = 0


# ---------------------------------------------------------------- pure rules
def proposal_request(
    till: Till, kind: ProposalKind, request_input: Mapping[str, object], *, reason: str, key: str
) -> RequestKey:
    """Return the identity of the request for a proposal. Raises InvalidInput for a bad key."""
    return till.request_key(f"propose {kind}", key, {**request_input, "reason": reason})


# ---------------------------------------------------------------- reads
async def list_open(runtime: Runtime, *, now: datetime) -> list[StaffProposal]:
    """Return the first hundred proposals that can be approved, those that lapse first before the others."""
    return await staff_proposals.find_open(runtime.store, now=now, first=MOST_SHOWN)


async def load(runtime: Runtime, proposal_id: str, *, now: datetime) -> StaffProposal:
    """Return a proposal that can still be approved. Raises NotFound."""
    proposal = await staff_proposals.find(runtime.store, proposal_id, now=now)
    if proposal is None:
        raise NotFound("proposal")
    return proposal


async def load_for_approval(
    runtime: Runtime, *, till: Till, proposal_id: str, now: datetime
) -> StaffProposal:
    """Return a proposal that the caller may approve. Raises NotAllowed, SecondPersonNeeded, NotFound."""
    till.require_operator()
    proposal = await load(runtime, proposal_id, now=now)
    await require_second_person(
        runtime.store, asker=proposal.staff, asked_at=proposal.at, approver=till.staff, now=now
    )
    if proposal.kind == "SECOND_FACTOR_RESET":
        await require_other_subject(runtime.store, username=proposal.subject, approver=till.staff)
    return proposal


# ---------------------------------------------------------------- writes
async def propose(
    runtime: Runtime,
    *,
    till: Till,
    kind: ProposalKind,
    subject: str,
    terms: Mapping[str, Any],
    request_input: Mapping[str, object],
    reason: str,
    key: str,
    members: Sequence[str] = (),
    now: datetime,
) -> StaffProposal:
    """Ask for what a second person has to approve within a week; `request_input` is what the key is bound to.

    Raises InvalidInput, IdempotencyKeyConflict, Busy.
    """
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    request = proposal_request(till, kind, request_input, reason=reason, key=key)

    async def act(key_binding: KeyBinding) -> StaffProposal:
        proposal = StaffProposal(
            secrets.token_hex(16),
            kind,
            subject,
            reason,
            till.staff,
            now,
            now + PROPOSED_FOR,
            terms,
            tuple(members),
        )
        writes = [
            staff_proposals.propose_write(proposal),
            act_write(till, proposal, "PROPOSED", reason=reason, now=now),
            key_binding.write_for({"proposal": proposal.id}),
        ]
        await runtime.store.transact(writes)
        return proposal

    async def answer_again(reply: Reply) -> StaffProposal:
        return await load(runtime, str(reply["proposal"]), now=now)

    return await run_once(
        runtime, request=request, queue=f"proposals:{till.staff}", now=now, act=act, answer_again=answer_again
    )


async def decline(runtime: Runtime, *, till: Till, proposal_id: str, reason: str, now: datetime) -> None:
    """End a proposal without the act: an operator declines it, whoever asked takes it back. Raises
    NotAllowed, InvalidInput, NotFound.
    """
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    proposal = await load(runtime, proposal_id, now=now)
    if till.role != "OPERATOR" and till.staff != proposal.staff:
        raise NotAllowed("ROLE")

    async def attempt() -> None:
        declined = act_write(till, proposal, "DECLINED", reason=reason, now=now)
        await runtime.store.transact([staff_proposals.end_write(proposal.id), declined])

    try:
        await runtime.store.run_rounds(attempt, queue=f"proposal:{proposal_id}")
    except StaffProposalEnded:
        raise NotFound("proposal") from None


def approval_writes(till: Till, proposal: StaffProposal, *, now: datetime) -> list[Write]:
    """Return the writes that end a proposal with its approval, for the transaction that carries it out. They
    raise StaffProposalEnded.
    """
    return [
        staff_proposals.end_write(proposal.id),
        act_write(till, proposal, "APPROVED", reason=proposal.reason, now=now),
    ]


def act_write(
    till: Till, proposal: StaffProposal, action: Action, *, reason: str | None, now: datetime
) -> Write:
    """Return the write of an act about a proposal into the audit trail; its subject says of what kind and
    about what it is.
    """
    [member] = proposal.members if len(proposal.members) == 1 else [None]
    act = AuditAct(
        id=secrets.token_hex(16),
        at=now,
        actor=till.staff,
        action=action,
        store=till.store,
        session=till.session,
        request=till.request,
        member=member,
        subject=f"{proposal.kind} {proposal.subject}",
        reason=reason,
    )
    return audit.act_write(act)

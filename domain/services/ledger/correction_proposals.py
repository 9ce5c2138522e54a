"""Corrections of balances with four eyes: one employee proposes, an operator who is somebody else approves.

What an employee corrects alone in a day is bounded (`ShiftLimits.corrected`), whatever it is split into and
however often they sign in. Beyond that a correction waits here. It is decided when it is approved, by the
programme and the balance of that moment, and counts against nobody's day: two people have seen it.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from domain.model.ledger.decision import Refusal
from domain.services import input_checks
from domain.services.decisions import load_member
from domain.services.errors import NotAllowed, NotFound
from domain.services.four_eyes.second_person import require_second_person
from domain.services.idempotency import KeyBinding, run_once
from domain.services.keyed_decisions import BoundReply, DecidedEvent, decide_once
from domain.services.ledger.adjustments import (
    BalanceAdjusted,
    adjusted_before,
    adjustment_audit_writes,
    adjustment_reply,
    answer_adjusted,
    check_adjustment,
    decide_adjustment,
)
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store import audit
from domain.store.audit import AuditAct
from domain.store.audit_actions import Action
from domain.store.document_store import Write
from domain.store.ledger import correction_proposals
from domain.store.ledger.correction_proposals import PROPOSED_FOR, CorrectionEnded, CorrectionProposal
from domain.store.requests import Reply

MOST_SHOWN = 100


class _NoProposal(Refusal):
    """The proposal is not open: where this very approval has ended it, that is answered again."""


# ---------------------------------------------------------------- reads
async def list_open(runtime: Runtime, *, now: datetime) -> list[CorrectionProposal]:
    """Return the first hundred proposals that can be approved, those that lapse first before the others."""
    return await correction_proposals.find_open(runtime.store, now=now, first=MOST_SHOWN)


# ---------------------------------------------------------------- writes
async def propose(
    runtime: Runtime,
    *,
    till: Till,
    member_id: str,
    wallet: str,
    amount: int,
    reason: str,
    key: str,
    now: datetime,
) -> CorrectionProposal:
    """Ask for a correction that another has to approve within a week; `now` is the world's time.

    Raises NotAllowed, IdempotencyKeyConflict, InvalidInput, NotFound, Busy.
    """
    till.require_manager()
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    check_adjustment(runtime, wallet, amount)
    request_input = {"member": member_id, "wallet": wallet, "amount": amount, "reason": reason}
    request = till.request_key("proposeCorrection", key, request_input)

    async def act(key_binding: KeyBinding) -> CorrectionProposal:
        stored_member = await load_member(runtime, member_id)
        till.require_other_member(stored_member)
        proposal = CorrectionProposal(
            secrets.token_hex(16),
            stored_member.member.id,
            wallet,
            amount,
            reason,
            till.staff,
            till.store,
            now,
            now + PROPOSED_FOR,
        )
        writes = [
            correction_proposals.propose_write(proposal),
            _act_write(till, proposal, "CORRECTION_PROPOSED", reason=reason, now=now),
            key_binding.write_for({"proposal": proposal.id}),
        ]
        await runtime.store.transact(writes)
        return proposal

    async def answer_again(reply: Reply) -> CorrectionProposal:
        return await _load(runtime, str(reply["proposal"]), now=now)

    return await run_once(
        runtime, request=request, queue=member_id, now=now, act=act, answer_again=answer_again
    )


async def approve(
    runtime: Runtime, *, till: Till, proposal_id: str, now: datetime, world_now: datetime
) -> BalanceAdjusted:
    """Make the correction that a colleague has proposed, as theirs, and note who approved it.

    Raises BalanceTooLow, WalletFull, NotAllowed, SecondPersonNeeded, NotFound, Busy.
    """
    till.require_operator()

    async def decide() -> DecidedEvent[CorrectionProposal]:
        return await _decide(runtime, till, proposal_id, now=now, world_now=world_now)

    def bind(decided: DecidedEvent[CorrectionProposal]) -> BoundReply:
        return _bind(till, decided, now=now)

    async def answer(decided: DecidedEvent[CorrectionProposal]) -> BalanceAdjusted:
        return answer_adjusted(decided, decided.subject.wallet)

    async def answer_again(reply: Reply) -> BalanceAdjusted:
        return await adjusted_before(runtime, reply)

    key, request_input = f"{proposal_id}:{till.staff}", {"proposal": proposal_id}
    try:
        return await decide_once(
            runtime,
            request=till.request_key("approveCorrection", key, request_input),
            queue=f"proposal:{proposal_id}",
            now=now,
            decide=decide,
            bind=bind,
            answer=answer,
            answer_again=answer_again,
        )
    except (_NoProposal, CorrectionEnded):
        raise NotFound("proposal") from None


async def _decide(
    runtime: Runtime, till: Till, proposal_id: str, *, now: datetime, world_now: datetime
) -> DecidedEvent[CorrectionProposal]:
    proposal = await correction_proposals.find(runtime.store, proposal_id, now=world_now)
    if proposal is None:
        raise _NoProposal("no such proposal is open")
    await require_second_person(
        runtime.store, asker=proposal.staff, asked_at=proposal.at, approver=till.staff, now=world_now
    )
    stored_member = await load_member(runtime, proposal.member)
    till.require_other_member(stored_member)
    _asker(till, proposal).require_other_member(stored_member)
    return await decide_adjustment(
        runtime,
        stored_member,
        wallet=proposal.wallet,
        amount=proposal.amount,
        source=till.source,
        subject=proposal,
        now=now,
    )


def _bind(till: Till, decided: DecidedEvent[CorrectionProposal], *, now: datetime) -> BoundReply:
    proposal = decided.subject
    writes = [
        *adjustment_audit_writes(
            _asker(till, proposal),
            decided,
            wallet=proposal.wallet,
            amount=proposal.amount,
            reason=proposal.reason,
            now=now,
        ),
        _act_write(till, proposal, "CORRECTION_APPROVED", reason=None, now=now),
        correction_proposals.end_write(proposal.id),
    ]
    return BoundReply(adjustment_reply(decided, proposal.wallet), writes)


async def decline(runtime: Runtime, *, till: Till, proposal_id: str, reason: str, now: datetime) -> None:
    """End a proposal without a correction: an operator declines it, whoever asked takes it back; `now` is the
    world's time.

    Raises NotAllowed, InvalidInput, NotFound.
    """
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    proposal = await _load(runtime, proposal_id, now=now)
    if till.role != "OPERATOR" and till.staff != proposal.staff:
        raise NotAllowed("ROLE")

    async def attempt() -> None:
        declined = _act_write(till, proposal, "CORRECTION_DECLINED", reason=reason, now=now)
        await runtime.store.transact([correction_proposals.end_write(proposal.id), declined])

    try:
        await runtime.store.run_rounds(attempt, queue=f"proposal:{proposal_id}")
    except CorrectionEnded:
        raise NotFound("proposal") from None


async def _load(runtime: Runtime, proposal_id: str, *, now: datetime) -> CorrectionProposal:
    proposal = await correction_proposals.find(runtime.store, proposal_id, now=now)
    if proposal is None:
        raise NotFound("proposal")
    return proposal


def _asker(till: Till, proposal: CorrectionProposal) -> Till:
    """Return whoever asked, as the audit trail names them; the request is the approver's."""
    return replace(till, staff=proposal.staff, store=proposal.store, own_members=(), session="", day=None)


def _act_write(
    till: Till, proposal: CorrectionProposal, action: Action, *, reason: str | None, now: datetime
) -> Write:
    act = AuditAct(
        id=secrets.token_hex(16),
        at=now,
        actor=till.staff,
        action=action,
        store=till.store,
        session=till.session,
        request=till.request,
        member=proposal.member,
        subject=proposal.wallet,
        amount=proposal.amount,
        wallet=proposal.wallet,
        reason=reason,
    )
    return audit.act_write(act)

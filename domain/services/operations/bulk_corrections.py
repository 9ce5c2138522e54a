"""Corrections of a file: tried first, then asked for, and made once a second person approves.

An approval makes a bounded part, and is sent again for what is left. Each correction is one act of its own,
by the asker, with the file's reason: it is decided by the balance of its moment. One that cannot be made
then, since the wallet holds less or is gone, or the member works here by now, is left out and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from domain.model.ledger.decision import BalanceTooLow, MemberFrozen, WalletFull
from domain.model.people.codes import CodeKind, classify
from domain.model.values import dataclass
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput, NotAllowed, NotFound
from domain.services.keyed_decisions import BoundReply, DecidedEvent, answer_nothing, decide_once
from domain.services.ledger import queries
from domain.services.ledger.adjustments import (
    adjustment_audit_writes,
    adjustment_reply,
    check_adjustment,
    decide_adjustment,
)
from domain.services.ledger.till import Till
from domain.services.operations import proposals
from domain.services.operations.gifts import asker_of
from domain.services.operations.proposals import Approval, act_write, approval_writes
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.runtime import Runtime
from domain.store.operations import staff_proposals
from domain.store.operations.staff_proposals import StaffProposal, StaffProposalEnded

MOST_ROWS = 500
ROWS_AT_ONCE = 25

RowFault = Literal["UNKNOWN_MEMBER", "UNKNOWN_WALLET", "BAD_AMOUNT", "TWICE", "TOO_LOW", "OWN_MEMBERSHIP"]


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """A row of a file: a membership number, a wallet's code, and a signed amount."""

    number: str
    wallet: str
    amount: int


@dataclass(frozen=True, slots=True)
class TriedRow:
    """What a row would come to: the member and the balance before it, or its fault."""

    row: CorrectionRow
    member_id: str | None = None
    available: int = 0
    fault: RowFault | None = None


# ---------------------------------------------------------------- reads
async def try_rows(
    runtime: Runtime, *, till: Till, rows: Sequence[CorrectionRow], now: datetime
) -> list[TriedRow]:
    """Return what each row would come to; nothing is written. Raises NotAllowed, InvalidInput."""
    till.require_manager()
    if not 1 <= len(rows) <= MOST_ROWS:
        raise InvalidInput("rows", f"Write 1 to {MOST_ROWS} rows: part a longer file.")
    known = set[tuple[str, str]]()
    tried = []
    for row in rows:
        tried.append(await _try_row(runtime, till, row, known, now=now))
        if (member_id := tried[-1].member_id) is not None:
            known.add((member_id, row.wallet))
    return tried


async def _try_row(
    runtime: Runtime, till: Till, row: CorrectionRow, known: set[tuple[str, str]], *, now: datetime
) -> TriedRow:
    try:
        check_adjustment(runtime, row.wallet, row.amount)
    except InvalidInput as refused:
        return TriedRow(row, fault="UNKNOWN_WALLET" if refused.field == "wallet" else "BAD_AMOUNT")
    is_number = classify(row.number).kind is CodeKind.NUMBER
    member_id = await queries.find_member_by_contact(runtime, contact=row.number) if is_number else None
    if member_id is None:
        return TriedRow(row, fault="UNKNOWN_MEMBER")
    try:
        till.require_other_member(await load_member(runtime, member_id))
        member_view = await queries.load_member_view(runtime, member_id=member_id, now=now)
    except NotAllowed:
        return TriedRow(row, fault="OWN_MEMBERSHIP")
    except NotFound:
        return TriedRow(row, fault="UNKNOWN_MEMBER")
    if (member_view.member.id, row.wallet) in known:
        return TriedRow(row, fault="TWICE")
    wallet = member_view.member.wallets.get(row.wallet)
    available = 0 if wallet is None else wallet.available
    fault: RowFault | None = "TOO_LOW" if row.amount < 0 and available < -row.amount else None
    return TriedRow(row, member_view.member.id, available, fault)


# ---------------------------------------------------------------- writes
async def propose(
    runtime: Runtime,
    *,
    till: Till,
    rows: Sequence[CorrectionRow],
    reason: str,
    key: str,
    now: datetime,
    world_now: datetime,
) -> StaffProposal:
    """Ask for the corrections of a file; a row with a fault refuses all of them. Raises NotAllowed,
    InvalidInput.
    """
    tried = await try_rows(runtime, till=till, rows=rows, now=now)
    faulty = next((place for place, each in enumerate(tried) if each.fault is not None), None)
    if faulty is not None:
        fault = tried[faulty].fault
        raise InvalidInput(f"rows[{faulty}]", f"{fault}: mend this row, or leave it out.")
    terms = {
        "rows": [
            {"n": n, "member": each.member_id, "wallet": each.row.wallet, "amount": each.row.amount}
            for n, each in enumerate(tried)
        ],
        "refused": 0,
    }
    return await proposals.propose(
        runtime,
        till=till,
        kind="BULK_CORRECTION",
        subject=str(len(rows)),
        terms=terms,
        request_input={"rows": [[row.number, row.wallet, row.amount] for row in rows]},
        reason=reason,
        key=key,
        members=sorted({each.member_id for each in tried if each.member_id is not None}),
        now=world_now,
    )


async def make(
    identity: IdentityRuntime, till: Till, proposal: StaffProposal, *, now: datetime, world_now: datetime
) -> Approval:
    """Make the next part of an approved file; what is left takes another call. Raises NotFound, Busy."""
    rows, refused = list(proposal.terms["rows"]), int(proposal.terms["refused"])
    try:
        await identity.store.transact([staff_proposals.begin_write(proposal.id, approver=till.staff)])
        for row in rows[:ROWS_AT_ONCE]:
            refused += not await _correct(identity, till, proposal, row, now=now)
        left = rows[ROWS_AT_ONCE:]
        if left:
            done = [row["n"] for row in rows[:ROWS_AT_ONCE]]
            await identity.store.transact(
                [staff_proposals.progress_write(proposal.id, done=done, refused=refused)]
            )
            return Approval(proposal.kind, left_count=len(left), refused_count=refused)
        made = act_write(till, proposal, "CORRECTIONS_MADE", reason=None, now=world_now)
        await identity.store.transact([*approval_writes(till, proposal, now=world_now), made])
    except StaffProposalEnded:
        raise NotFound("proposal") from None
    return Approval(proposal.kind, refused_count=refused)


async def _correct(
    identity: IdentityRuntime, till: Till, proposal: StaffProposal, row: dict[str, Any], *, now: datetime
) -> bool:
    """Make one correction, once; tell whether it could be made."""
    member_id, wallet, amount = str(row["member"]), str(row["wallet"]), int(row["amount"])
    asker = asker_of(till, proposal)

    async def decide() -> DecidedEvent[None]:
        stored_member = await load_member(identity, member_id)
        till.require_other_member(stored_member)
        asker.require_other_member(stored_member)
        check_adjustment(identity, wallet, amount)
        return await decide_adjustment(
            identity, stored_member, wallet=wallet, amount=amount, source=till.source, subject=None, now=now
        )

    def bind(decided: DecidedEvent[None]) -> BoundReply:
        writes = adjustment_audit_writes(
            asker, decided, wallet=wallet, amount=amount, reason=proposal.reason, now=now
        )
        return BoundReply(adjustment_reply(decided, wallet), writes)

    try:
        await decide_once(
            identity,
            request=till.request_key("bulkCorrection", f"{proposal.id}:{row['n']}", {}),
            queue=member_id,
            now=now,
            decide=decide,
            bind=bind,
            answer=answer_nothing,
            answer_again=answer_nothing,
        )
    except (BalanceTooLow, WalletFull, MemberFrozen, NotAllowed, NotFound, InvalidInput):
        return False
    return True

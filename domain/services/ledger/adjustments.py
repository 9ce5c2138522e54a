"""Corrections by a manager: a balance adjusted with a reason, a membership frozen; both are audited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.model import event_names
from domain.model.ledger.decision import AlreadySo
from domain.model.ledger.wallet import Wallet
from domain.model.values import dataclass
from domain.services import input_checks
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput
from domain.services.keyed_decisions import (
    BoundReply,
    DecidedEvent,
    SubjectT,
    decide_new,
    decide_once,
    load_bound_row,
)
from domain.services.ledger import queries
from domain.services.ledger.queries import MemberView
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.services.wallet_snapshots import read_wallets, write_wallets
from domain.store.audit_actions import Action
from domain.store.document_store import Write
from domain.store.ledger import history_entries
from domain.store.ledger.history_entries import HistoryEntry
from domain.store.ledger.members import StoredMember
from domain.store.operations.shift_days import find_shift_days
from domain.store.requests import Reply


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class BalanceAdjusted:
    """The entry of an adjustment, and the wallet right after it."""

    member_id: str
    history_entry: HistoryEntry
    wallet_code: str
    wallet: Wallet


@dataclass(frozen=True, slots=True)
class CorrectionAllowance:
    """What one may correct alone in a day, points and minor units together, and what of it is left."""

    most: int
    left: int


# ---------------------------------------------------------------- pure rules
def check_adjustment(runtime: Runtime, wallet: str, amount: int) -> None:
    """Raise InvalidInput for an amount or a wallet that no correction has."""
    if not 1 <= abs(amount) <= input_checks.MAX_VALUE:
        raise InvalidInput(
            "amount", f"Write a whole number from 1 to {input_checks.MAX_VALUE}, with a minus to take away."
        )
    if all(spec.code != wallet for spec in runtime.programme.shown_wallets):
        raise InvalidInput("wallet", "The programme has no such wallet.")


# ---------------------------------------------------------------- reads
async def correction_allowance(runtime: Runtime, *, till: Till) -> CorrectionAllowance:
    """Return what the employee may still correct, or give, today without another's approval, as `alone_write`
    judges it. Raises NotAllowed for those who correct nothing.
    """
    till.require_manager()
    days = [] if till.day is None else await find_shift_days(runtime.store, [till.staff], [till.day])
    corrected = sum(each.counts.get("corrected", 0) for each in days)
    return CorrectionAllowance(till.limits.corrected, max(0, till.limits.corrected - corrected))


# ---------------------------------------------------------------- writes
async def adjust(
    runtime: Runtime,
    *,
    till: Till,
    member_id: str,
    wallet: str,
    amount: int,
    reason: str,
    key: str,
    now: datetime,
) -> BalanceAdjusted:
    """Add to a wallet or take from it. What is more than one may correct alone in a day is NotAllowed, reason
    FOUR_EYES: `correction_proposals`.

    Raises BalanceTooLow, NotAllowed, IdempotencyKeyConflict, InvalidInput, NotFound, Busy.
    """
    till.require_manager()
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    check_adjustment(runtime, wallet, amount)
    request_input = {"member": member_id, "wallet": wallet, "amount": amount, "reason": reason}
    request = till.request_key("adjustBalance", key, request_input)

    async def decide() -> DecidedEvent[None]:
        stored_member = await load_member(runtime, member_id)
        till.require_other_member(stored_member)
        return await decide_adjustment(
            runtime, stored_member, wallet=wallet, amount=amount, source=till.source, subject=None, now=now
        )

    def bind(decided: DecidedEvent[None]) -> BoundReply:
        writes = adjustment_audit_writes(till, decided, wallet=wallet, amount=amount, reason=reason, now=now)
        alone = till.alone_write(abs(amount))
        return BoundReply(adjustment_reply(decided, wallet), [*writes, *alone])

    async def answer(decided: DecidedEvent[None]) -> BalanceAdjusted:
        return answer_adjusted(decided, wallet)

    async def answer_again(reply: Reply) -> BalanceAdjusted:
        return await adjusted_before(runtime, reply)

    return await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=decide,
        bind=bind,
        answer=answer,
        answer_again=answer_again,
    )


async def decide_adjustment(
    runtime: Runtime,
    stored_member: StoredMember,
    *,
    wallet: str,
    amount: int,
    source: str,
    subject: SubjectT,
    now: datetime,
) -> DecidedEvent[SubjectT]:
    """Decide a correction of a member's wallet. Raises a Refusal."""
    return await decide_new(
        runtime,
        stored_member,
        id=f"adjust:{stored_member.member.id}:{stored_member.member.seq + 1}",
        name=event_names.ADJUSTED,
        event_data={"wallet": wallet, "amount": amount},
        source=source,
        subject=subject,
        now=now,
    )


def adjustment_reply(decided: DecidedEvent[SubjectT], wallet: str) -> Reply:
    """Return the reply of a correction, from which `adjusted_before` answers again."""
    wallets = write_wallets({wallet: decided.wallets()[wallet]})
    return {"member": decided.stored_member.member.id, "seq": decided.row.seq, "wallets": wallets}


def adjustment_audit_writes(
    till: Till, decided: DecidedEvent[SubjectT], *, wallet: str, amount: int, reason: str, now: datetime
) -> list[Write]:
    """Return the writes of a correction into the audit trail, and into the day of whoever makes it."""
    return till.audit_writes(
        decided.decision,
        "ADJUSTMENT",
        now=now,
        subject=wallet,
        amount=amount,
        shift_counts={"adjusted": abs(amount)},
        wallet=wallet,
        reason=reason,
    )


def answer_adjusted(decided: DecidedEvent[SubjectT], wallet: str) -> BalanceAdjusted:
    """Return what a correction did."""
    history_entry = history_entries.row_history(decided.row)[0]
    member = decided.stored_member.member.id
    return BalanceAdjusted(member, history_entry, wallet, decided.wallets()[wallet])


async def adjusted_before(runtime: Runtime, reply: Reply) -> BalanceAdjusted:
    """Return what the correction of a reply did."""
    member_id, wallets = str(reply["member"]), read_wallets(reply["wallets"])
    history_entry = history_entries.row_history(await load_bound_row(runtime, member_id, reply))[0]
    [(wallet_code, wallet)] = wallets.items()
    return BalanceAdjusted(member_id, history_entry, wallet_code, wallet)


async def freeze(
    runtime: Runtime, *, till: Till, member_id: str, reason: str, key: str, now: datetime
) -> MemberView:
    """Freeze a membership: it earns, redeems and uses nothing, but refunds apply.

    Raises NotAllowed, IdempotencyKeyConflict, NotFound, Busy.
    """
    return await _set_frozen(
        runtime,
        till=till,
        member_id=member_id,
        reason=reason,
        key=key,
        now=now,
        event_name=event_names.FROZEN,
    )


async def unfreeze(
    runtime: Runtime, *, till: Till, member_id: str, reason: str, key: str, now: datetime
) -> MemberView:
    """End the freeze of a membership. Raises as `freeze`."""
    return await _set_frozen(
        runtime,
        till=till,
        member_id=member_id,
        reason=reason,
        key=key,
        now=now,
        event_name=event_names.UNFROZEN,
    )


async def _set_frozen(
    runtime: Runtime, *, till: Till, member_id: str, reason: str, key: str, now: datetime, event_name: str
) -> MemberView:
    till.require_manager()
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    request_input: Mapping[str, object] = {"member": member_id, "reason": reason}
    request = till.request_key(event_name, key, request_input)

    async def decide() -> DecidedEvent[None]:
        stored_member = await load_member(runtime, member_id)
        till.require_other_member(stored_member)
        if stored_member.member.frozen == (event_name == event_names.FROZEN):
            raise AlreadySo("the membership is so already")
        return await decide_new(
            runtime,
            stored_member,
            id=f"{event_name}:{member_id}:{stored_member.member.seq + 1}",
            name=event_name,
            source=till.source,
            subject=None,
            now=now,
        )

    def bind(decided: DecidedEvent[None]) -> BoundReply:
        action: Action = "MEMBER_FROZEN" if event_name == event_names.FROZEN else "MEMBER_UNFROZEN"
        number = decided.stored_member.member.number
        audit_writes = till.audit_writes(decided.decision, action, now=now, subject=number, reason=reason)
        return BoundReply({"member": member_id, "seq": decided.row.seq}, audit_writes)

    async def answer(decided: DecidedEvent[None]) -> MemberView:
        return await queries.member_view_of(runtime, decided.member_after, now=max(now, decided.row.event.at))

    async def answer_again(*_: object) -> MemberView:
        return await queries.load_member_view(runtime, member_id=member_id, now=now)

    return await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=decide,
        bind=bind,
        answer=answer,
        answer_again=answer_again,
        answer_already=answer_again,
    )

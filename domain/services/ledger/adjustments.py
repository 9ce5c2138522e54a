"""Corrections by a manager: a balance adjusted with a reason, a membership frozen; both are audited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.model import event_names
from domain.model.ledger.decision import AlreadySo
from domain.model.ledger.wallet import Wallet
from domain.services import input_checks
from domain.services.decisions import load_member
from domain.services.errors import InvalidInput
from domain.services.keyed_decisions import BoundReply, DecidedEvent, decide_new, decide_once, load_bound_row
from domain.services.ledger import queries
from domain.services.ledger.queries import MemberView
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.services.wallet_snapshots import read_wallets, write_wallets
from domain.store.audit import Action
from domain.store.document_store import Write
from domain.store.ledger import history_entries
from domain.store.ledger.history_entries import HistoryEntry
from domain.store.requests import Reply


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class BalanceAdjusted:
    """The entry of an adjustment, and the wallet right after it."""

    member_id: str
    history_entry: HistoryEntry
    wallet_code: str
    wallet: Wallet


# ---------------------------------------------------------------- pure rules
def _check_adjustment(runtime: Runtime, wallet: str, amount: int) -> None:
    if not 1 <= abs(amount) <= input_checks.MAX_VALUE:
        raise InvalidInput(
            "amount", f"Write a whole number from 1 to {input_checks.MAX_VALUE}, with a minus to take away."
        )
    if all(spec.code != wallet for spec in runtime.programme.shown_wallets):
        raise InvalidInput("wallet", "The programme has no such wallet.")


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
    """Add to a wallet or take from it.

    Raises BalanceTooLow, NotAllowed, IdempotencyKeyConflict, InvalidInput, NotFound, Busy.
    """
    till.require_manager()
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    _check_adjustment(runtime, wallet, amount)
    request_input = {"member": member_id, "wallet": wallet, "amount": amount, "reason": reason}
    request = till.request_key("adjustBalance", key, request_input)

    async def decide() -> DecidedEvent[None]:
        stored_member = await load_member(runtime, member_id)
        till.require_other_member(stored_member)
        return await decide_new(
            runtime,
            stored_member,
            id=f"adjust:{member_id}:{stored_member.member.seq + 1}",
            name=event_names.ADJUSTED,
            event_data={"wallet": wallet, "amount": amount},
            source=till.source,
            subject=None,
            now=now,
        )

    def bind(decided: DecidedEvent[None]) -> BoundReply:
        wallets = write_wallets({wallet: decided.wallets()[wallet]})
        audit_writes = _audit_writes(till, decided, wallet=wallet, amount=amount, reason=reason, now=now)
        return BoundReply({"member": member_id, "seq": decided.row.seq, "wallets": wallets}, audit_writes)

    async def answer(decided: DecidedEvent[None]) -> BalanceAdjusted:
        history_entry = history_entries.row_history(decided.row)[0]
        return BalanceAdjusted(member_id, history_entry, wallet, decided.wallets()[wallet])

    return await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=decide,
        bind=bind,
        answer=answer,
        answer_again=lambda reply: _adjusted_before(runtime, member_id, wallet, reply),
    )


def _audit_writes(
    till: Till, decided: DecidedEvent[None], *, wallet: str, amount: int, reason: str, now: datetime
) -> list[Write]:
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


async def _adjusted_before(runtime: Runtime, member_id: str, wallet: str, reply: Reply) -> BalanceAdjusted:
    history_entry = history_entries.row_history(await load_bound_row(runtime, member_id, reply))[0]
    return BalanceAdjusted(member_id, history_entry, wallet, read_wallets(reply["wallets"])[wallet])


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

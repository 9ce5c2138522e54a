"""Corrections by a manager: an amount with a reason, and freezing a membership, both in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.model import event_names
from domain.model.ledger.decision import Refusal
from domain.model.ledger.events import Event, Json
from domain.model.ledger.wallet import Wallet
from domain.services import input_checks
from domain.services.decisions import commit_decision, decide_event, event_instant, load_member
from domain.services.errors import InvalidInput
from domain.services.idempotency import KeyBinding, run_once
from domain.services.ledger import queries
from domain.services.ledger.queries import MemberView
from domain.services.ledger.till import Till
from domain.services.ledger.wallet_snapshots import read_wallets, wallets_at, write_wallets
from domain.services.runtime import Runtime
from domain.store.audit import Action, ShiftCounter
from domain.store.ledger import journal, members
from domain.store.ledger.members import HistoryEntry
from domain.store.requests import Reply, RequestKey, request_key, store_scope


# ---------------------------------------------------------------- errors
class _AlreadyInState(Refusal):
    """There is nothing to change: a key that has acted answers, and another binds nothing."""

    def __init__(self) -> None:
        super().__init__("the membership is so already")


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class BalanceAdjusted:
    """The correction's entry, and its wallet as it was right after it."""

    member_id: str
    history_entry: HistoryEntry
    wallet_code: str
    wallet: Wallet


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
    """Add to a wallet or take from it. Raises BalanceTooLow, NotAllowed, Conflicting; InvalidInput, NotFound,
    Busy.
    """
    till.require_manager()
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    input_checks.check_identifier(key, field="idempotencyKey")
    if not 1 <= abs(amount) <= input_checks.MAX_VALUE:
        raise InvalidInput(
            "amount", f"Write a whole number from 1 to {input_checks.MAX_VALUE}, with a minus to take away."
        )
    if all(spec.code != wallet for spec in runtime.programmes.current().programme.wallets):
        raise InvalidInput("wallet", "The programme has no such wallet.")
    request_input = {"member": member_id, "wallet": wallet, "amount": amount, "reason": reason}
    request = request_key(
        scope=store_scope(till.store), key=key, operation="adjustBalance", request_input=request_input
    )
    event_data: dict[str, Json] = {"wallet": wallet, "amount": amount}

    async def act(key_binding: KeyBinding) -> BalanceAdjusted:
        published = runtime.programmes.current()
        till.require_other_member(member_id)
        stored_member = await load_member(runtime, member_id)
        event_at = event_instant(stored_member, now=now)
        event = Event(
            f"adjust:{member_id}:{stored_member.member.seq + 1}",
            event_names.ADJUSTED,
            event_at,
            till.source,
            event_data,
        )
        decision = await decide_event(runtime, published, stored_member, event, now=now)
        wallets_after = wallets_at(published.programme, decision.member, now=event_at)
        key_write = key_binding.write_for(
            {
                "member": member_id,
                "seq": decision.row.seq,
                "wallets": write_wallets({wallet: wallets_after[wallet]}),
            }
        )
        shift_count: tuple[ShiftCounter, int] = ("adjusted", abs(amount))
        audit_writes = till.audit_writes(
            decision,
            "ADJUSTMENT",
            now=now,
            subject=wallet,
            amount=amount,
            shift_count=shift_count,
            wallet=wallet,
            reason=reason,
        )
        await commit_decision(runtime, published, decision, now=now, request=key_write, claims=audit_writes)
        return BalanceAdjusted(member_id, members.row_history(decision.row)[0], wallet, wallets_after[wallet])

    async def again(reply: Reply) -> BalanceAdjusted:
        row = await journal.find(runtime.store, member_id, int(str(reply["seq"])))
        assert row is not None, "a bound key's row is in the journal"
        return BalanceAdjusted(
            member_id, members.row_history(row)[0], wallet, read_wallets(reply["wallets"])[wallet]
        )

    return await run_once(runtime, request=request, queue=member_id, now=now, act=act, answer_again=again)


async def freeze(
    runtime: Runtime, *, till: Till, member_id: str, reason: str, key: str, now: datetime
) -> MemberView:
    """Freeze a membership: it earns, redeems and uses nothing; refunds apply. Raises NotAllowed, Conflicting;
    NotFound, Busy.
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
    """Let a frozen membership go on. Raises as `freeze`."""
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
    input_checks.check_identifier(key, field="idempotencyKey")
    request_input: Mapping[str, object] = {"member": member_id, "reason": reason}
    request: RequestKey = request_key(
        scope=store_scope(till.store), key=key, operation=event_name, request_input=request_input
    )

    async def act(key_binding: KeyBinding) -> MemberView:
        published = runtime.programmes.current()
        till.require_other_member(member_id)
        stored_member = await load_member(runtime, member_id)
        if stored_member.member.frozen == (event_name == event_names.FROZEN):
            raise _AlreadyInState
        event = Event(
            f"{event_name}:{member_id}:{stored_member.member.seq + 1}",
            event_name,
            event_instant(stored_member, now=now),
            till.source,
        )
        decision = await decide_event(runtime, published, stored_member, event, now=now)
        key_write = key_binding.write_for({"member": member_id, "seq": decision.row.seq})
        action: Action = "MEMBER_FROZEN" if event_name == event_names.FROZEN else "MEMBER_UNFROZEN"
        audit_writes = till.audit_writes(
            decision, action, now=now, subject=stored_member.member.number, reason=reason
        )
        await commit_decision(runtime, published, decision, now=now, request=key_write, claims=audit_writes)
        return await queries.member_view_of(
            runtime, members.after_decision(stored_member, decision), now=max(now, event.at)
        )

    async def again(_: Reply) -> MemberView:
        return await queries.load_member_view(runtime, member_id=member_id, now=now)

    try:
        return await run_once(runtime, request=request, queue=member_id, now=now, act=act, answer_again=again)
    except _AlreadyInState:
        return await queries.load_member_view(runtime, member_id=member_id, now=now)

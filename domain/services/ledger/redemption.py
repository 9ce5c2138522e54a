"""Redeeming, giving back and using: points become a voucher, a voucher becomes points again, or is used at
the till, once.

The ledger decides; the voucher's document, its code and the shelf follow in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.model import event_names
from domain.model.ledger.decision import BalanceTooLow, JournalRow, RewardLock, RewardLocked, VoucherNotUsable
from domain.model.ledger.events import Event, Json
from domain.model.ledger.wallet import Wallet
from domain.model.people.codes import normal_voucher
from domain.services import input_checks
from domain.services.decisions import commit_decision, decide_event, event_instant, load_member
from domain.services.errors import NotAllowed, NotFound, UnknownCode
from domain.services.idempotency import KeyBinding, run_once
from domain.services.ledger import queries
from domain.services.ledger.queries import MemberView
from domain.services.ledger.till import Till
from domain.services.ledger.wallet_snapshots import read_wallets, wallets_at, write_wallets
from domain.services.runtime import Runtime
from domain.store.ledger import members, vouchers
from domain.store.ledger.vouchers import Voucher
from domain.store.requests import Reply, member_scope, request_key, store_scope

USE_REVERSIBLE_FOR = timedelta(minutes=15)


# ---------------------------------------------------------------- errors
class VoucherRefused(VoucherNotUsable):
    """The voucher as it stands, which is why it cannot be used or given back."""

    def __init__(self, voucher: Voucher) -> None:
        super().__init__(f"the voucher is {voucher.state}")
        self.voucher = voucher


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class RedeemedVoucher:
    """The voucher a member got or gave back; `wallets` as they were right after it."""

    voucher: Voucher
    wallets: Mapping[str, Wallet]


@dataclass(frozen=True, slots=True)
class VoucherUse:
    """A voucher as the till took it (or gave it back), and whose it is, as of now."""

    voucher: Voucher
    member_view: MemberView


# ---------------------------------------------------------------- pure rules
def _voucher_after(voucher: Voucher, row: JournalRow) -> Voucher:
    """Return a voucher as a row leaves it."""
    step = next(one for one in row.vouchers if one.id == voucher.id)
    match step.change:
        case "used":
            used_in = row.event.data.get("store")
            return replace(
                voucher, state="USED", used_at=step.at, used_in_store=str(used_in) if used_in else None
            )
        case "cancelled":
            return replace(voucher, state="CANCELLED")
        case "reversed":
            return replace(voucher, state="ISSUED", used_at=None, used_in_store=None)
        case _:
            return replace(voucher, state="EXPIRED")


# ---------------------------------------------------------------- writes of the member
async def redeem(
    runtime: Runtime, *, member_id: str, reward: str, key: str, now: datetime
) -> RedeemedVoucher:
    """Spend points on a reward. Raises RewardLocked (balance included), Conflicting; InvalidInput, NotFound,
    Busy.
    """
    input_checks.check_identifier(key, field="idempotencyKey")
    spec = next((one for one in runtime.programmes.current().programme.rewards if one.code == reward), None)
    if spec is None or spec.cost is None:
        raise NotFound(reward)
    request = request_key(
        scope=member_scope(member_id), key=key, operation="redeemReward", request_input={"reward": reward}
    )
    stock_lock = runtime.store.lock_for(f"reward:{reward}") if spec.stock is not None else nullcontext()

    async def act(key_binding: KeyBinding) -> RedeemedVoucher:
        async with stock_lock:
            published = runtime.programmes.current()
            stored_member = await load_member(runtime, member_id)
            event_at = event_instant(stored_member, now=now)
            event_data: dict[str, Json] = {"reward": reward}
            event = Event(
                f"redeem:{member_id}:{stored_member.member.seq + 1}",
                event_names.REDEEMED,
                event_at,
                "app",
                event_data,
            )
            try:
                decision = await decide_event(runtime, published, stored_member, event, now=now)
            except BalanceTooLow as error:
                raise RewardLocked((RewardLock("BALANCE", missing=error.missing),)) from None
            wallets = wallets_at(published.programme, decision.member, now=event_at)
            voucher_id = next(step.id for step in decision.row.vouchers if step.change == "issued")
            key_write = key_binding.write_for(
                {"seq": decision.row.seq, "voucher": voucher_id, "wallets": write_wallets(wallets)}
            )
            issued_vouchers = await commit_decision(runtime, published, decision, now=now, request=key_write)
            if spec.stock is not None:
                runtime.stock.mark_stale()  # the answer may tell what is left
            return RedeemedVoucher(next(one for one in issued_vouchers if one.id == voucher_id), wallets)

    return await run_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        act=act,
        answer_again=lambda reply: _redeemed_from_reply(runtime, reply),
    )


async def cancel(
    runtime: Runtime, *, member_id: str, voucher_id: str, key: str, now: datetime
) -> RedeemedVoucher:
    """Give an unused voucher back: its points return to the days of their lots. Raises VoucherNotUsable,
    Conflicting; NotFound, Busy.
    """
    input_checks.check_identifier(key, field="idempotencyKey")
    request = request_key(
        scope=member_scope(member_id),
        key=key,
        operation="cancelVoucher",
        request_input={"voucher": voucher_id},
    )

    async def act(key_binding: KeyBinding) -> RedeemedVoucher:
        published = runtime.programmes.current()
        voucher = await vouchers.find(runtime.store, voucher_id)
        if voucher is None or voucher.member != member_id:
            raise NotFound(voucher_id)
        if voucher.is_free:
            raise VoucherNotUsable("what was given has no price to return")
        stored_member = await load_member(runtime, member_id)
        event_at = event_instant(stored_member, now=now)
        event_data: dict[str, Json] = {"voucher": voucher_id, "reward": voucher.reward}
        event = Event(f"cancel:{voucher_id}", event_names.VOUCHER_CANCELLED, event_at, "app", event_data)
        decision = await decide_event(runtime, published, stored_member, event, now=now)
        wallets = wallets_at(published.programme, decision.member, now=event_at)
        key_write = key_binding.write_for(
            {"seq": decision.row.seq, "voucher": voucher_id, "wallets": write_wallets(wallets)}
        )
        await commit_decision(runtime, published, decision, now=now, request=key_write)
        runtime.stock.mark_stale()
        return RedeemedVoucher(_voucher_after(voucher, decision.row), wallets)

    try:
        return await run_once(
            runtime,
            request=request,
            queue=member_id,
            now=now,
            act=act,
            answer_again=lambda reply: _redeemed_from_reply(runtime, reply),
        )
    except VoucherNotUsable as error:
        raise VoucherRefused(await _load_voucher(runtime, voucher_id)) from error


async def _redeemed_from_reply(runtime: Runtime, reply: Reply) -> RedeemedVoucher:
    voucher = await vouchers.find(runtime.store, str(reply["voucher"]))
    assert voucher is not None, "a bound key's voucher is there"
    return RedeemedVoucher(voucher, read_wallets(reply["wallets"]))


# ---------------------------------------------------------------- writes of the till
async def use(
    runtime: Runtime, *, till: Till, code: str, purchase: str | None = None, key: str, now: datetime
) -> VoucherUse:
    """Take a voucher at the till. Raises VoucherNotUsable, UnknownCode, NotAllowed, MemberFrozen,
    Conflicting; InvalidInput, Busy.
    """
    input_checks.check_identifier(key, field="idempotencyKey")
    normal_code = normal_voucher(code)
    request_input = {"code": normal_code or "", "purchase": purchase}
    request = request_key(
        scope=store_scope(till.store), key=key, operation="useVoucher", request_input=request_input
    )
    voucher_found = await vouchers.find_by_code(runtime.store, normal_code) if normal_code else None
    if voucher_found is None:
        raise UnknownCode

    async def act(key_binding: KeyBinding) -> VoucherUse:
        voucher = await _load_voucher(runtime, voucher_found.id)
        till.require_other_member(voucher.member)
        if voucher.stores and till.store not in voucher.stores:
            raise NotAllowed("OTHER_STORE")
        event_data: dict[str, Json] = {
            "voucher": voucher.id,
            "reward": voucher.reward,
            "store": till.store,
            "purchase": purchase,
        }
        return await _commit_voucher_event(
            runtime, key_binding, voucher, event_names.VOUCHER_USED, event_data, till=till, now=now
        )

    try:
        return await run_once(
            runtime,
            request=request,
            queue=voucher_found.member,
            now=now,
            act=act,
            answer_again=lambda _: _load_voucher_use(runtime, voucher_found.id, now),
        )
    except VoucherNotUsable as error:
        raise VoucherRefused(await _load_voucher(runtime, voucher_found.id)) from error


async def reverse(
    runtime: Runtime, *, till: Till, voucher_id: str, reason: str, key: str, now: datetime
) -> VoucherUse:
    """Undo a use within 15 minutes, by a manager of that store. Raises NotAllowed, VoucherNotUsable,
    Conflicting; NotFound, Busy.
    """
    till.require_manager()
    input_checks.check_identifier(key, field="idempotencyKey")
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    request_input = {"voucher": voucher_id, "reason": reason}
    request = request_key(
        scope=store_scope(till.store), key=key, operation="reverseVoucherUse", request_input=request_input
    )
    voucher_found = await _load_voucher(runtime, voucher_id)

    async def act(key_binding: KeyBinding) -> VoucherUse:
        voucher = await _load_voucher(runtime, voucher_id)
        till.require_other_member(voucher.member)
        if voucher.used_at is None:
            raise VoucherNotUsable("the voucher was not used")
        if till.role != "OPERATOR" and voucher.used_in_store != till.store:
            raise NotAllowed("OTHER_STORE")
        if now - voucher.used_at > USE_REVERSIBLE_FOR:
            raise NotAllowed("TOO_LATE")
        event_data: dict[str, Json] = {"voucher": voucher.id, "reward": voucher.reward}
        return await _commit_voucher_event(
            runtime,
            key_binding,
            voucher,
            event_names.VOUCHER_REVERSED,
            event_data,
            till=till,
            now=now,
            reason=reason,
        )

    try:
        return await run_once(
            runtime,
            request=request,
            queue=voucher_found.member,
            now=now,
            act=act,
            answer_again=lambda _: _load_voucher_use(runtime, voucher_id, now),
        )
    except VoucherNotUsable as error:
        raise VoucherRefused(await _load_voucher(runtime, voucher_id)) from error


async def _commit_voucher_event(
    runtime: Runtime,
    key_binding: KeyBinding,
    voucher: Voucher,
    event_name: str,
    event_data: dict[str, Json],
    *,
    till: Till,
    now: datetime,
    reason: str | None = None,
) -> VoucherUse:
    published = runtime.programmes.current()
    stored_member = await load_member(runtime, voucher.member)
    event = Event(
        f"{event_name}:{voucher.id}:{stored_member.member.seq + 1}",
        event_name,
        event_instant(stored_member, now=now),
        till.source,
        event_data,
    )
    decision = await decide_event(runtime, published, stored_member, event, now=now)
    key_write = key_binding.write_for({"seq": decision.row.seq, "voucher": voucher.id})
    if event_name == event_names.VOUCHER_USED:
        audit_writes = till.audit_writes(
            decision,
            "VOUCHER_USED",
            now=now,
            subject=voucher.reward,
            shift_count=("vouchers", 1),
            voucher=voucher.id,
        )
    else:
        audit_writes = till.audit_writes(
            decision, "VOUCHER_REVERSED", now=now, subject=voucher.reward, voucher=voucher.id, reason=reason
        )
    await commit_decision(runtime, published, decision, now=now, request=key_write, claims=audit_writes)
    member_view = await queries.member_view_of(
        runtime, members.after_decision(stored_member, decision), now=max(now, event.at)
    )
    return VoucherUse(_voucher_after(voucher, decision.row), member_view)


async def _load_voucher(runtime: Runtime, voucher_id: str) -> Voucher:
    voucher = await vouchers.find(runtime.store, voucher_id)
    if voucher is None:
        raise NotFound(voucher_id)
    return voucher


async def _load_voucher_use(runtime: Runtime, voucher_id: str, now: datetime) -> VoucherUse:
    voucher = await _load_voucher(runtime, voucher_id)
    return VoucherUse(voucher, await queries.load_member_view(runtime, member_id=voucher.member, now=now))

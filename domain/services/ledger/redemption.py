"""Redemptions: points become a voucher, a voucher is cancelled for its points, or is used at the till, once.

The ledger decides. The voucher's document, its code and the stock count are written in the same transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from domain.model import event_names
from domain.model.ledger.decision import BalanceTooLow, JournalRow, RewardLock, RewardLocked, VoucherNotUsable
from domain.model.ledger.events import Json
from domain.model.ledger.wallet import Wallet
from domain.model.people.codes import normal_voucher, strip_scanner_signs
from domain.model.programme import RewardSpec
from domain.model.values import dataclass
from domain.services import input_checks
from domain.services.decisions import is_same_member, load_member, load_owner
from domain.services.errors import MalformedCode, NotAllowed, NotFound, UnknownCode
from domain.services.idempotency import member_request
from domain.services.keyed_decisions import BoundReply, DecidedEvent, decide_new, decide_once
from domain.services.ledger import queries
from domain.services.ledger.merged.moved_wallets import (
    view_after,
    wallets_after,
    wallets_from_reply,
    wallets_reply,
)
from domain.services.ledger.queries import MemberView
from domain.services.ledger.till import Till
from domain.services.ledger.voucher_terms import (
    VoucherRefusalReason,
    check_receipt_input,
    find_receipt,
    receipt_data,
    receipt_refusal,
    voucher_after,
)
from domain.services.runtime import Runtime
from domain.services.wallet_snapshots import write_wallets
from domain.store.document_store import Write
from domain.store.ledger import vouchers
from domain.store.ledger.members import StoredMember
from domain.store.ledger.vouchers import Voucher
from domain.store.requests import Reply, RequestKey

USE_REVERSIBLE_FOR = timedelta(minutes=15)


# ---------------------------------------------------------------- errors
class VoucherRefused(VoucherNotUsable):
    """The voucher cannot be used or cancelled in the state that it has, or not on the receipt."""

    def __init__(self, voucher: Voucher, reason: VoucherRefusalReason = "STATE") -> None:
        super().__init__(f"the voucher is {voucher.state}: {reason}")
        self.voucher = voucher
        self.reason = reason


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class RedeemedVoucher:
    """The voucher that a member redeemed or cancelled, and the wallets right after it."""

    voucher: Voucher
    wallets: Mapping[str, Wallet]


@dataclass(frozen=True, slots=True)
class VoucherUse:
    """A voucher after its use at the till, or after the use was reversed, and its member as of now.

    `is_judged`: its terms were judged against a receipt.
    """

    voucher: Voucher
    member_view: MemberView
    is_judged: bool = False


# ---------------------------------------------------------------- pure rules
def _is_judged(row: JournalRow) -> bool:
    return row.event.data.get("total") is not None


def _issued_id(row: JournalRow) -> str:
    return next(step.id for step in row.vouchers if step.change == "issued")


def find_redeemable(runtime: Runtime, reward: str) -> RewardSpec:
    """Return a reward that can be redeemed. Raises NotFound."""
    spec = next((one for one in runtime.programme.rewards if one.code == reward), None)
    if spec is None or spec.cost is None:
        raise NotFound(reward)
    return spec


def redemption_reply(decided: DecidedEvent[None]) -> dict[str, object]:
    """Return what a key is bound to by a redemption."""
    wallets = write_wallets(decided.wallets())
    return {"seq": decided.row.seq, "voucher": _issued_id(decided.row), "wallets": wallets}


def redeemed_voucher(decided: DecidedEvent[None]) -> RedeemedVoucher:
    """Return the voucher that a redemption issued."""
    issued = next(voucher for voucher in decided.issued if voucher.id == _issued_id(decided.row))
    return RedeemedVoucher(issued, decided.wallets())


# ---------------------------------------------------------------- reads
async def decide_redemption(
    runtime: Runtime, member_id: str, reward: str, *, source: str = "app", now: datetime
) -> DecidedEvent[None]:
    """Decide a redemption of a member's. Raises RewardLocked and NotFound."""
    stored_member = await load_member(runtime, member_id)
    try:
        return await decide_new(
            runtime,
            stored_member,
            id=f"redeem:{member_id}:{stored_member.member.seq + 1}",
            name=event_names.REDEEMED,
            event_data={"reward": reward},
            source=source,
            subject=None,
            now=now,
        )
    except BalanceTooLow as error:
        raise RewardLocked((RewardLock("BALANCE", missing=error.missing),)) from None


async def _load_voucher(runtime: Runtime, voucher_id: str) -> Voucher:
    voucher = await vouchers.find(runtime.store, voucher_id)
    if voucher is None:
        raise NotFound(voucher_id)
    return voucher


async def redeemed_from_reply(runtime: Runtime, reply: Reply, *, now: datetime) -> RedeemedVoucher:
    voucher = await _load_voucher(runtime, str(reply["voucher"]))
    return RedeemedVoucher(voucher, await wallets_from_reply(runtime, reply, now=now))


async def _voucher_use_from_reply(
    runtime: Runtime, voucher_id: str, reply: Reply, now: datetime
) -> VoucherUse:
    voucher = await _load_voucher(runtime, voucher_id)
    view = await queries.load_member_view(runtime, member_id=voucher.member, now=now)
    return VoucherUse(voucher, view, bool(reply.get("judged")))


@asynccontextmanager
async def _refusing(runtime: Runtime, voucher_id: str) -> AsyncIterator[None]:
    """Turn VoucherNotUsable into VoucherRefused, which carries the voucher as it is now."""
    try:
        yield
    except VoucherRefused:
        raise
    except VoucherNotUsable as error:
        raise VoucherRefused(await _load_voucher(runtime, voucher_id)) from error


# ---------------------------------------------------------------- writes of the member
async def redeem(
    runtime: Runtime, *, member_id: str, reward: str, key: str, now: datetime
) -> RedeemedVoucher:
    """Spend points on a reward.

    Raises RewardLocked (also for a balance too low), IdempotencyKeyConflict, InvalidInput, NotFound, Busy.
    """
    request = member_request(member_id, "redeemReward", key, {"reward": reward})
    is_limited = find_redeemable(runtime, reward).stock is not None

    async def answer(decided: DecidedEvent[None]) -> RedeemedVoucher:
        if is_limited:
            runtime.stock.mark_stale()  # the answer may say how many are left
        return redeemed_voucher(decided)

    return await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=lambda: decide_redemption(runtime, member_id, reward, now=now),
        bind=lambda decided: BoundReply(redemption_reply(decided)),
        answer=answer,
        answer_again=lambda reply: redeemed_from_reply(runtime, reply, now=now),
        lock=runtime.store.lock_for(f"reward:{reward}") if is_limited else None,
    )


async def cancel(
    runtime: Runtime, *, member_id: str, voucher_id: str, key: str, now: datetime
) -> RedeemedVoucher:
    """Cancel an unused voucher: its points return to the days of their lots.

    Raises VoucherRefused, IdempotencyKeyConflict, NotFound, Busy.
    """
    request = member_request(member_id, "cancelVoucher", key, {"voucher": voucher_id})

    async def decide() -> DecidedEvent[Voucher]:
        voucher = await _load_voucher(runtime, voucher_id)
        if not await is_same_member(runtime, voucher.member, member_id):
            raise NotFound(voucher_id)
        if voucher.is_free:
            raise VoucherNotUsable("a voucher that cost nothing has no price to return")
        return await decide_new(
            runtime,
            await load_owner(runtime, voucher.member),
            id=f"cancel:{voucher_id}",
            name=event_names.VOUCHER_CANCELLED,
            event_data={"voucher": voucher_id, "reward": voucher.reward},
            subject=voucher,
            now=now,
        )

    async def answer(decided: DecidedEvent[Voucher]) -> RedeemedVoucher:
        runtime.stock.mark_stale()
        wallets = await wallets_after(runtime, decided, now=now)
        return RedeemedVoucher(voucher_after(decided.subject, decided.row), wallets)

    async with _refusing(runtime, voucher_id):
        return await decide_once(
            runtime,
            request=request,
            queue=member_id,
            now=now,
            decide=decide,
            bind=lambda decided: BoundReply(
                {"seq": decided.row.seq, "voucher": voucher_id, **wallets_reply(decided)}
            ),
            answer=answer,
            answer_again=lambda reply: redeemed_from_reply(runtime, reply, now=now),
        )


# ---------------------------------------------------------------- writes of the till
async def use(
    runtime: Runtime,
    *,
    till: Till,
    code: str,
    purchase: str | None = None,
    total: int | None = None,
    discount: int | None = None,
    key: str,
    now: datetime,
) -> VoucherUse:
    """Use a voucher at the till, on the receipt of a number or a total, or on none: then nothing is judged.
    `discount` is what the till took off that receipt, in minor units; by default what the value says.

    Raises VoucherRefused, UnknownCode, NotAllowed, MemberFrozen, IdempotencyKeyConflict, InvalidInput, Busy.
    """
    normal_code = normal_voucher(strip_scanner_signs(code))
    check_receipt_input(purchase, total, discount)
    stated = {name: value for name, value in (("total", total), ("discount", discount)) if value is not None}
    request_input = {"code": normal_code or "", "purchase": purchase, **stated}
    request = till.request_key("useVoucher", key, request_input)
    if normal_code is None:
        raise MalformedCode
    if (voucher_found := await vouchers.find_by_code(runtime.store, normal_code)) is None:
        raise UnknownCode
    receipt_id = await till.find_receipt_id(runtime, "purchase", purchase) if purchase is not None else None

    async def decide() -> DecidedEvent[Voucher]:
        voucher = await _load_voucher(runtime, voucher_found.id)
        stored_member = await load_owner(runtime, voucher.member)
        till.require_other_member(stored_member)
        if voucher.stores and till.store not in voucher.stores:
            raise NotAllowed("OTHER_STORE")
        receipt = await find_receipt(runtime, till=till, purchase=purchase, total=total)
        event_data: dict[str, Json] = {"voucher": voucher.id, "reward": voucher.reward}
        event_data |= {"store": till.store, "purchase": purchase}
        event_data |= receipt_data(voucher, receipt, receipt_id=receipt_id, discount=discount)
        decided = await _decide_use(
            runtime, till, voucher, stored_member, event_names.VOUCHER_USED, event_data, now=now
        )
        if receipt is not None and (reason := receipt_refusal(voucher, receipt, zone=runtime.programme.zone)):
            raise VoucherRefused(voucher, reason)
        return decided

    def audit(decided: DecidedEvent[Voucher]) -> list[Write]:
        voucher = decided.subject
        return till.audit_writes(
            decided.decision,
            "VOUCHER_USED",
            now=now,
            subject=voucher.reward,
            shift_counts={"vouchers": 1},
            voucher=voucher.id,
        )

    return await _change_use_once(
        runtime, request=request, voucher=voucher_found, decide=decide, audit=audit, now=now
    )


async def reverse(
    runtime: Runtime, *, till: Till, voucher_id: str, reason: str, key: str, now: datetime
) -> VoucherUse:
    """Reverse a use within 15 minutes, as a manager of the same store.

    Raises NotAllowed, VoucherRefused, IdempotencyKeyConflict, NotFound, Busy.
    """
    till.require_manager()
    input_checks.check_text(reason, field="reason", max_length=input_checks.MAX_REASON_LENGTH)
    request_input = {"voucher": voucher_id, "reason": reason}
    request = till.request_key("reverseVoucherUse", key, request_input)
    voucher_found = await _load_voucher(runtime, voucher_id)

    async def decide() -> DecidedEvent[Voucher]:
        voucher = await _load_voucher(runtime, voucher_id)
        stored_member = await load_owner(runtime, voucher.member)
        till.require_other_member(stored_member)
        if voucher.used_at is None:
            raise VoucherNotUsable("the voucher was not used")
        if till.role != "OPERATOR" and voucher.used_in_store != till.store:
            raise NotAllowed("OTHER_STORE")
        if now - voucher.used_at > USE_REVERSIBLE_FOR:
            raise NotAllowed("TOO_LATE")
        event_data: dict[str, Json] = {"voucher": voucher.id, "reward": voucher.reward}
        return await _decide_use(
            runtime, till, voucher, stored_member, event_names.VOUCHER_REVERSED, event_data, now=now
        )

    def audit(decided: DecidedEvent[Voucher]) -> list[Write]:
        reward = decided.subject.reward
        return till.audit_writes(
            decided.decision, "VOUCHER_REVERSED", now=now, subject=reward, voucher=voucher_id, reason=reason
        )

    return await _change_use_once(
        runtime, request=request, voucher=voucher_found, decide=decide, audit=audit, now=now
    )


async def _decide_use(
    runtime: Runtime,
    till: Till,
    voucher: Voucher,
    stored_member: StoredMember,
    event_name: str,
    event_data: Mapping[str, Json],
    *,
    now: datetime,
) -> DecidedEvent[Voucher]:
    return await decide_new(
        runtime,
        stored_member,
        id=f"{event_name}:{voucher.id}:{stored_member.member.seq + 1}",
        name=event_name,
        event_data=event_data,
        source=till.source,
        subject=voucher,
        now=now,
    )


async def _change_use_once(
    runtime: Runtime,
    *,
    request: RequestKey,
    voucher: Voucher,
    decide: Callable[[], Awaitable[DecidedEvent[Voucher]]],
    audit: Callable[[DecidedEvent[Voucher]], list[Write]],
    now: datetime,
) -> VoucherUse:
    """Use a voucher or reverse its use, once for a key."""

    def bind(decided: DecidedEvent[Voucher]) -> BoundReply:
        reply: Reply = {"seq": decided.row.seq, "voucher": voucher.id, "judged": _is_judged(decided.row)}
        return BoundReply(reply, audit(decided))

    async def answer(decided: DecidedEvent[Voucher]) -> VoucherUse:
        view = await view_after(runtime, decided, now=now)
        return VoucherUse(voucher_after(decided.subject, decided.row), view, _is_judged(decided.row))

    async with _refusing(runtime, voucher.id):
        return await decide_once(
            runtime,
            request=request,
            queue=voucher.member,
            now=now,
            decide=decide,
            bind=bind,
            answer=answer,
            answer_again=lambda reply: _voucher_use_from_reply(runtime, voucher.id, reply, now),
        )

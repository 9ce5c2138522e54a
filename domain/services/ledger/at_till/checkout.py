"""Checkout: the vouchers of a basket, what wallets pay of it and the purchase itself, as one act.

Each voucher's use and the purchase are rows of one decision, decided in this order and committed together
under one key: all of it happened, or nothing. It happens now, at a till with a network.

A voucher of a membership that was merged into the member's is decided there, in the same commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.model.event_names import VOUCHER_USED
from domain.model.ledger.decision import Decision, VoucherNotUsable
from domain.model.ledger.events import Json
from domain.model.ledger.fiscal.discounts import discount_within
from domain.model.people.codes import normal_voucher, strip_scanner_signs
from domain.model.values import dataclass
from domain.services.decisions import load_member, load_owner, note_committed
from domain.services.errors import InvalidInput, MalformedCode, NotAllowed, NotFound, UnknownCode
from domain.services.input_checks import check_amount
from domain.services.keyed_decisions import BoundReply, DecidedEvent, decide_new, decide_now, decide_once
from domain.services.ledger import purchases, queries, turn
from domain.services.ledger.purchase_input import PurchaseInput, check_purchase_input
from domain.services.ledger.purchases import PurchaseRecorded
from domain.services.ledger.redemption import VoucherRefused
from domain.services.ledger.till import Presence, Till, require_presence
from domain.services.ledger.voucher_terms import (
    VoucherReceipt,
    receipt_data,
    receipt_refusal,
    voucher_after,
)
from domain.services.runtime import Runtime
from domain.store import commit
from domain.store.document_store import Write
from domain.store.ledger import receipts, vouchers
from domain.store.ledger.members import StoredMember
from domain.store.ledger.vouchers import Voucher
from domain.store.requests import Reply

MAX_VOUCHERS = 10


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class BasketVoucher:
    """A voucher of a basket: by its scanned code, or by its id where the member is there. `discount_minor` is
    what the till took off for it; None for what its value says.
    """

    code: str | None = None
    id: str | None = None
    discount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """What a checkout brought: the purchase, and its vouchers after it, in the order of the basket."""

    recorded: PurchaseRecorded
    vouchers: tuple[Voucher, ...]


@dataclass(frozen=True, slots=True)
class _Basket:
    """What a checkout is decided on: its vouchers, each with its discount, and the receipt's identity."""

    till: Till
    member_id: str
    purchase_input: PurchaseInput
    receipt_id: str
    vouchers: tuple[Voucher, ...]
    discounts: tuple[int | None, ...]

    @property
    def goods_total(self) -> int:
        """Return what the goods cost before the vouchers of this checkout."""
        return self.purchase_input.total + sum(
            discount_within(voucher.value, self.purchase_input.total) if stated is None else stated
            for voucher, stated in zip(self.vouchers, self.discounts, strict=True)
        )


@dataclass(frozen=True, slots=True)
class _DecidedBasket:
    """The vouchers before their use, and the decision of each step, that of the purchase last. `closed` are
    the decisions of merged memberships, each of all that was used of it.
    """

    vouchers: tuple[Voucher, ...]
    steps: tuple[Decision, ...]
    closed: tuple[Decision, ...] = ()


# ---------------------------------------------------------------- pure rules
def _check_basket_vouchers(basket_vouchers: Sequence[BasketVoucher]) -> None:
    if len(basket_vouchers) > MAX_VOUCHERS:
        raise InvalidInput("vouchers", f"Bring at most {MAX_VOUCHERS} vouchers.")
    for index, each in enumerate(basket_vouchers):
        if (each.code is None) == (each.id is None):
            raise InvalidInput(f"vouchers[{index}]", "Name the voucher by its code or by its id.")
        if each.discount_minor is not None:
            check_amount(each.discount_minor, field=f"vouchers[{index}].discount")


def _spelling(each: BasketVoucher) -> str | None:
    return None if each.code is None else normal_voucher(strip_scanner_signs(each.code))


def _key_input(basket_vouchers: Sequence[BasketVoucher]) -> list[list[object]]:
    return [[_spelling(each) or each.code, each.id, each.discount_minor] for each in basket_vouchers]


def _require_usable(basket: _Basket, voucher: Voucher, stored_member: StoredMember) -> None:
    till = basket.till
    till.require_other_member(stored_member)
    if voucher.member not in (stored_member.member.id, *stored_member.merged):
        raise VoucherRefused(voucher, "OTHER_MEMBER")
    if voucher.stores and till.store not in voucher.stores:
        raise NotAllowed("OTHER_STORE")


def _use_data(basket: _Basket, voucher: Voucher, stated: int | None) -> Mapping[str, Json]:
    receipt = VoucherReceipt(basket.goods_total, recorded_total=basket.purchase_input.total)
    event_data: dict[str, Json] = {"voucher": voucher.id, "reward": voucher.reward}
    event_data |= {"store": basket.till.store, "purchase": basket.purchase_input.number}
    return event_data | receipt_data(voucher, receipt, receipt_id=basket.receipt_id, discount=stated)


# ---------------------------------------------------------------- reads
async def _find_vouchers(runtime: Runtime, basket_vouchers: Sequence[BasketVoucher]) -> tuple[Voucher, ...]:
    """Return the vouchers of a basket: two commands, or one where all are named by their ids.

    Raises MalformedCode, UnknownCode, NotFound, InvalidInput.
    """
    spellings = [_spelling(each) for each in basket_vouchers if each.code is not None]
    if None in spellings:
        raise MalformedCode
    codes = [spelling for spelling in spellings if spelling is not None]
    by_code = await vouchers.find_ids_by_codes(runtime.store, codes) if codes else {}
    if any(code not in by_code for code in codes):
        raise UnknownCode
    ids = [each.id or by_code[_spelling(each) or ""] for each in basket_vouchers]
    if len(set(ids)) < len(ids):
        raise InvalidInput("vouchers", "Name each voucher once.")
    stored = await vouchers.find_many(runtime.store, ids) if ids else {}
    if missing := [id for id in ids if id not in stored]:
        raise NotFound(missing[0])
    return tuple(stored[id] for id in ids)


async def _decide_basket(runtime: Runtime, basket: _Basket, *, now: datetime) -> DecidedEvent[_DecidedBasket]:
    """Decide the use of each voucher, then the purchase, each on the member as the one before leaves them."""
    stored_member = await load_member(runtime, basket.member_id)
    purchases.require_earning(stored_member, basket.till, basket.purchase_input)
    member, steps = stored_member.member.id, list[Decision]()
    after, before = {member: stored_member}, {member: stored_member}  # by membership
    for voucher, stated in zip(basket.vouchers, basket.discounts, strict=True):
        _require_usable(basket, voucher, stored_member)
        owner = voucher.member
        if owner not in after:
            after[owner] = before[owner] = await load_owner(runtime, owner)
        event_data = _use_data(basket, voucher, stated)
        used = await _decide_use(runtime, basket, after[owner], voucher, event_data, now=now)
        steps.append(used.decision)
        after[owner] = used.member_after
    event = purchases.purchase_event(
        basket.purchase_input, basket.receipt_id, till=basket.till, stored_member=after[member], now=now
    )
    await purchases.check_event_payment(runtime, after[member], event, basket.purchase_input)
    decided = await decide_now(runtime, after[member], event, subject=None, now=now)
    steps.append(decided.decision)
    decisions = {owner: _joined(first, steps) for owner, first in before.items()}
    decision = decisions.pop(member)
    decided_basket = _DecidedBasket(basket.vouchers, tuple(steps), tuple(decisions.values()))
    return DecidedEvent(decided.published, stored_member, decision, decided_basket)


def _joined(before: StoredMember, steps: Sequence[Decision]) -> Decision:
    """Return the steps of one membership as one decision."""
    own = [step for step in steps if step.member.id == before.member.id]
    return Decision(before.member, own[-1].member, tuple(row for step in own for row in step.rows))


async def _decide_use(
    runtime: Runtime,
    basket: _Basket,
    stored_member: StoredMember,
    voucher: Voucher,
    event_data: Mapping[str, Json],
    *,
    now: datetime,
) -> DecidedEvent[None]:
    """Decide the use of one voucher. Raises VoucherRefused."""
    receipt = VoucherReceipt(basket.goods_total)
    try:
        decided = await decide_new(
            runtime,
            stored_member,
            id=f"{VOUCHER_USED}:{voucher.id}:{stored_member.member.seq + 1}",
            name=VOUCHER_USED,
            event_data=event_data,
            source=basket.till.source,
            subject=None,
            now=now,
        )
    except VoucherNotUsable:
        raise VoucherRefused(await vouchers.find(runtime.store, voucher.id) or voucher) from None
    if reason := receipt_refusal(voucher, receipt, zone=runtime.programme.zone):
        raise VoucherRefused(voucher, reason)
    return decided


# ---------------------------------------------------------------- writes
async def check_out(
    runtime: Runtime,
    *,
    till: Till,
    member_id: str,
    purchase_input: PurchaseInput,
    basket_vouchers: Sequence[BasketVoucher],
    key: str,
    now: datetime,
    presence: Presence = "unproven",
) -> CheckedOut:
    """Use the vouchers of a basket, and record its purchase with what wallets pay of it: one commit.

    Four commands with vouchers named by their ids, five with scanned codes, three without vouchers. What
    wallets pay, and a voucher that is named by its id, take the member's `presence`. Raises what
    `purchases.record` and `redemption.use` raise.
    """
    check_purchase_input(purchase_input, programme=runtime.programmes.current().programme, now=now)
    _check_basket_vouchers(basket_vouchers)
    receipt_id = await till.find_receipt_id(runtime, "purchase", purchase_input.external_id)
    request_input = {"member": member_id, "given": purchase_input.key_input, "source": till.source}
    request = till.request_key("checkout", key, {**request_input, "vouchers": _key_input(basket_vouchers)})
    basket = _Basket(
        till,
        member_id,
        purchase_input,
        receipt_id,
        await _find_vouchers(runtime, basket_vouchers),
        tuple(each.discount_minor for each in basket_vouchers),
    )

    async def decide() -> DecidedEvent[_DecidedBasket]:
        if purchase_input.pay_with or any(each.id is not None for each in basket_vouchers):
            require_presence(presence)
        return await _decide_basket(runtime, basket, now=now)

    async def answer_again(reply: Reply) -> CheckedOut:
        recorded = await purchases.recorded_before(runtime, receipt_id, reply, now=now)
        return CheckedOut(recorded, await _find_vouchers(runtime, basket_vouchers))

    async def answer_taken() -> CheckedOut:
        return await purchases.refuse_claimed(runtime, receipt_id, member_id)

    return await decide_once(
        runtime,
        request=request,
        queue=member_id,
        now=now,
        decide=decide,
        bind=lambda decided: _bind(runtime, basket, decided, now=now),
        answer=lambda decided: _checked_out(runtime, basket, decided, now=now),
        answer_again=answer_again,
        answer_taken=answer_taken,
    )


async def _checked_out(
    runtime: Runtime, basket: _Basket, decided: DecidedEvent[_DecidedBasket], *, now: datetime
) -> CheckedOut:
    at, closed = max(now, decided.row.event.at), decided.subject.closed
    for each in closed:
        note_committed(runtime, each)
        for row in each.rows:
            await turn.fire_moving(runtime, row, now=now)
    view = (
        await queries.load_member_view(runtime, member_id=decided.member_id, now=at)
        if closed
        else await queries.member_view_of(runtime, decided.member_after, now=at)
    )
    used = zip(decided.subject.vouchers, decided.subject.steps, strict=False)
    return CheckedOut(
        purchases.purchase_recorded(basket.receipt_id, view, decided.row),
        tuple(voucher_after(voucher, step.row) for voucher, step in used),
    )


def _bind(
    runtime: Runtime, basket: _Basket, decided: DecidedEvent[_DecidedBasket], *, now: datetime
) -> BoundReply:
    """Return the reply of a checkout, and its writes: the receipt, the trail of each step, the counts, and
    what was used of merged memberships.
    """
    till, steps = basket.till, decided.subject.steps
    member = decided.stored_member.member.id
    writes: list[Write] = [receipts.claim_write(basket.receipt_id, member=member, row=decided.row)]
    for voucher, step in zip(basket.vouchers, steps, strict=False):
        writes += till.audit_writes(step, "VOUCHER_USED", now=now, subject=voucher.reward, voucher=voucher.id)
    writes += till.audit_writes(
        steps[-1],
        "PURCHASE",
        now=now,
        subject=basket.purchase_input.number,
        amount=basket.purchase_input.total,
        shift_counts=till.purchase_counts(vouchers=len(basket.vouchers)),
    )
    for closed in decided.subject.closed:
        writes += commit.decision_writes(
            runtime.store,
            published=decided.published,
            decision=closed,
            now=now,
            subscriptions=runtime.subscriptions,
        )
    return BoundReply({"member": member, "seq": decided.row.seq}, writes)

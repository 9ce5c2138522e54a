"""Refunds of a sale that is still parked: it shrinks, or nothing of it waits any more. Nothing was earned
yet, so nothing is taken back.

A refund's own identity goes with the sale into its receipt: the same one again takes nothing more, also once
the sale was credited. What was taken back stands in the receipt at once, so that nobody records the sale
anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar, cast

from domain.model.ledger.deciding.returns import refund_lines
from domain.model.ledger.deciding.returns.refund_lines import RefundLine
from domain.model.ledger.events import Purchase
from domain.model.values import dataclass
from domain.services.errors import InvalidInput, NotAllowed, UnknownPurchase
from domain.services.idempotency import KeyBinding, run_once
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.audit import ShiftLimitReached
from domain.store.ledger import parked_events, receipts
from domain.store.ledger.parked_events import ParkedEvent
from domain.store.ledger.receipts import ReceiptTaken, RefundIdentity, identity_of
from domain.store.requests import Reply, RequestKey

REPLY = "parked"
T = TypeVar("T")


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class ParkedRefund:
    """What a refund left of a parked sale, in minor units, and until when that waits."""

    external_id: str
    refunded_minor: int
    remaining_minor: int
    until: datetime

    @property
    def reply(self) -> Reply:
        """Return it as a key or an identity is bound to it."""
        return {REPLY: [self.external_id, self.refunded_minor, self.remaining_minor, self.until]}

    @classmethod
    def from_reply(cls, reply: object) -> ParkedRefund | None:
        """Return it of a reply; None of the reply of another refund."""
        values = reply.get(REPLY) if isinstance(reply, Mapping) else None
        return None if values is None else cls(*cast(Sequence[object], values))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class ReturnedPart:
    """What is taken back: an amount, or lines, or neither for all that is left; with its own identity and the
    hash of what that one takes back, where it has one.
    """

    amount: int | None
    lines: tuple[RefundLine, ...]
    refund_id: str | None = None
    content_hash: str = ""

    def remaining_of(self, purchase: Purchase) -> Purchase:
        """Return what stands of a purchase after it. Raises RefundTooLarge and InvalidInput."""
        numbers = {line.line for line in purchase.lines}
        for index, line in enumerate(self.lines):
            if line.line not in numbers:
                raise InvalidInput(f"lines[{index}].line", "The receipt has no such line.")
        return refund_lines.remaining_purchase(purchase, amount=self.amount, lines=self.lines)


# ---------------------------------------------------------------- reads
async def _load_sale(
    runtime: Runtime, till: Till, receipt_id: str, *, now: datetime
) -> tuple[ParkedEvent, Purchase]:
    """Return a parked sale as it stands. Raises UnknownPurchase."""
    parked = await parked_events.find(runtime.store, receipt_id, now=now)
    purchase = None if parked is None else parked.purchase
    if parked is None or purchase is None or (till.is_of_one_store and purchase.store != till.store):
        raise UnknownPurchase
    return parked, purchase


async def quote_parked(
    runtime: Runtime, *, till: Till, receipt_id: str, part: ReturnedPart, now: datetime
) -> ParkedRefund:
    """Return what a refund would leave of a parked sale. Raises UnknownPurchase, RefundTooLarge,
    InvalidInput.
    """
    parked, purchase = await _load_sale(runtime, till, receipt_id, now=now)
    return _refunded(parked, purchase, part.remaining_of(purchase))


# ---------------------------------------------------------------- writes
async def refund_parked_too(
    runtime: Runtime,
    refund_receipt: Callable[[], Awaitable[T]],
    *,
    till: Till,
    receipt_id: str,
    part: ReturnedPart,
    reason: str,
    request: RequestKey,
    now: datetime,
) -> T | ParkedRefund:
    """Refund a receipt, and where there is none of it, the sale that is parked under it. Raises what
    `refund_receipt` and `refund_parked` raise.
    """
    try:
        return await refund_receipt()
    except UnknownPurchase:
        try:
            return await refund_parked(
                runtime, till=till, receipt_id=receipt_id, part=part, reason=reason, request=request, now=now
            )
        except UnknownPurchase:
            return await refund_receipt()  # the sale may have been recorded between the two


async def refund_parked(
    runtime: Runtime,
    *,
    till: Till,
    receipt_id: str,
    part: ReturnedPart,
    reason: str,
    request: RequestKey,
    now: datetime,
) -> ParkedRefund:
    """Take back a part of a parked sale. Raises UnknownPurchase where none is parked, or it was recorded
    meanwhile, RefundTooLarge, NotAllowed, IdempotencyKeyConflict, InvalidInput, Busy.
    """

    async def act(key_binding: KeyBinding) -> ParkedRefund:
        parked, purchase = await _load_sale(runtime, till, receipt_id, now=now)
        identity = identity_of(parked.refund_ids, part.refund_id)
        if identity is not None:
            return refunded_by_identity(identity, part)
        remaining = part.remaining_of(purchase)
        refunded = _refunded(parked, purchase, remaining)
        after = parked.with_purchase(remaining)
        if part.refund_id is not None:
            identity = RefundIdentity(part.refund_id, part.content_hash, None, refunded.reply)
            after = replace(after, refund_ids=(*after.refund_ids, identity))
        writes = [
            key_binding.write_for(refunded.reply),
            parked_events.replace_write(parked, after),
            receipts.return_write(receipt_id, remaining),
            *till.act_writes(
                "REFUND",
                now=now,
                subject=purchase.external_id,
                amount=refunded.refunded_minor,
                shift_counts={"refunded": refunded.refunded_minor},
                reason=reason,
            ),
        ]
        try:
            await runtime.store.transact(writes)
        except ReceiptTaken:
            raise UnknownPurchase from None
        return refunded

    async def again(reply: Reply) -> ParkedRefund:
        refunded = ParkedRefund.from_reply(reply)
        assert refunded is not None, "the key was bound to the refund of a parked sale"
        return refunded

    try:
        return await run_once(
            runtime, request=request, queue=receipt_id, now=now, act=act, answer_again=again
        )
    except ShiftLimitReached:
        raise NotAllowed("SHIFT_LIMIT") from None


def refunded_by_identity(identity: RefundIdentity, part: ReturnedPart) -> ParkedRefund:
    """Return what the refund of an identity answered while the sale was parked. Raises InvalidInput where it
    took something else.
    """
    if identity.content_hash != part.content_hash:
        raise InvalidInput("refundId", "Another refund of this receipt has this identity; make a new one.")
    refunded = ParkedRefund.from_reply(identity.wallets)
    assert refunded is not None, "an identity without a row is of a parked sale"
    return refunded


def _refunded(parked: ParkedEvent, before: Purchase, remaining: Purchase) -> ParkedRefund:
    taken = before.total - remaining.total
    return ParkedRefund(before.external_id, taken, remaining.total, parked.until)

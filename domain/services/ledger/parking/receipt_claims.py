"""A member claims a guest's receipt by the code on it: it counts once, on its own date, for whom it is right.

One transaction credits it, takes it out of waiting and claims the receipt. So of two members, of a till that
records the receipt meanwhile, and of a refund, one is first, and the others are decided again and told so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from domain.model.calendar import local_day
from domain.model.ledger.decision import CodeRefused, MemberFrozen, Refusal
from domain.model.values import dataclass
from domain.services import code_claims
from domain.services.decisions import is_same_member, load_member
from domain.services.errors import NotAllowed
from domain.services.ledger import code_entry, purchase_queries
from domain.services.ledger.parking import crediting
from domain.services.ledger.purchase_queries import RecordedPurchase
from domain.services.runtime import Runtime
from domain.store.club import receipt_codes
from domain.store.document_store import Stale, Write
from domain.store.ledger import parked_events, receipts
from domain.store.ledger.parked_events import ParkedEvent
from domain.store.ledger.receipts import ReceiptTaken
from domain.store.people import code_tries

ReceiptRefusalReason = Literal[
    "UNKNOWN", "CLAIMED", "RETURNED", "OVER", "OWN_SALE", "TOO_MANY_TRIES", "FROZEN"
]


# ---------------------------------------------------------------- errors
class ReceiptRefused(Refusal):
    """A receipt's code credits nothing. `tries_left` and `retry_after` (seconds) are as for other codes."""

    def __init__(
        self, reason: ReceiptRefusalReason, *, tries_left: int | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(f"the receipt is not credited: {reason}")
        self.reason: ReceiptRefusalReason = reason
        self.tries_left, self.retry_after = tries_left, retry_after


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class ClaimedReceipt:
    """A receipt that is the member's: it was credited now, or had counted for them before."""

    purchase: RecordedPurchase
    counted_before: bool


@dataclass(frozen=True, slots=True)
class _CodeClaimant:
    """Who claims which receipt by which code, and who was told that; `writes` go with the credit."""

    member_id: str
    receipt_id: str
    asked_by: Sequence[str]
    digests: Sequence[str]
    writes: Sequence[Write]


# ---------------------------------------------------------------- writes
async def claim_receipt(
    runtime: Runtime, *, member_id: str, code: str, all_secrets: Sequence[bytes], now: datetime
) -> ClaimedReceipt:
    """Credit the receipt of a code to a member, once; the same code again answers what it gave them.

    A wrong code takes one of the day's tries, as `code_entry` counts them. Raises ReceiptRefused,
    InvalidInput, NotFound, Busy.
    """
    digests = code_claims.read_digests(code, all_secrets, field="code")
    tries = code_tries.tries_id(member_id, local_day(now, runtime.programme.zone))
    try:
        tries_left = await code_entry.take_try(runtime, tries, digests[0], now=now)
    except CodeRefused as refusal:
        raise ReceiptRefused("TOO_MANY_TRIES", tries_left=0, retry_after=refusal.retry_after) from None
    known = await receipt_codes.find_code(runtime.store, digests)
    if known is None:
        raise ReceiptRefused("UNKNOWN", tries_left=tries_left)
    give_back = code_tries.give_back_write(tries, digests[0])
    claim = _CodeClaimant(member_id, known.receipt, known.asked_by, digests, (give_back,))
    queue = f"parked:{known.receipt}"
    try:
        return await runtime.store.run_rounds(lambda: _claim(runtime, claim, now=now), queue=queue)
    except ReceiptRefused as refusal:
        # Who holds the code of a receipt guesses none.
        await runtime.store.run_rounds(lambda: runtime.store.transact([give_back]), queue=queue)
        raise refusal


async def _claim(runtime: Runtime, claim: _CodeClaimant, *, now: datetime) -> ClaimedReceipt:
    # In this order: what waits no more has its receipt by then.
    parked = await parked_events.find_any(runtime.store, claim.receipt_id)
    receipt = await receipts.find(runtime.store, claim.receipt_id)
    if receipt is not None and receipt.returned is None:
        if not await is_same_member(runtime, receipt.member, claim.member_id):
            raise ReceiptRefused("CLAIMED")
        await runtime.store.transact(claim.writes)
        return await _claimed(runtime, claim, counted_before=True)
    waiting = _require_waiting(parked, claim, now=now)
    stored_member = await load_member(runtime, claim.member_id)
    if not set(claim.asked_by).isdisjoint(stored_member.employees):
        raise ReceiptRefused("OWN_SALE")  # a till shows the code of any receipt of its store
    try:
        await crediting.commit_parked(runtime, waiting, stored_member, now=now, claims=claim.writes)
    except NotAllowed:
        raise ReceiptRefused("OWN_SALE") from None
    except MemberFrozen:
        raise ReceiptRefused("FROZEN") from None
    except ReceiptTaken:
        raise Stale("the receipt was recorded meanwhile") from None
    return await _claimed(runtime, claim, counted_before=False)


def _require_waiting(parked: ParkedEvent | None, claim: _CodeClaimant, *, now: datetime) -> ParkedEvent:
    """Return what waits for whoever has the code. Raise ReceiptRefused where nothing does."""
    if parked is None or not now < parked.until:
        raise ReceiptRefused("OVER")
    if not set(parked.contact_hashes) & set(claim.digests):
        raise ReceiptRefused("CLAIMED")  # it waits for a contact that the till was given since
    if parked.is_returned:
        raise ReceiptRefused("RETURNED")
    return parked


async def _claimed(runtime: Runtime, claim: _CodeClaimant, *, counted_before: bool) -> ClaimedReceipt:
    purchase = await purchase_queries.find_purchase_by_id(runtime, receipt_id=claim.receipt_id)
    if purchase is None:
        raise Stale("the receipt is being written")
    return ClaimedReceipt(purchase, counted_before)

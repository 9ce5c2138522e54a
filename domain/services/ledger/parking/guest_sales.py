"""A guest's purchase at a till: it waits under a code that the till prints, for whoever enters that first.

The code stands for the contact that the guest did not give: only its digest is stored. The same receipt has
the same code whenever the till asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.model.code_spelling import code_digest, receipt_code
from domain.model.values import dataclass
from domain.services.errors import NotAllowed
from domain.services.idempotency import KeyBinding, run_once
from domain.services.ledger import purchases
from domain.services.ledger.parking import sale_parking
from domain.services.ledger.parking.parking import EventParked, park_writes
from domain.services.ledger.parking.sale_parking import ParkedSale
from domain.services.ledger.purchase_input import PurchaseInput
from domain.services.ledger.purchases import PurchaseClaimed
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.audit import ShiftLimitReached
from domain.store.club import receipt_codes
from domain.store.ledger.parked_events import ParkedEvent
from domain.store.ledger.receipts import ReceiptTaken
from domain.store.requests import Reply


@dataclass(frozen=True, slots=True)
class GuestSale:
    """A sale that waits, and the code by which a member claims it, without its groups."""

    code: str
    sale: ParkedSale


# ---------------------------------------------------------------- pure rules
def _codes_by_digest(all_secrets: Sequence[bytes], receipt_id: str) -> dict[str, str]:
    """Return the codes of a receipt: by the present secret, then by those before it."""
    codes = [(secret, receipt_code(secret, receipt_id)) for secret in all_secrets]
    return {code_digest(secret, code): code for secret, code in codes}


# ---------------------------------------------------------------- writes
async def record_guest_sale(
    runtime: Runtime,
    *,
    till: Till,
    purchase_input: PurchaseInput,
    all_secrets: Sequence[bytes],
    key: str,
    now: datetime,
) -> GuestSale:
    """Keep a guest's purchase for whoever enters its code. The same receipt again has the same code.

    Raises PurchaseClaimed, NotAllowed, IdempotencyKeyConflict, InvalidInput, Busy.
    """
    receipt_id = await sale_parking.check_sale(runtime, till, purchase_input, now=now)
    codes = _codes_by_digest(all_secrets, receipt_id)
    request_input = {"sale": purchase_input.key_input, "source": till.source}

    async def again(reply: Reply) -> GuestSale:
        sale = await sale_parking.sale_again(runtime, till, receipt_id, purchase_input, reply, now=now)
        return GuestSale(str(codes.get(str(reply["digest"]), next(iter(codes.values())))), sale)

    async def act(key_binding: KeyBinding) -> GuestSale:
        parked = sale_parking.new_parked(till, list(codes), receipt_id, purchase_input, now=now)
        return await _park(runtime, till, parked, codes, key_binding, now=now)

    try:
        return await run_once(
            runtime,
            request=till.request_key("recordGuestPurchase", key, request_input),
            queue=f"parked:{receipt_id}",
            now=now,
            act=act,
            answer_again=again,
        )
    except ShiftLimitReached:
        raise NotAllowed("SHIFT_LIMIT") from None


async def _park(
    runtime: Runtime,
    till: Till,
    parked: ParkedEvent,
    codes: dict[str, str],
    key_binding: KeyBinding,
    *,
    now: datetime,
) -> GuestSale:
    try:
        writes = await park_writes(runtime, parked, now=now)
    except ReceiptTaken:
        await purchases.refuse_claimed(runtime, parked.id, member_id=None)
    except EventParked:
        raise PurchaseClaimed(same_member=False, purchase=None) from None
    is_new = isinstance(writes, list)
    stored = parked if isinstance(writes, list) else writes
    purchase = sale_parking.purchase_of(stored)
    digest = next(each for each in codes if each in stored.contact_hashes)
    sale = await sale_parking.quoted_sale(runtime, purchase, stored.event, stored.until, now)
    audit_writes = till.act_writes(
        "PURCHASE",
        now=now,
        subject=purchase.external_id,
        amount=purchase.total,
        shift_counts={"purchases": 1} if is_new else None,
    )
    await runtime.store.transact(
        [
            key_binding.write_for({"at": stored.event.at, "until": stored.until, "digest": digest}),
            *(writes if isinstance(writes, list) else []),
            *(receipt_codes.note_write(each, stored.id, asked_by=till.staff, now=now) for each in codes),
            *audit_writes,
        ]
    )
    return GuestSale(codes[digest], sale)

"""What a voucher asks of the receipt that it is used on: a total that reaches its minimum, and a day on which
it was issued already.

Its stores and its end are judged by the till and the instant of the use.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from domain.model.calendar import local_day
from domain.services.input_checks import check_amount, check_identifier
from domain.services.ledger import queries
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.ledger.vouchers import Voucher

VoucherRefusalReason = Literal["STATE", "MINIMUM", "DATES"]


@dataclass(frozen=True, slots=True)
class VoucherReceipt:
    """The receipt that a voucher is used on: its total in minor units, and when it was made, where that is
    known.
    """

    total: int
    purchased_at: datetime | None = None


def check_receipt_input(purchase: str | None, total: int | None) -> None:
    """Check what a till says of the receipt. Raises InvalidInput."""
    if purchase is not None:
        check_identifier(purchase, field="purchase")
    if total is not None:
        check_amount(total, field="total")


def receipt_refusal(
    voucher: Voucher, receipt: VoucherReceipt, *, zone: ZoneInfo
) -> VoucherRefusalReason | None:
    """Return why a voucher cannot be used on a receipt; None where it can."""
    at = receipt.purchased_at
    if at is not None and local_day(at, zone) < local_day(voucher.issued_at, zone):
        return "DATES"
    minimum = voucher.value.minimum if voucher.value is not None else None
    return "MINIMUM" if minimum is not None and receipt.total < minimum else None


async def find_receipt(
    runtime: Runtime, *, till: Till, purchase: str | None, total: int | None
) -> VoucherReceipt | None:
    """Return the receipt that a till names: what is left of the recorded purchase of this number, else one of
    the total that the till says; None where there is neither.
    """
    recorded = (
        await queries.find_purchase(runtime, source=till.source, store=till.store, external_id=purchase)
        if purchase is not None
        else None
    )
    if recorded is not None:
        return VoucherReceipt(recorded.remaining.total, recorded.purchased_at)
    return None if total is None else VoucherReceipt(total)

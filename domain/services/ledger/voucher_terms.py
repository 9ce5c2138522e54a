"""What a voucher asks of the receipt that it is used on: a total that reaches its minimum, and a day on which
it was issued already. What it takes off that receipt is kept with it, for the fiscal record.

Its stores and its end are judged by the till and the instant of the use.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from domain.model.calendar import local_day
from domain.model.ledger.decision import JournalRow
from domain.model.ledger.events import Json
from domain.model.ledger.fiscal.discounts import discount_off, discount_within
from domain.model.values import dataclass
from domain.services.errors import InvalidInput
from domain.services.input_checks import check_amount, check_identifier
from domain.services.ledger import purchase_queries
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.ledger.vouchers import Voucher

VoucherRefusalReason = Literal["STATE", "MINIMUM", "DATES", "OTHER_MEMBER"]


@dataclass(frozen=True, slots=True)
class VoucherReceipt:
    """The receipt that a voucher is used on: its total in minor units as a till says it, before the discount.

    Of a recorded one the total is what refunds left of it, `recorded_total` what was paid after the discount.
    """

    total: int
    purchased_at: datetime | None = None
    recorded_total: int | None = None


def check_receipt_input(purchase: str | None, total: int | None, discount: int | None) -> None:
    """Check what a till says of the receipt. Raises InvalidInput."""
    if purchase is not None:
        check_identifier(purchase, field="purchase")
    if total is not None:
        check_amount(total, field="total")
    if discount is not None:
        check_amount(discount, field="discount")
        if purchase is None:
            raise InvalidInput(
                "discount", "Name the receipt that it was taken off: its number in `purchase`."
            )


def receipt_refusal(
    voucher: Voucher, receipt: VoucherReceipt, *, zone: ZoneInfo
) -> VoucherRefusalReason | None:
    """Return why a voucher cannot be used on a receipt; None where it can."""
    at = receipt.purchased_at
    if at is not None and local_day(at, zone) < local_day(voucher.issued_at, zone):
        return "DATES"
    minimum = voucher.value.minimum if voucher.value is not None else None
    return "MINIMUM" if minimum is not None and receipt.total < minimum else None


def receipt_data(
    voucher: Voucher, receipt: VoucherReceipt | None, *, receipt_id: str | None, discount: int | None
) -> dict[str, Json]:
    """Return what the event of a use says of the receipt: its total, its identity, and what the voucher took
    off it as the till says, else by its value; a percentage of a total that nobody knows yet is left out.

    Raises InvalidInput where the till says more than the voucher is worth.
    """
    event_data: dict[str, Json] = {} if receipt is None else {"total": receipt.total}
    if receipt_id is None:
        return event_data
    event_data["receipt"] = receipt_id
    if discount is not None:
        worth = voucher.value.amount if voucher.value is not None else None
        if worth is not None and discount > worth:
            raise InvalidInput("discount", f"The voucher takes off at most {worth}.")
        event_data["discount"] = discount
    elif receipt is not None:
        event_data["discount"] = (
            discount_off(voucher.value, receipt.total)
            if receipt.recorded_total is None
            else discount_within(voucher.value, receipt.recorded_total)
        )
    return event_data


async def find_receipt(
    runtime: Runtime, *, till: Till, purchase: str | None, total: int | None
) -> VoucherReceipt | None:
    """Return the receipt that a till names: what is left of the recorded purchase of this number, else one of
    the total that the till says; None where there is neither.
    """
    recorded = (
        await purchase_queries.find_purchase(
            runtime, source=till.source, store=till.store, external_id=purchase
        )
        if purchase is not None
        else None
    )
    if recorded is not None:
        return VoucherReceipt(recorded.remaining.total, recorded.purchased_at, recorded.purchase.total)
    return None if total is None else VoucherReceipt(total)


def voucher_after(voucher: Voucher, row: JournalRow) -> Voucher:
    """Return a voucher after the steps of a journal row."""
    step = [step for step in row.vouchers if step.id == voucher.id][-1]  # a use reversed after a return
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

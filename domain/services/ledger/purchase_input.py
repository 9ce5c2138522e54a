"""A purchase as a till sends it, and its checks. Each refusal is an InvalidInput that names its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.model.ledger.decision import PaymentNotAccepted, Refusal
from domain.model.ledger.events import Line, Payment, Purchase, WalletPayment
from domain.model.ledger.fiscal.receipt_details import ReceiptDetails, detail_faults
from domain.model.ledger.holding.holds import HoldNotUsable
from domain.model.programme import Programme
from domain.model.programme.header import RESERVED_CATEGORIES
from domain.model.values import dataclass
from domain.model.visible_text import normal_identifier
from domain.services.errors import InvalidInput
from domain.services.input_checks import (
    MAX_TEXT_LENGTH,
    MAX_VALUE,
    check_amount,
    check_identifier,
    check_past_instant,
    check_text,
    read_number,
)

MAX_LINES = 500
MAX_SUMMED_LINES = len(RESERVED_CATEGORIES)  # what a shop adds to goods: shipping, tax and their like
MAX_WALLETS = 5


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class PurchaseInputLine:
    """One line of a receipt: `amount` is the line's total."""

    sku: str
    amount: int
    quantity: int = 1
    name: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class HoldPayment:
    """What a hold pays of a purchase, by its key: so many units, or all that it holds."""

    hold: str
    units: int | None = None


@dataclass(frozen=True, slots=True)
class PurchaseInput:
    """A receipt as the till reads it. Amounts are in minor units; `occurred_at` None means now. `pay_with` is
    what wallets pay of it, in their units, `paid_with` what was held for it; `details` are None where the
    till says no more than the total.
    """

    external_id: str
    total: int
    currency: str
    lines: tuple[PurchaseInputLine, ...] = ()
    occurred_at: datetime | None = None
    pay_with: tuple[WalletPayment, ...] = ()
    paid_with: tuple[HoldPayment, ...] = ()
    details: ReceiptDetails | None = None

    @property
    def number(self) -> str:
        """Return the receipt's number in its one spelling."""
        return normal_identifier(self.external_id)

    @property
    def key_input(self) -> Mapping[str, object]:
        """Return what an idempotency key is compared by: stored as a hash, so its words stay as they are."""
        lines = [[one.sku, one.amount, one.quantity, one.name, one.category] for one in self.lines]
        occurred_at_text = self.occurred_at.isoformat() if self.occurred_at else None
        key_input: dict[str, object] = {
            "externalId": self.external_id,
            "total": self.total,
            "currency": self.currency,
            "lines": lines,
            "at": occurred_at_text,
        }
        if self.details is not None:  # the hash of a purchase without them stays as it was
            key_input["taxes"] = [[one.rate, one.base, one.amount] for one in self.details.taxes]
            key_input["tenders"] = [[one.kind, one.amount] for one in self.details.tenders]
        if self.pay_with:
            key_input["payWith"] = [[one.wallet, one.units] for one in self.pay_with]
        if self.paid_with:
            key_input["paidWith"] = [[one.hold, one.units] for one in self.paid_with]
        return key_input

    def as_purchase(self, store: str | None, held: Sequence[WalletPayment] = ()) -> Purchase:
        """Return the purchase as an event of a store carries it, its lines numbered from 1; `held` is what
        the holds pay that it names.
        """
        lines = tuple(
            Line(
                line=number,
                sku=line.sku,
                amount=line.amount,
                quantity=line.quantity,
                name=line.name,
                category=line.category,
            )
            for number, line in enumerate(self.lines, start=1)
        )
        parts = (*self.pay_with, *held)
        payment = Payment(self.total, parts) if parts else None
        return Purchase(self.number, self.total, self.currency, store, lines, payment=payment)


# ---------------------------------------------------------------- pure rules
def check_purchase_input(purchase_input: PurchaseInput, *, programme: Programme, now: datetime) -> None:
    """Check a purchase but for its payment. Raises InvalidInput."""
    read_number(purchase_input.external_id, field="externalId")
    check_amount(purchase_input.total, field="total")
    if purchase_input.currency != programme.programme.currency:
        raise InvalidInput("currency", f"The programme counts in {programme.programme.currency}.")
    if has_too_many_lines(purchase_input.lines):
        raise InvalidInput(
            "lines", f"At most {MAX_LINES} lines: send the total alone, or the lines that earn."
        )
    for index, line in enumerate(purchase_input.lines):
        _check_line(line, f"lines[{index}]")
    if sum(line.amount for line in purchase_input.lines) > purchase_input.total:
        raise InvalidInput("lines", "The lines sum to at most the total.")
    for index, part in enumerate(purchase_input.paid_with):
        if part.units is not None:
            check_amount(part.units, field=f"paidWith[{index}].units", minimum=1)
    if purchase_input.occurred_at is not None:
        check_past_instant(purchase_input.occurred_at, now=now)


def has_too_many_lines(lines: Sequence[PurchaseInputLine]) -> bool:
    """Tell whether a purchase has more than 500 lines, beside one of each reserved category."""
    summed_count = sum(line.category in RESERVED_CATEGORIES for line in lines)
    return len(lines) - min(summed_count, MAX_SUMMED_LINES) > MAX_LINES


def check_payment(
    purchase_input: PurchaseInput, *, programme: Programme, held: Sequence[WalletPayment] = ()
) -> None:
    """Check what wallets pay, and taxes and tenders beside it, by the programme that decides the purchase;
    `held` is what its holds pay. Raises InvalidInput.
    """
    _check_pay_with(purchase_input.pay_with, programme)
    wallets = [part.wallet for part in (*purchase_input.pay_with, *held)]
    if len(wallets) > MAX_WALLETS or len(set(wallets)) < len(wallets):
        raise InvalidInput("paidWith", f"Name each wallet once, at most {MAX_WALLETS} of them.")
    if purchase_input.details is not None:
        held_worth = sum(part.worth for part in held)
        _check_details(purchase_input, purchase_input.details, programme, held_worth)


def _check_pay_with(pay_with: Sequence[WalletPayment], programme: Programme) -> None:
    if len(pay_with) > MAX_WALLETS or len({part.wallet for part in pay_with}) < len(pay_with):
        raise InvalidInput("payWith", f"Name each wallet once, at most {MAX_WALLETS} of them.")
    codes = [spec.code for spec in programme.wallets if spec.pay_terms is not None]
    for index, part in enumerate(pay_with):
        if part.wallet not in codes:
            choices = f"one of {', '.join(codes)}" if codes else "nothing: no wallet of the programme pays"
            raise InvalidInput(f"payWith[{index}].wallet", f"Write {choices}.")
        check_amount(part.units, field=f"payWith[{index}].units", minimum=1)


def _check_details(
    purchase_input: PurchaseInput, details: ReceiptDetails, programme: Programme, held_worth: int
) -> None:
    terms = {spec.code: spec.pay_terms for spec in programme.wallets}
    worths = [
        own_terms.worth_of(part.units)
        for part in purchase_input.pay_with
        if (own_terms := terms.get(part.wallet)) is not None
    ]
    for fault in detail_faults(details, total=purchase_input.total, paid_by_wallets=sum(worths) + held_worth):
        raise InvalidInput(fault.field, fault.message)


def payment_fault(purchase_input: PurchaseInput, refusal: Refusal) -> InvalidInput:
    """Return what a quote says of a payment that a purchase would be refused for."""
    if isinstance(refusal, PaymentNotAccepted):
        wallets = [part.wallet for part in purchase_input.pay_with]
        field = f"payWith[{wallets.index(refusal.wallet)}].units" if refusal.wallet in wallets else "paidWith"
        message = {
            "STEP": f"Write a multiple of {refusal.bound}.",
            "MINIMUM": f"Write {refusal.bound} or more.",
            "SHARE": f"Write at most {refusal.bound}: this purchase takes no more of the wallet.",
            "NOT_PAYABLE": "Write another wallet: this one did not pay at that time.",
        }[refusal.reason]
        return InvalidInput(field, message)
    if isinstance(refusal, HoldNotUsable):
        return InvalidInput("paidWith", "Write a hold that is neither captured nor released.")
    return InvalidInput("payWith", f"Write less: {refusal.message}.")


def _check_line(line: PurchaseInputLine, field: str) -> None:
    check_identifier(line.sku, field=f"{field}.sku")
    check_amount(line.amount, field=f"{field}.amount")
    if not 1 <= line.quantity <= MAX_VALUE:
        raise InvalidInput(f"{field}.quantity", "Write a whole number from 1.")
    for name, text in (("name", line.name), ("category", line.category)):
        if text is not None:
            check_text(text, field=f"{field}.{name}", max_length=MAX_TEXT_LENGTH)

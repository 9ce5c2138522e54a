"""The fiscal record of a receipt and of each of its refunds.

    gross = discounts by voucher or by what a wallet had held + paid from wallets + paid otherwise

A `discount` lowers this sale, a `payment` is a means of paying it, a `credit` is granted for later and stands
apart. Refunds share in proportion: what has come back so far of each part is floored (of payments by
`payments.back_so_far`), each refund is the difference to the one before. So the parts of all refunds add up
to the receipt, and none ever gives where another takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Literal

from domain.model.ledger.decision import Entry
from domain.model.ledger.events import Purchase
from domain.model.ledger.fiscal.receipt_details import ReceiptDetails, TaxLine, Tender
from domain.model.ledger.payments import back_so_far
from domain.model.values import dataclass, evolve

FiscalKind = Literal["DISCOUNT", "PAYMENT", "CREDIT"]
FiscalMeans = Literal["VOUCHER", "WALLET", "TENDER"]

OTHERWISE = "other"  # the tender of what nobody said how it was paid
_NO_TAX = TaxLine("", 0, 0)  # where a receipt of 0 was corrected, nothing is known of its taxes


@dataclass(frozen=True, slots=True)
class FiscalPart:
    """One part of a record, in minor units: a discount by a voucher of the reward `code` or by what was held
    of the wallet `code`, a payment from the wallet or by the tender `code`, or a credit granted in the wallet
    `code`. `units` are the wallet's.
    """

    kind: FiscalKind
    means: FiscalMeans
    code: str
    amount: int
    units: int | None = None
    voucher: str | None = None


@dataclass(frozen=True, slots=True)
class FiscalRecord:
    """What a receipt, a refund or a correction of it comes to; of a refund all amounts are negative or 0, of
    a correction they are what it adds, or takes with a minus.
    """

    parts: tuple[FiscalPart, ...] = ()
    taxes: tuple[TaxLine, ...] = ()

    @property
    def gross(self) -> int:
        """The sale before discounts, in minor units."""
        return self.discounts + self.payments

    @property
    def discounts(self) -> int:
        """What vouchers, and what was held of wallets, took off."""
        return sum(part.amount for part in self.parts if part.kind == "DISCOUNT")

    @property
    def payments(self) -> int:
        """What was paid, from wallets and otherwise."""
        return sum(part.amount for part in self.parts if part.kind == "PAYMENT")


# ---------------------------------------------------------------- a receipt
def sale_record(
    purchase: Purchase,
    *,
    details: ReceiptDetails | None = None,
    discounts: Iterable[FiscalPart] = (),
    entries: Iterable[Entry] = (),
    money_wallets: frozenset[str] = frozenset(),
) -> FiscalRecord:
    """Return the record of a receipt: what its till said, its vouchers' discounts, and the entries that it
    brought.
    """
    details = details or ReceiptDetails()
    paid = purchase.payment.parts if purchase.payment is not None else ()
    by_wallets = [FiscalPart(one.fiscal, "WALLET", one.wallet, one.worth, one.units) for one in paid]
    due = purchase.total - sum(part.amount for part in by_wallets)
    tenders = [FiscalPart("PAYMENT", "TENDER", one.kind, one.amount) for one in details.tenders]
    if not tenders and due:
        tenders = [FiscalPart("PAYMENT", "TENDER", OTHERWISE, due)]
    granted = credit_parts(entries, money_wallets)
    return FiscalRecord((*discounts, *by_wallets, *tenders, *granted), details.taxes)


def credit_parts(entries: Iterable[Entry], money_wallets: frozenset[str]) -> tuple[FiscalPart, ...]:
    """Return the credit that entries granted in money wallets, less what they clawed back."""
    granted: dict[str, int] = {}
    for entry in entries:
        if entry.wallet in money_wallets and entry.kind in ("AWARD", "BONUS", "CLAWBACK"):
            granted[entry.wallet] = granted.get(entry.wallet, 0) + entry.amount
    return tuple(FiscalPart("CREDIT", "WALLET", code, amount) for code, amount in granted.items() if amount)


# ---------------------------------------------------------------- its corrections
def details_of_total(
    details: ReceiptDetails | None, recorded: Purchase, corrected: Purchase
) -> ReceiptDetails | None:
    """Return what a till said of a receipt as it shares in another total: what is paid otherwise by what each
    tender had of it, taxes in proportion, floored. Tenders of nothing take no part: the rest is `other`.
    """
    if details is None or not recorded.total:
        return None
    tenders = [FiscalPart("PAYMENT", "TENDER", one.kind, one.amount) for one in details.tenders]
    spread = (
        _spread(corrected.total - _paid_by_wallets(corrected), tenders)
        if any(part.amount for part in tenders)
        else ()
    )
    share = _Share(corrected.total, recorded.total, is_whole=True)
    return ReceiptDetails(
        tuple(TaxLine(tax.rate, share.of(tax.base), share.of(tax.amount)) for tax in details.taxes),
        tuple(Tender(part.code, part.amount) for part in spread),
    )


def correction_record(
    before: FiscalRecord,
    after: FiscalRecord,
    *,
    entries: Iterable[Entry] = (),
    money_wallets: frozenset[str] = frozenset(),
) -> FiscalRecord:
    """Return the record of a correction: what each part of the sale has more or less. Parts of one kind and
    code, as two cards, count together.
    """
    parts = dict[tuple[str, ...], FiscalPart]()
    for sign, record in ((1, after), (-1, before)):
        for part in record.parts:
            key = part.kind, part.means, part.code, part.voucher or ""
            known = parts.get(key) or evolve(part, amount=0, units=None if part.units is None else 0)
            units = None if part.units is None else (known.units or 0) + sign * part.units
            parts[key] = evolve(known, amount=known.amount + sign * part.amount, units=units)
    taxes = [
        TaxLine(tax.rate or known.rate, tax.base - known.base, tax.amount - known.amount)
        for tax, known in zip_longest(after.taxes, before.taxes, fillvalue=_NO_TAX)
    ]
    return FiscalRecord((*parts.values(), *credit_parts(entries, money_wallets)), tuple(taxes))


def _paid_by_wallets(purchase: Purchase) -> int:
    return sum(part.worth for part in purchase.payment.parts) if purchase.payment is not None else 0


# ---------------------------------------------------------------- its refunds
def refund_record(
    sale: FiscalRecord,
    *,
    total: int,
    before: Purchase,
    remaining: Purchase,
    entries: Iterable[Entry] = (),
    money_wallets: frozenset[str] = frozenset(),
) -> FiscalRecord:
    """Return the record of one refund of a sale of `total`: what stood `before` it and what remains."""
    earlier, now = _returned_so_far(sale, total, before), _returned_so_far(sale, total, remaining)
    parts = [
        evolve(
            part,
            amount=earlier_part.amount - part.amount,
            units=None if part.units is None else (earlier_part.units or 0) - part.units,
        )
        for part, earlier_part in zip(now.parts, earlier.parts, strict=True)
    ]
    taxes = [
        TaxLine(tax.rate, earlier_tax.base - tax.base, earlier_tax.amount - tax.amount)
        for tax, earlier_tax in zip(now.taxes, earlier.taxes, strict=True)
    ]
    return FiscalRecord((*parts, *credit_parts(entries, money_wallets)), tuple(taxes))


def _returned_so_far(sale: FiscalRecord, total: int, remaining: Purchase) -> FiscalRecord:
    """Return what has come back of a sale once `remaining` is what is left of it."""
    share = _Share(total - remaining.total, total, remaining.is_returned)
    money, by_wallets = share.refunded, list[FiscalPart]()
    if remaining.payment is not None:
        back = back_so_far(remaining)
        money = back.money
        by_wallets = [
            FiscalPart(part.fiscal, "WALLET", part.wallet, part.worth, part.units) for part in back.wallets
        ]
    tenders = _spread(money, [part for part in sale.parts if part.means == "TENDER"])
    vouchers = [part for part in sale.parts if part.means == "VOUCHER"]
    discounts = [evolve(part, amount=share.of(part.amount)) for part in vouchers]
    taxes = [TaxLine(tax.rate, share.of(tax.base), share.of(tax.amount)) for tax in sale.taxes]
    return FiscalRecord((*discounts, *by_wallets, *tenders), tuple(taxes))


@dataclass(frozen=True, slots=True)
class _Share:
    """How much of a sale was refunded so far; a sale of 0 is refunded whole or not at all."""

    refunded: int
    total: int
    is_whole: bool

    def of(self, amount: int) -> int:
        """Return the share of an amount, floored."""
        if self.total:
            return amount * self.refunded // self.total
        return amount if self.is_whole else 0


def _spread(returned: int, parts: Sequence[FiscalPart]) -> list[FiscalPart]:
    """Spread what came back over parts in proportion: of each part and all behind it, the part's share is
    floored. So no part ever shrinks while more comes back.
    """
    behind, spread = sum(part.amount for part in parts), []
    for part in parts:
        amount = returned * part.amount // behind if behind else 0
        spread.append(evolve(part, amount=amount))
        returned, behind = returned - amount, behind - part.amount
    return spread

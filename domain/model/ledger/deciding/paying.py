"""Paying for a purchase with wallets: taken whole with the decision of the purchase or not at all, and given
back in proportion by refunds, to the days it came from.
"""

from __future__ import annotations

from domain.model.ledger.deciding.awarding import give_back
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.decision import BalanceTooLow, MemberFrozen
from domain.model.ledger.events import Payment, Refund
from domain.model.ledger.gifts import Deduction
from domain.model.ledger.holding import effects as holding
from domain.model.ledger.payments import back_so_far, last_parts
from domain.model.ledger.wallet import InsufficientBalance
from domain.model.programme import Programme


def pay(builder: RowBuilder, payment: Payment) -> None:
    """Take what wallets pay of a purchase, also what was set aside for it. Raises MemberFrozen, BalanceTooLow
    where it is not there, and HoldNotUsable.
    """
    if builder.member.frozen:
        raise MemberFrozen("a frozen member pays with no wallet")
    for part in payment.parts:
        if part.hold is not None:
            taken, on = holding.capture(builder, part)
            builder.payments.append(Deduction(part.wallet, taken, on))
            continue
        try:
            taken = builder.take(part.wallet, part.units, kind="SPEND", rule=None, is_payment=True)
        except InsufficientBalance as error:
            raise BalanceTooLow(error.missing) from None
        builder.payments.append(Deduction(part.wallet, taken, builder.today))


def return_payment(builder: RowBuilder, refund: Refund, programme: Programme) -> None:
    """Give back what a refund returns of what wallets paid. `programme` is that of the purchase."""
    if refund.before.payment is None:
        return
    before, now = back_so_far(refund.before), back_so_far(refund.remaining)
    for deduction, earlier, back in zip(refund.purchase.payments, before.wallets, now.wallets, strict=True):
        parts = last_parts(deduction.parts, earlier.units, back.units)
        if parts:
            give_back(
                builder,
                deduction.wallet,
                parts,
                taken_on=deduction.on,
                is_payment=True,
                programme=programme,
            )

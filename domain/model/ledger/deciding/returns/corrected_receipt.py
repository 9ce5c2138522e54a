"""The arithmetic of a correction: the receipt as it is right, and what of it stands after its refunds."""

from __future__ import annotations

from collections.abc import Sequence

from domain.model.ledger.deciding.returns.refund_lines import apportion
from domain.model.ledger.decision import AlreadyCorrect, CorrectionRefused, PaymentNotAccepted
from domain.model.ledger.events import Line, Purchase
from domain.model.ledger.payments import with_worth
from domain.model.programme import Programme
from domain.model.values import dataclass, evolve


@dataclass(frozen=True, slots=True)
class CorrectedReceipt:
    """A receipt as it is right, and what stands of it: less what refunds have taken back."""

    purchase: Purchase
    remaining: Purchase


def corrected_receipt(
    programme: Programme,
    recorded: Purchase,
    remaining: Purchase,
    *,
    stated: Purchase,
    total: int,
    lines: Sequence[Line] | None,
) -> CorrectedReceipt:
    """Return a receipt with another total, and other lines where these are named; else with the lines that
    were `stated` last, spread over the total as they were over theirs. `programme` is that of the purchase.

    Raises CorrectionRefused, AlreadyCorrect.
    """
    returned = recorded.total - remaining.total
    if remaining.is_returned:
        raise CorrectionRefused("RETURNED", returned=returned)
    is_whole = not returned and recorded.lines == remaining.lines
    lines_now = tuple(lines) if lines is not None else spread(stated, total)
    if total == recorded.total and lines_now == recorded.lines:
        raise AlreadyCorrect
    corrected = evolve(recorded, total=total, lines=lines_now)
    if recorded.payment is not None:
        if not is_whole:
            raise CorrectionRefused("PAID_AND_RETURNED", returned=returned)
        corrected = _with_payment(programme, recorded, corrected)
    if is_whole:
        return CorrectedReceipt(corrected, corrected)
    return CorrectedReceipt(corrected, _less_returned(corrected, recorded, remaining))


def spread(stated: Purchase, total: int) -> tuple[Line, ...]:
    """Return the lines of a receipt as they share in another total: by what each has of the one that was
    stated, largest remainder first. What they do not add up to shares as one more line.
    """
    amounts = [line.amount for line in stated.lines]
    if not stated.total or total == stated.total:
        return stated.lines
    parts = apportion(total, [*amounts, stated.total - sum(amounts)])
    return tuple(evolve(line, amount=part) for line, part in zip(stated.lines, parts, strict=False))


def _with_payment(programme: Programme, recorded: Purchase, corrected: Purchase) -> Purchase:
    """Return the receipt with what wallets paid of it, by the terms of its day."""
    assert recorded.payment is not None, "asked of a purchase that wallets paid for"
    try:
        return with_worth(programme, corrected, recorded.payment.parts)
    except PaymentNotAccepted:
        raise CorrectionRefused("PAYMENT") from None


def _less_returned(corrected: Purchase, recorded: Purchase, remaining: Purchase) -> Purchase:
    returned = recorded.total - remaining.total
    refusal = CorrectionRefused("BELOW_RETURNED", returned=returned)
    if corrected.total <= returned:
        raise refusal
    known = {line.line: line for line in remaining.lines}
    gone = {
        line.line: (line.amount - left.amount, line.quantity - left.quantity)
        for line in recorded.lines
        if (left := known.get(line.line)) is not None
    }
    lines = []
    for line in corrected.lines:
        amount, quantity = gone.pop(line.line, (0, 0))
        if amount > line.amount or quantity > line.quantity:
            raise refusal
        lines.append(evolve(line, amount=line.amount - amount, quantity=line.quantity - quantity))
    total = corrected.total - returned
    if (
        any(amount or quantity for amount, quantity in gone.values())
        or sum(one.amount for one in lines) > total
    ):
        raise refusal
    return evolve(corrected, total=total, lines=tuple(lines))

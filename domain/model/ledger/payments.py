"""What wallets pay of a purchase: what that is worth, what is left of it after refunds, and how it lies on
the lines. Pure integer arithmetic in minor units of the currency and units of the wallets.

Of what was refunded so far, money back is paid x refunded / total, floored; the rest is wallet value, and
units back are units x value back / value paid, floored. So refunds in any order give back the same, a whole
return gives back all, and never more money than was paid in money.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from domain.model.ledger.deciding.returns.refund_lines import apportion
from domain.model.ledger.decision import PaymentNotAccepted
from domain.model.ledger.events import Payment, Purchase, WalletPayment
from domain.model.ledger.holding.holds import priced
from domain.model.ledger.lots import NO_HOLDS, Hold, LotPart
from domain.model.programme import PayTerms, Programme
from domain.model.values import dataclass, evolve


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class PaymentBack:
    """What came back of a purchase, by one refund or by all so far: money in minor units, and of each wallet
    that had paid its units with what those stand for.
    """

    money: int
    wallets: tuple[WalletPayment, ...] = ()


@dataclass(frozen=True, slots=True)
class PayableWallet:
    """The most that can be paid with a wallet, in its units, and what that is worth in minor units."""

    wallet: str
    units: int
    worth: int
    terms: PayTerms


# ---------------------------------------------------------------- what a purchase can be paid with
def payable_base(programme: Programme, purchase: Purchase) -> int:
    """Return what of a purchase wallets may pay: its total less lines of ineligible categories."""
    out = programme.programme.ineligible
    lines = [line.amount for line in purchase.lines if line.category in out] if out else ()
    return max(0, purchase.total - sum(lines))


def with_worth(
    programme: Programme,
    purchase: Purchase,
    wanted: Iterable[WalletPayment],
    *,
    promised: Mapping[str, Hold] = NO_HOLDS,
) -> Purchase:
    """Return a purchase with its payment by the programme's terms, or as the holds among it `promised`.
    Raises PaymentNotAccepted.
    """
    base = payable_base(programme, purchase)
    left, parts = base, list[WalletPayment]()
    for part in wanted:
        hold = promised.get(part.hold) if part.hold is not None else None
        if hold is not None:
            held_part = _promised(programme, part, hold, total=purchase.total, base=base, left=left)
            left -= held_part.worth
            parts.append(held_part)
            continue
        terms = programme.pay_terms(part.wallet)
        if terms is None:
            raise PaymentNotAccepted(part.wallet, "NOT_PAYABLE")
        if part.units % terms.whole_step:
            raise PaymentNotAccepted(part.wallet, "STEP", terms.whole_step)
        if part.units < terms.least_units:
            raise PaymentNotAccepted(part.wallet, "MINIMUM", terms.least_units)
        worth, most = terms.worth_of(part.units), min(left, terms.most_worth(base))
        if worth > most:
            bound = terms.most_units(most, available=part.units)
            raise PaymentNotAccepted(part.wallet, "SHARE", bound)
        left -= worth
        parts.append(evolve(part, worth=worth, earns=terms.earns))
    payable = base if base != purchase.total else None
    return evolve(purchase, payment=Payment(purchase.total, tuple(parts), payable))


def _promised(
    programme: Programme, part: WalletPayment, hold: Hold, *, total: int, base: int, left: int
) -> WalletPayment:
    """Return a payment by a hold, worth what the hold said for as much of it, floored: also where the terms
    have changed. Only an order that became smaller goes by the share of these terms.
    """
    promised, terms = priced(part, hold), programme.pay_terms(part.wallet)
    is_smaller = total < hold.total
    most = min(left, terms.most_worth(base)) if terms is not None and is_smaller else left
    if promised.worth > most:
        bound = terms.most_units(most, available=part.units) if terms is not None else 0
        raise PaymentNotAccepted(part.wallet, "SHARE", bound)
    return promised


def payable_wallets(
    programme: Programme, purchase: Purchase, *, available: Mapping[str, int]
) -> tuple[PayableWallet, ...]:
    """Return the most that can be paid of these balances with each wallet that members pay with, in the order
    of the file, beside what the others pay of the purchase already.
    """
    base, out = payable_base(programme, purchase), list[PayableWallet]()
    paid = {part.wallet: part.worth for part in purchase.payment.parts} if purchase.payment else {}
    for spec in programme.wallets:
        terms = spec.pay_terms
        if terms is not None:
            most = min(terms.most_worth(base), base - sum(paid.values()) + paid.get(spec.code, 0))
            units = terms.most_units(most, available=available.get(spec.code, 0))
            out.append(PayableWallet(spec.code, units, terms.worth_of(units), terms))
    return tuple(out)


# ---------------------------------------------------------------- what refunds give back
def back_so_far(purchase: Purchase) -> PaymentBack:
    """Return what all refunds have given back of a purchase of which this is left; its payment says what it
    was paid with.
    """
    payment = purchase.payment
    assert payment is not None, "asked of a purchase that wallets paid for"
    value = sum(part.worth for part in payment.parts)
    refunded = payment.total - purchase.total
    money = (payment.total - value) * refunded // payment.total
    value_back = refunded - money
    worths = _worths_back([part.worth for part in payment.parts], value_back)
    return PaymentBack(
        money,
        tuple(
            evolve(part, units=part.units * value_back // value, worth=worth)
            for part, worth in zip(payment.parts, worths, strict=True)
        ),
    )


def payment_back(before: Purchase, remaining: Purchase) -> PaymentBack:
    """Return what one refund gives back."""
    if before.payment is None:
        return PaymentBack(before.total - remaining.total)
    earlier, now = back_so_far(before), back_so_far(remaining)
    return PaymentBack(
        now.money - earlier.money,
        tuple(
            evolve(part, units=part.units - known.units, worth=part.worth - known.worth)
            for part, known in zip(now.wallets, earlier.wallets, strict=True)
        ),
    )


def payment_left(purchase: Purchase) -> tuple[WalletPayment, ...]:
    """Return what is left of what wallets paid, after refunds."""
    if purchase.payment is None:
        return ()
    back = back_so_far(purchase).wallets
    return tuple(
        evolve(part, units=part.units - gone.units, worth=part.worth - gone.worth)
        for part, gone in zip(purchase.payment.parts, back, strict=True)
    )


def paid_otherwise(purchase: Purchase) -> int:
    """Return what is left of a purchase less what wallets paid of it."""
    return purchase.total - sum(part.worth for part in payment_left(purchase))


def _worths_back(worths: Sequence[int], value_back: int) -> list[int]:
    """Split the value that came back over the wallets by the method of Jefferson: none ever falls while the
    whole grows, whatever the refunds, and all of it gives all of each.
    """
    whole = sum(worths)
    out = [value_back * worth // whole for worth in worths]
    for _ in range(value_back - sum(out)):
        place = max(range(len(worths)), key=lambda at: (Fraction(worths[at], out[at] + 1), -at))
        out[place] += 1
    return out


def last_parts(parts: Sequence[LotPart], start: int, end: int) -> tuple[LotPart, ...]:
    """Return of what a payment took the units from `start` to `end`, counted from the last lot that it took:
    what is not paid any more comes back first.
    """
    out, place = list[LotPart](), 0
    for part in reversed(parts):
        amount = min(end, place + part.amount) - max(start, place)
        if amount > 0:
            out.append(evolve(part, amount=amount))
        place += part.amount
    return tuple(out)


# ---------------------------------------------------------------- what earns
def unearning_left(purchase: Purchase, *, base: int) -> int:
    """Return what wallets paid, and does not earn, of what they might pay and is left (`base`): in proportion
    to that. So no line that earns counts for more once another is returned, ineligible or not.
    """
    payment = purchase.payment
    assert payment is not None, "asked of a purchase that wallets paid for"
    payable = payment.total if payment.payable is None else payment.payable
    worths = [part.worth for part in payment.parts]
    value_back = sum(worths) - sum(worths) * base // payable if payable else 0
    parts = zip(payment.parts, _worths_back(worths, value_back), strict=True)
    return sum(part.worth - back for part, back in parts if not part.earns)


def paid_by_line(programme: Programme, purchase: Purchase) -> dict[int, int]:
    """Return what wallets paid of each line and does not earn, by the line's number: spread over the lines
    that are not ineligible as a refund by amount is. What the lines do not add up to takes its share.
    """
    out = programme.programme.ineligible
    lines = [line for line in purchase.lines if line.category not in out]
    amounts = [line.amount for line in lines]
    unseen = purchase.total - sum(line.amount for line in purchase.lines)
    base = sum(amounts) + unseen
    if not base:
        return {}
    parts = apportion(min(unearning_left(purchase, base=base), base), [*amounts, unseen])
    return {line.line: part for line, part in zip(lines, parts, strict=False)}

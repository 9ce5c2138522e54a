"""What rules took from wallets, given back as far as it no longer stands: the lots taken last come back
first, as if less had been taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.model.ledger.deciding.awarding import give_back
from domain.model.ledger.deciding.earning import Verdict
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.gifts import Deduction, Gift
from domain.model.ledger.lots import LotPart
from domain.model.values import evolve


def return_excess(
    builder: RowBuilder, gift: Gift, verdict: Verdict, returned: Mapping[str, int]
) -> dict[str, int]:
    """Give back what a gift took beyond what its rule takes now. `returned` is what came back of it before,
    by wallet. Returns what comes back now.
    """
    now = dict[str, int]()
    for spec, amount in zip(verdict.rule.deductions, verdict.deductions, strict=True):
        now[spec.wallet] = now.get(spec.wallet, 0) + amount
    left = unreturned(gift, returned)
    excess = {code: amount - now.get(code, 0) for code, amount in by_wallet(left).items()}
    excess = {code: amount for code, amount in excess.items() if amount > 0}
    for code, amount in excess.items():
        _, taken = _split_last(left, code, amount)
        for deduction in taken:
            give_back(builder, code, deduction.parts, taken_on=deduction.on)
    return excess


def unreturned(gift: Gift, returned: Mapping[str, int]) -> tuple[Deduction, ...]:
    """Return what a gift took less what came back of it before, by wallet."""
    deductions = gift.deductions
    for code, amount in returned.items():
        deductions, _ = _split_last(deductions, code, amount)
    return deductions


def by_wallet(deductions: tuple[Deduction, ...]) -> dict[str, int]:
    """Return what deductions took, by wallet."""
    totals = dict[str, int]()
    for deduction in deductions:
        amount = sum(part.amount for part in deduction.parts)
        totals[deduction.wallet] = totals.get(deduction.wallet, 0) + amount
    return totals


def _split_last(
    deductions: tuple[Deduction, ...], code: str, amount: int
) -> tuple[tuple[Deduction, ...], tuple[Deduction, ...]]:
    """Return deductions without the last so much of a wallet, and that."""
    rest, last = list[Deduction](), list[Deduction]()
    for deduction in reversed(deductions):
        parts, taken = list[LotPart](), list[LotPart]()
        for part in reversed(deduction.parts):
            less = min(amount, part.amount) if deduction.wallet == code else 0
            amount -= less
            if less:
                taken.append(evolve(part, amount=less))
            if less < part.amount:
                parts.append(evolve(part, amount=part.amount - less))
        if parts:
            rest.append(evolve(deduction, parts=tuple(parts[::-1])))
        if taken:
            last.append(evolve(deduction, parts=tuple(taken[::-1])))
    return tuple(rest[::-1]), tuple(last[::-1])

"""What of a receipt a rule counted, so that somebody can work out what it gave."""

from __future__ import annotations

from domain.model.ledger.events import Purchase
from domain.model.ledger.views.expression_view import eligible
from domain.model.programme import Award, Programme, Rule
from domain.model.values import dataclass


@dataclass(frozen=True, slots=True)
class CountedAmount:
    """What an award counted: minor units of a receipt's total, and the categories whose lines did not count.
    It gave `amount` units for each `per` minor units, and `extra` units more by the tier or plan.
    """

    counted: int
    total: int
    left_out: tuple[str, ...]
    amount: int
    per: int
    extra: int = 0


def counted_amount(
    programme: Programme, rule: Rule, wallet: str, purchase: Purchase, *, awarded: int
) -> CountedAmount | None:
    """Return what a rule counted of a receipt where it gave units of a wallet, in full; None where the rule
    counts something else than the receipt's total or what of it may earn.
    """
    awards = [award for award in rule.awards if award.wallet == wallet]
    if len(awards) != 1:
        return None
    counted = _counted(programme, awards[0], purchase)
    amount, per = awards[0].amount, awards[0].per
    if counted is None or amount is None:
        return None
    base = counted // per * amount if awards[0].whole else counted * amount // per
    if awarded < base or (awarded > base and not awards[0].tiered):
        return None
    ineligible = programme.programme.ineligible if counted < purchase.total else ()
    left_out = dict.fromkeys(line.category for line in purchase.lines if line.category in ineligible)
    return CountedAmount(
        counted, purchase.total, tuple(code for code in left_out if code), amount, per, awarded - base
    )


def _counted(programme: Programme, award: Award, purchase: Purchase) -> int | None:
    if award.of is None or award.of.kind != "value":
        return None
    if award.of.expression.source == "purchase.total":
        return purchase.total
    return eligible(programme, purchase) if award.of.expression.source == "purchase.eligible" else None

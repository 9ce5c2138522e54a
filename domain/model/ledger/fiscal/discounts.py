"""What a voucher takes off a receipt, in minor units, by its value as it was issued."""

from __future__ import annotations

from domain.model.programme import VoucherValue

WHOLE = 100


def discount_off(value: VoucherValue | None, goods_total: int) -> int:
    """Return what a voucher takes off goods of this total: never more than they cost, half a cent rounded
    up. 0 for what has no value in money, such as a product.
    """
    if value is None:
        return 0
    if value.amount is not None:
        return min(value.amount, goods_total)
    return _rounded(goods_total * (value.percent or 0), WHOLE)


def discount_within(value: VoucherValue | None, paid_total: int) -> int:
    """Return what a voucher has taken off a receipt whose total is what was left to pay. 0 where a percentage
    left nothing: what the goods cost is then not known.
    """
    if value is None:
        return 0
    if value.amount is not None:
        return value.amount
    percent = value.percent or 0
    return _rounded(paid_total * percent, WHOLE - percent) if percent < WHOLE else 0


def _rounded(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)

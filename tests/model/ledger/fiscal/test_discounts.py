"""What a voucher takes off, by its value: of what the goods cost, or of what was left to pay."""

import pytest

from domain.model.ledger.fiscal.discounts import discount_off, discount_within
from domain.model.programme import VoucherValue

FIVE_OFF = VoucherValue(amount=500)
TENTH_OFF = VoucherValue(percent=10)
ALL_OFF = VoucherValue(percent=100)


@pytest.mark.parametrize(
    ("value", "goods", "off"),
    [
        (FIVE_OFF, 2_000, 500),
        (FIVE_OFF, 400, 400),
        (TENTH_OFF, 1_994, 199),
        (TENTH_OFF, 1_995, 200),  # 199.5, rounded up
        (ALL_OFF, 1_995, 1_995),
        (None, 1_995, 0),
    ],
)
def test_off_goods(value: VoucherValue | None, goods: int, off: int) -> None:
    assert discount_off(value, goods) == off


@pytest.mark.parametrize(
    ("value", "paid", "off"),
    [
        (FIVE_OFF, 1_500, 500),
        (TENTH_OFF, 1_795, 199),  # 19.94 less 1.99 is 17.95
        (TENTH_OFF, 900, 100),
        (ALL_OFF, 0, 0),
        (None, 1_995, 0),
    ],
)
def test_within_what_was_left_to_pay(value: VoucherValue | None, paid: int, off: int) -> None:
    assert discount_within(value, paid) == off

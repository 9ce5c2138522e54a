"""Every order of buying, using, returning, cancelling, reversing, redeeming and changing tier: none leaves more
than the purchases that stand earn. Four acts here; `scripts/storms/orders` tries six.
"""

from __future__ import annotations

import pytest

from tests.laws.orders import (
    PROGRAMMES,
    OrderRun,
    excess,
    excess_when_all_is_returned,
    order_programme,
    orders,
)


@pytest.mark.parametrize("name", PROGRAMMES)
def test_no_order_leaves_more_than_what_stands_earns(name: str) -> None:
    for acts, run in orders(OrderRun(order_programme(name)), 4):
        assert excess(run) == [], acts
        assert excess_when_all_is_returned(run) == [], acts


@pytest.mark.parametrize("name", PROGRAMMES)
def test_no_order_with_a_multiplier_leaves_anything_when_all_is_returned(name: str) -> None:
    for acts, run in orders(OrderRun(order_programme(name, ", multiplier: 1.5")), 3):
        assert excess_when_all_is_returned(run) == [], acts

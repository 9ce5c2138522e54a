"""Money as other systems write it, in minor units: exact, by the currency's own decimals, never by floats.

CEL cannot do this: `int(double("19.99") * 100.0)` is 1998.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from babel.numbers import get_currency_precision

LARGEST_MINOR: Final = 10**12
LONGEST_TEXT: Final = 40
_PLAIN: Final = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,2})?")


class MoneyUnreadable(ValueError):
    """What stands where an amount should is none. The message holds no value: it may be personal."""


def minor_units(value: object, currency: str) -> int:
    """Return an amount, text or number, in the minor units of a currency: 1999 for "19.99" of EUR, 20 for 20
    of JPY. Digits beyond the currency's own are rounded, halves away from zero. Raises MoneyUnreadable.
    """
    amount = _decimal(value)
    exact = amount.scaleb(get_currency_precision(currency))
    if abs(exact) > LARGEST_MINOR:
        raise MoneyUnreadable("an amount is too large")
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _decimal(value: object) -> Decimal:
    match value:
        case bool():
            raise MoneyUnreadable("an amount is true or false")
        case Decimal():
            amount = value
        case int():
            return _bounded_integer(value)
        case float():
            amount = Decimal(repr(value))  # the shortest digits that mean it: what the sender wrote
        case str() if len(value) <= LONGEST_TEXT and _PLAIN.fullmatch(value.strip()):
            amount = Decimal(value.strip())
        case _:
            raise MoneyUnreadable(f"an amount is {_kind(value)}, not a number or a text such as 19.99")
    if not amount.is_finite() or (amount and abs(amount.adjusted()) > LONGEST_TEXT):
        raise MoneyUnreadable("an amount is no finite number")
    return amount


def _bounded_integer(value: int) -> Decimal:
    if abs(value) > LARGEST_MINOR:
        raise MoneyUnreadable("an amount is too large")
    return Decimal(value)


def _kind(value: object) -> str:
    return "missing" if value is None else "another text" if isinstance(value, str) else "a list or an object"

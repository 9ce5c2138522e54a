"""Purchases and refunds as a system posts them, in the minor units of the programme's currency.

    purchase.completed  {externalId?, total, currency?, lines?: [{sku?, category?, quantity?, amount, name?}]}
    purchase.refunded   {externalId, refundId?, amount}, or lines: [{line, amount, quantity?}] for the amount

A purchase is the state of its receipt: posted again under another id with another total it is put right.
Lines are numbered from 1. Without `externalId` a purchase's receipt is known by the event's id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from domain.model.intake.order_state import (
    GOODS,
    OrderLine,
    OrderRefund,
    OrderState,
    RefundedPart,
    with_rest,
)
from domain.model.intake.posted_events import LONGEST_ID, ItemRefused, PostedEvent
from domain.model.programme.faults import suggestion

MOST_LINES: Final = 500
LARGEST: Final = 10**9
LONGEST_TEXT: Final = 200
PURCHASE_KEYS: Final = ("externalId", "total", "currency", "lines")
LINE_KEYS: Final = ("sku", "category", "quantity", "amount", "name")
REFUND_KEYS: Final = ("externalId", "refundId", "amount", "lines")
REFUND_LINE_KEYS: Final = ("line", "amount", "quantity")


def order_of(event: PostedEvent, *, currency: str, at: datetime) -> OrderState:
    """Return the order of a `purchase.completed`; `at` is when it came, for one that names no instant.
    Raises ItemRefused.
    """
    fields = _Fields(event.fields, "data", PURCHASE_KEYS)
    total = fields.amount("total")
    rows = fields.rows("lines")
    named = [_line(number, row) for number, row in enumerate(rows, start=1)]
    # A system that names no lines sold goods: nothing of it is a rest that lines leave unexplained.
    lines, rest = with_rest(named or [OrderLine.summed(GOODS, total)], total)
    return OrderState(
        external_id=fields.text("externalId", LONGEST_ID) or event.number,
        currency=fields.text("currency", 3) or currency,
        total=total,
        lines=lines,
        occurred_at=event.at or at,
        updated_at=event.at or at,
        standing="counts",
        hints=event.hints,
        unexplained=rest,
    )


def refund_of(event: PostedEvent) -> OrderRefund:
    """Return the refund of a `purchase.refunded`. Raises ItemRefused."""
    fields = _Fields(event.fields, "data", REFUND_KEYS)
    order_id = fields.text("externalId", LONGEST_ID)
    if order_id is None:
        raise ItemRefused("data.externalId", "is missing", "write the number of the receipt that is refunded")
    rows = fields.rows("lines")
    if bool(rows) is (event.fields.get("amount") is not None):
        raise ItemRefused("data.amount", "a refund is an amount, or lines", 'write "amount": 500, or "lines"')
    id = fields.text("refundId", LONGEST_ID) or event.number
    if not rows:
        return OrderRefund(id, order_id, amount=fields.amount("amount"))
    return OrderRefund(id, order_id, tuple(_part(row) for row in rows))


def value_of(refund: OrderRefund) -> int:
    """Return what a refund takes back, in minor units."""
    return refund.amount + sum(part.amount for part in refund.parts)


def _line(number: int, row: _Fields) -> OrderLine:
    row.only(LINE_KEYS)
    amount, quantity = row.amount("amount"), row.whole("quantity", least=1, otherwise=1)
    sku = row.text("sku", LONGEST_ID) or str(number)
    category = row.text("category", LONGEST_TEXT) or GOODS
    name = row.text("name", LONGEST_TEXT)
    return OrderLine(str(number), sku, category, amount, quantity, amount, quantity, name)


def _part(row: _Fields) -> RefundedPart:
    row.only(REFUND_LINE_KEYS)
    number = row.whole("line", least=1, otherwise=None)
    return RefundedPart(str(number), row.amount("amount"), row.whole("quantity", least=0, otherwise=0))


class _Fields:
    """Reads the fields of an object that stands at a path."""

    def __init__(self, values: Mapping[str, object], path: str, known: Sequence[str] | None = None) -> None:
        self._values, self._path = values, path
        if known is not None:
            self.only(known)

    def only(self, known: Sequence[str]) -> None:
        """Raise ItemRefused for a field that is not known."""
        for name in self._values:
            if name not in known:
                remedy = suggestion(name[:64], known, "remove it")
                raise ItemRefused(f"{self._path}.{name[:64]}", "is not known here", remedy)

    def amount(self, name: str) -> int:
        """Return an amount in minor units."""
        value = self._values.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST:
            return value
        fault = "is missing" if value is None else "is no amount in minor units"
        remedy = f"write cents as a whole number: 1999, at most {LARGEST}"
        raise ItemRefused(f"{self._path}.{name}", fault, remedy)

    def whole(self, name: str, *, least: int, otherwise: int | None) -> int:
        """Return a whole number, else `otherwise`."""
        value = self._values.get(name, otherwise)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= LARGEST:
            return value
        raise ItemRefused(f"{self._path}.{name}", "is no whole number", f"write {least} or more")

    def text(self, name: str, longest: int) -> str | None:
        """Return a text; None where there is none."""
        value = self._values.get(name)
        if value is None:
            return None
        is_short = isinstance(value, str) and 0 < len(value) <= longest
        if isinstance(value, str) and is_short and value.isprintable() and value.strip():
            return value
        remedy = f"write 1 to {longest} printable characters"
        raise ItemRefused(f"{self._path}.{name}", "is no text that can be used", remedy)

    def rows(self, name: str) -> list[_Fields]:
        """Return the objects of a list; none where there is no list."""
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > MOST_LINES:
            fault = f"is no list of at most {MOST_LINES} lines"
            raise ItemRefused(f"{self._path}.{name}", fault, 'write [{"amount": 1999}]')
        for number, row in enumerate(value):
            if not isinstance(row, dict):
                raise ItemRefused(f"{self._path}.{name}[{number}]", "is no object", 'write {"amount": 1999}')
        return [_Fields(row, f"{self._path}.{name}[{number}]") for number, row in enumerate(value)]

"""What is known of an order by now, and what its receipt lacks of it: the newest body, the refunds that came
beside it, and the difference to what was recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.model.intake.order_state import OrderLine, OrderRefund, OrderState, what_is_left
from domain.model.ledger.deciding.returns.refund_lines import RefundLine
from domain.model.ledger.events import Line, Purchase
from domain.model.values import dataclass, evolve


@dataclass(frozen=True, slots=True)
class OrderBook:
    """All that is known of an order: its newest state, and every refund that was told apart from it."""

    state: OrderState | None = None
    refunds: tuple[OrderRefund, ...] = ()

    def with_state(self, state: OrderState) -> OrderBook:
        """Return the book with a state, unless a newer one is known."""
        if self.state is not None and _age(state) < _age(self.state):
            return self
        return evolve(self, state=state)

    def with_refund(self, refund: OrderRefund) -> OrderBook:
        """Return the book with a refund; one that is known changes nothing."""
        if any(known.id == refund.id for known in self.refunds):
            return self
        return evolve(self, refunds=(*self.refunds, refund))

    def left(self) -> tuple[OrderLine, ...]:
        """Return the lines as they stand by now; none before a state is known."""
        return what_is_left(self.state, self.refunds) if self.state is not None else ()


@dataclass(frozen=True, slots=True)
class ReceiptDifference:
    """What a receipt has to lose: some of its lines, or all that is left of it. `is_raised` where it lacks
    something instead.
    """

    lines: tuple[RefundLine, ...] = ()
    takes_all: bool = False
    is_raised: bool = False

    @property
    def is_none(self) -> bool:
        """Tell whether the receipt is as it should be."""
        return not (self.lines or self.takes_all or self.is_raised)


def _age(state: OrderState) -> tuple[datetime, int, bool]:
    """Return what tells the newer of two states: shops write whole seconds, and in one of them an order has
    more refunds later, and is taken back last.
    """
    return state.updated_at, len(state.refund_ids), state.standing == "void"


def difference(left: Sequence[OrderLine], *, remaining: Purchase, keys: Sequence[str]) -> ReceiptDifference:
    """Return what a receipt lacks. `keys` are the keys of its lines in their order."""
    wanted = {line.key: line for line in left}
    standing = dict(zip(keys, remaining.lines, strict=False))
    is_raised = any(
        line.left_amount > (standing[key].amount if key in standing else 0) for key, line in wanted.items()
    )
    if is_raised:
        return ReceiptDifference(is_raised=True)
    if remaining.is_returned:
        return ReceiptDifference()
    if not any(line.left_amount or line.left_quantity for line in left):
        return ReceiptDifference(takes_all=True)
    lines = (_lowered(line, wanted.get(key)) for key, line in standing.items())
    return ReceiptDifference(tuple(line for line in lines if line is not None))


def _lowered(line: Line, wanted: OrderLine | None) -> RefundLine | None:
    amount = line.amount - (wanted.left_amount if wanted is not None else 0)
    quantity = line.quantity - (wanted.left_quantity if wanted is not None else 0)
    if amount > 0:
        return RefundLine(line.line, quantity if quantity > 0 else None, amount)
    if line.amount == 0 and quantity > 0:
        return RefundLine(line.line, quantity)
    return None


def raised_lines(
    left: Sequence[OrderLine], *, recorded: Purchase, remaining: Purchase, keys: Sequence[str]
) -> tuple[OrderLine, ...]:
    """Return the lines that a receipt has to have so that, less what was returned, no line of it is below
    what is left of the order. `recorded` is the receipt as it is right by now, `keys` are those of its lines;
    they stay in their order, and new lines follow. What has to be lowered stays: a refund takes it after.
    """
    wanted, lines = {line.key: line for line in left}, list[OrderLine]()
    for key, line, standing in zip(keys, recorded.lines, remaining.lines, strict=False):
        target = wanted.pop(key, None)
        amount, quantity = line.amount, line.quantity
        if target is not None and target.left_amount > standing.amount:
            amount += target.left_amount - standing.amount
            quantity += max(target.left_quantity - standing.quantity, 0)
        lines.append(_receipt_line(key, line.sku, line.category, amount, quantity, line.name))
    for key, new in wanted.items():
        if new.left_amount:
            quantity = max(new.left_quantity, 1)
            lines.append(_receipt_line(key, new.sku, new.category, new.left_amount, quantity, new.name))
    return tuple(lines)


def _receipt_line(
    key: str, sku: str, category: str | None, amount: int, quantity: int, name: str | None
) -> OrderLine:
    return OrderLine(key, sku, category or "", amount, quantity, amount, quantity, name)


def keys_of(lines: Sequence[OrderLine]) -> tuple[str, ...]:
    """Return the keys of lines in their order."""
    return tuple(line.key for line in lines)

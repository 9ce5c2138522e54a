"""The arithmetic of a receipt: what stands of a purchase after taking back an amount, lines, or all of it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from domain.model.ledger.decision import RefundTooLarge
from domain.model.ledger.events import Line, Purchase
from domain.model.values import dataclass, evolve


@dataclass(frozen=True, slots=True)
class RefundLine:
    """What is taken back of one line: a quantity, an amount (goods by weight), or both. `line` as numbered in
    the purchase.
    """

    line: int
    quantity: int | None = None
    amount: int | None = None


def remaining_purchase(
    before: Purchase, *, amount: int | None = None, lines: Sequence[RefundLine] = ()
) -> Purchase:
    """Return what stands of a purchase after taking back an amount, or lines, or all that is left. Nothing is
    kept where the total falls to 0 or, on a purchase of 0, all quantities do. Raises RefundTooLarge.
    """
    if before.is_returned:
        raise RefundTooLarge(0)
    if lines:
        return _without_lines(before, lines)
    if amount is None or (amount == before.total and amount):
        return returned(before)
    if amount > before.total or amount <= 0:
        raise RefundTooLarge(before.total)
    return evolve(before, total=before.total - amount, lines=_spread(before, amount))


def returned(before: Purchase) -> Purchase:
    """Return a purchase of which nothing is kept."""
    lines = tuple(evolve(line, amount=0, quantity=0) for line in before.lines)
    return evolve(before, total=0, lines=lines, is_returned=True)


def _spread(before: Purchase, taken: int) -> tuple[Line, ...]:
    """Spread an amount over the lines by what remains of them, largest remainder first (earlier line first
    where equal).

    What the lines do not add up to of the total takes its share as one more, unseen line.
    """
    amounts = [line.amount for line in before.lines]
    parts = apportion(taken, [*amounts, before.total - sum(amounts)])
    return tuple(_less(line, part, 0) for line, part in zip(before.lines, parts, strict=False))


def apportion(taken: int, amounts: Sequence[int]) -> list[int]:
    """Split an amount in proportion to amounts that sum to more than 0, largest remainder first (the earlier
    one first where equal).
    """
    whole = sum(amounts)
    shares = [Fraction(taken * amount, whole) for amount in amounts]
    parts = [int(share) for share in shares]
    order = sorted(range(len(shares)), key=lambda at: (parts[at] - shares[at], at))
    for at in order[: taken - sum(parts)]:
        parts[at] += 1
    return parts


def _without_lines(before: Purchase, lines: Sequence[RefundLine]) -> Purchase:
    """Take lines, each clamped to what is left of it. Raises RefundTooLarge where nothing is left of any."""
    left = {line.line: line for line in before.lines}
    taken = 0
    for requested in lines:
        line = left.get(requested.line)
        if line is None:
            raise RefundTooLarge(before.total)
        amount = min(line.amount, _line_amount(line, requested))
        left[requested.line] = _less(line, amount, min(line.quantity, requested.quantity or 0))
        taken += amount
    remaining = tuple(left[line.line] for line in before.lines)
    if taken > before.total or remaining == before.lines:
        raise RefundTooLarge(before.total)
    is_empty = not any(line.quantity for line in remaining)
    if taken == before.total and (before.total or is_empty):
        return returned(before)
    return evolve(before, total=before.total - taken, lines=remaining)


def _line_amount(line: Line, requested: RefundLine) -> int:
    """amount x quantity / the line's quantity, floored; the last one takes the rest."""
    if requested.amount is not None:
        return requested.amount
    quantity = requested.quantity or 0
    return line.amount if quantity >= line.quantity else line.amount * quantity // line.quantity


def _less(line: Line, amount: int, quantity: int) -> Line:
    """Return what is left of a line. One that had an amount and is brought to nothing has no quantity."""
    rest = line.amount - amount
    return evolve(line, amount=rest, quantity=0 if line.amount and not rest else line.quantity - quantity)

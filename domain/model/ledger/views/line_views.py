"""The lines of a purchase as expressions see them, and what a decision may still spend on expressions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from domain.model.conditions import Expression, ExpressionFailed
from domain.model.expression_costs import MOST_STEPS
from domain.model.expression_engine import Context
from domain.model.ledger.events import Line
from domain.model.values import dataclass

# A decision judges an event twice, before and after it, and what it gives rise to. The check of a programme
# holds each event to one MOST_STEPS, so only a version from before that check comes to this end.
BUDGETS = 3


@dataclass(slots=True)
class StepBudget:
    """The steps that one decision has left for its expressions. What it can no longer pay counts as false."""

    left: int = BUDGETS * MOST_STEPS

    def pay(self, steps: int) -> bool:
        """Take steps, and tell whether there were enough; none is taken where there were not."""
        if steps > self.left:
            return False
        self.left -= steps
        return True


def line_view(line: Line) -> dict[str, object]:
    """Return a line as `lines` and `items` expressions see it."""
    return {
        "sku": line.sku,
        "name": line.name,
        "category": line.category,
        "quantity": line.quantity,
        "amount": line.amount,
    }


# The lines of two of the longest receipts: fewer would be built anew for each rule.
@lru_cache(maxsize=1024)
def line_context(line: Line) -> Context:
    """Return a line alone as an expression sees it."""
    return Context({"line": line_view(line)})


def judge_beside(
    expressions: Iterable[Expression], lines: Sequence[Line], values: Mapping[str, object]
) -> dict[Expression, list[object]]:
    """Return what each expression answers on each line, beside these values of the event and the member; an
    ExpressionFailure where it fails.
    """
    answers: dict[Expression, list[object]] = {expression: [] for expression in expressions}
    everything = Context(values)
    for line in lines:
        context = everything.replacing("line", line_view(line))
        for expression, of_lines in answers.items():
            of_lines.append(_answer(expression, context))
    return answers


def _answer(expression: Expression, context: Context) -> object:
    try:
        return expression.value(context)
    except ExpressionFailed as error:
        return error.failure

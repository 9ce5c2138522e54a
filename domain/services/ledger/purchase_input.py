"""A purchase as somebody hands it in, judged field by field: each refusal is an InvalidInput that names its
field.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.model.programme import Programme
from domain.services.errors import InvalidInput

MAX_VALUE = 10**9
MAX_LINES = 500
LINES = MAX_LINES
MAX_ID_LENGTH = 128
MAX_TEXT_LENGTH = 200
MAX_REASON_LENGTH = 500
MAX_EVENT_AGE = timedelta(days=400)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class PurchaseInputLine:
    """One line of a receipt: `amount` is the line's total."""

    sku: str
    amount: int
    quantity: int = 1
    name: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class PurchaseInput:
    """A receipt as the till reads it; amounts in minor units of `currency`. `occurred_at` None: now."""

    external_id: str
    total: int
    currency: str
    lines: tuple[PurchaseInputLine, ...] = ()
    occurred_at: datetime | None = None

    @property
    def key_input(self) -> Mapping[str, object]:
        """Return what an idempotency key is compared by."""
        lines = [[one.sku, one.amount, one.quantity, one.name, one.category] for one in self.lines]
        occurred_at_text = self.occurred_at.isoformat() if self.occurred_at else None
        return {
            "externalId": self.external_id,
            "total": self.total,
            "currency": self.currency,
            "lines": lines,
            "at": occurred_at_text,
        }


# ---------------------------------------------------------------- pure rules
def check_purchase_input(purchase_input: PurchaseInput, *, programme: Programme, now: datetime) -> None:
    """Judge a purchase. Raises InvalidInput."""
    check_identifier(purchase_input.external_id, field="externalId")
    check_amount(purchase_input.total, field="total")
    if purchase_input.currency != programme.programme.currency:
        raise InvalidInput("currency", f"The programme counts in {programme.programme.currency}.")
    if len(purchase_input.lines) > MAX_LINES:
        raise InvalidInput("lines", f"At most {MAX_LINES} lines.")
    for index, line in enumerate(purchase_input.lines):
        _check_line(line, f"lines[{index}]")
    if sum(line.amount for line in purchase_input.lines) > purchase_input.total:
        raise InvalidInput("lines", "The lines sum to at most the total.")
    if purchase_input.occurred_at is not None:
        check_past_instant(purchase_input.occurred_at, now=now)


def _check_line(line: PurchaseInputLine, field: str) -> None:
    check_identifier(line.sku, field=f"{field}.sku")
    check_amount(line.amount, field=f"{field}.amount")
    if not 1 <= line.quantity <= MAX_VALUE:
        raise InvalidInput(f"{field}.quantity", "Write a whole number from 1.")
    for name, text in (("name", line.name), ("category", line.category)):
        if text is not None:
            check_text(text, field=f"{field}.{name}", max_length=MAX_TEXT_LENGTH)


def check_identifier(text: str, *, field: str) -> None:
    """Judge an identity given by another system or a client: 1 to 128 characters that print."""
    check_text(text, field=field, max_length=MAX_ID_LENGTH)


def check_text(text: str, *, field: str, max_length: int) -> None:
    """Judge a text: not empty, not too long, no control characters."""
    if (
        not text.strip()
        or len(text) > max_length
        or any(unicodedata.category(each) in ("Cc", "Cs", "Cn") for each in text)
    ):
        raise InvalidInput(field, f"Write 1 to {max_length} characters, none of them a control character.")


def check_amount(value: int, *, field: str, minimum: int = 0) -> None:
    """Judge an amount in minor units or points."""
    if not minimum <= value <= MAX_VALUE:
        raise InvalidInput(field, f"Write a whole number from {minimum} to {MAX_VALUE}.")


def check_score(value: object, *, allowed_scores: range, field: str) -> int:
    """Judge an answer to a survey by the answers that there are."""
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed_scores:
        raise InvalidInput(field, f"Write a whole number from {allowed_scores[0]} to {allowed_scores[-1]}.")
    return value


def check_past_instant(instant: datetime, *, now: datetime) -> None:
    """Judge when something happened: not in the future, at most 400 days ago."""
    if instant > now:
        raise InvalidInput("occurredAt", "This is in the future.")
    if instant < now - MAX_EVENT_AGE:
        raise InvalidInput("occurredAt", "This is more than 400 days ago.")

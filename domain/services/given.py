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

LARGEST = 10**9
MOST_LINES = 500
LINES = MOST_LINES
LONGEST_ID = 128
LONGEST_TEXT = 200
LONGEST_REASON = 500
OLDEST = timedelta(days=400)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class GivenLine:
    """One line of a receipt: `amount` is the line's total."""

    sku: str
    amount: int
    quantity: int = 1
    name: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A receipt as the till reads it; amounts in minor units of `currency`. `occurred_at` None: now."""

    external_id: str
    total: int
    currency: str
    lines: tuple[GivenLine, ...] = ()
    occurred_at: datetime | None = None

    @property
    def asked(self) -> Mapping[str, object]:
        """Return what an idempotency key is compared by."""
        lines = [[one.sku, one.amount, one.quantity, one.name, one.category] for one in self.lines]
        at = self.occurred_at.isoformat() if self.occurred_at else None
        return {
            "externalId": self.external_id,
            "total": self.total,
            "currency": self.currency,
            "lines": lines,
            "at": at,
        }


# ---------------------------------------------------------------- pure rules
def checked(given: Given, *, programme: Programme, now: datetime) -> None:
    """Judge a purchase. Raises InvalidInput."""
    identifier(given.external_id, field="externalId")
    amount(given.total, field="total")
    if given.currency != programme.programme.currency:
        raise InvalidInput("currency", f"The programme counts in {programme.programme.currency}.")
    if len(given.lines) > MOST_LINES:
        raise InvalidInput("lines", f"At most {MOST_LINES} lines.")
    for at, line in enumerate(given.lines):
        _line(line, f"lines[{at}]")
    if sum(line.amount for line in given.lines) > given.total:
        raise InvalidInput("lines", "The lines sum to at most the total.")
    if given.occurred_at is not None:
        past(given.occurred_at, now=now)


def _line(line: GivenLine, field: str) -> None:
    identifier(line.sku, field=f"{field}.sku")
    amount(line.amount, field=f"{field}.amount")
    if not 1 <= line.quantity <= LARGEST:
        raise InvalidInput(f"{field}.quantity", "Write a whole number from 1.")
    for name, text in (("name", line.name), ("category", line.category)):
        if text is not None:
            words(text, field=f"{field}.{name}", longest=LONGEST_TEXT)


def identifier(text: str, *, field: str) -> None:
    """Judge an identity given by another system or a client: 1 to 128 characters that print."""
    words(text, field=field, longest=LONGEST_ID)


def words(text: str, *, field: str, longest: int) -> None:
    """Judge a text: not empty, not too long, no control characters."""
    if (
        not text.strip()
        or len(text) > longest
        or any(unicodedata.category(each) in ("Cc", "Cs", "Cn") for each in text)
    ):
        raise InvalidInput(field, f"Write 1 to {longest} characters, none of them a control character.")


def amount(value: int, *, field: str, least: int = 0) -> None:
    """Judge an amount in minor units or points."""
    if not least <= value <= LARGEST:
        raise InvalidInput(field, f"Write a whole number from {least} to {LARGEST}.")


def score(value: object, *, among: range, field: str) -> int:
    """Judge an answer to a survey by the answers that there are."""
    if not isinstance(value, int) or isinstance(value, bool) or value not in among:
        raise InvalidInput(field, f"Write a whole number from {among[0]} to {among[-1]}.")
    return value


def past(at: datetime, *, now: datetime) -> None:
    """Judge when something happened: not in the future, at most 400 days ago."""
    if at > now:
        raise InvalidInput("occurredAt", "This is in the future.")
    if at < now - OLDEST:
        raise InvalidInput("occurredAt", "This is more than 400 days ago.")

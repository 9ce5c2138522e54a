"""Checks of what another system or a client sends. Each refusal is an InvalidInput that names the field."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.model.visible_text import has_visible, is_control, normal_identifier
from domain.services.errors import InvalidInput

MAX_VALUE = 10**9
MAX_ID_LENGTH = 128
MAX_TEXT_LENGTH = 200
MAX_REASON_LENGTH = 500
MAX_EVENT_AGE = timedelta(days=400)
# The clocks of devices and of other systems run ahead; up to this lead an instant counts as now.
MAX_CLOCK_LEAD = timedelta(minutes=2)


def check_identifier(text: str, *, field: str) -> None:
    """Check the id of another system or a client: 1 to 128 printable characters."""
    check_text(text, field=field, max_length=MAX_ID_LENGTH)


def read_number(text: str, *, field: str) -> str:
    """Return the number of a receipt, a refund or an event in its one spelling: without spaces at its ends,
    compatibility forms and what is not visible.
    """
    number = normal_identifier(text[: 4 * MAX_ID_LENGTH])
    check_identifier(number if len(text) <= 4 * MAX_ID_LENGTH else "", field=field)
    return number


def check_text(text: str, *, field: str, max_length: int) -> None:
    """Check a text: not empty, not too long, no control characters."""
    if not has_visible(text) or len(text) > max_length or any(map(is_control, text)):
        raise InvalidInput(field, f"Write 1 to {max_length} characters, none of them a control character.")


def check_amount(value: int, *, field: str, minimum: int = 0) -> None:
    """Check an amount in minor units or points."""
    if not minimum <= value <= MAX_VALUE:
        raise InvalidInput(field, f"Write a whole number from {minimum} to {MAX_VALUE}.")


def check_score(value: object, *, allowed_scores: range, field: str) -> int:
    """Return the answer to a survey where it is one of the allowed scores."""
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed_scores:
        raise InvalidInput(field, f"Write a whole number from {allowed_scores[0]} to {allowed_scores[-1]}.")
    return value


def check_past_instant(instant: datetime, *, now: datetime) -> None:
    """Check the instant of an event: at most 2 minutes ahead of `now`, at most 400 days ago."""
    check_clock_lead(instant, now=now)
    if instant < now - MAX_EVENT_AGE:
        raise InvalidInput("occurredAt", "This is more than 400 days ago.")


def check_clock_lead(instant: datetime, *, now: datetime) -> None:
    """Check that an instant is at most 2 minutes ahead of `now`, as a device's clock may be."""
    if instant > now + MAX_CLOCK_LEAD:
        raise InvalidInput(
            "occurredAt",
            "This is more than 2 minutes ahead of this server's clock, which says "
            f"{now.isoformat(timespec='seconds').replace('+00:00', 'Z')}. Set the clock of the device, or"
            " leave the field out for what happens now.",
        )

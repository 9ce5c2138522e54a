"""What an HTTP status means for a message, for every sender that speaks HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from domain.services.senders import SENT, SendResult

MAX_WAIT = timedelta(hours=1)


def result_of_status(status: int, headers: Mapping[str, str], *, now: datetime) -> SendResult:
    """Return the result of a status. Credentials and addresses are the operator's to mend; the rest concerns
    the message.
    """
    reason, after = f"HTTP {status}", retry_after(headers.get("retry-after"), now=now)
    if 200 <= status < 300:
        return SENT
    if status == 429:
        return SendResult("pause", reason, after)
    if status in (401, 403) or status < 400:
        # A redirect leads to a gateway that was not configured: it is not followed with personal data.
        return SendResult("break", reason)
    if status in (408, 425) or status >= 500:
        return SendResult("retry", reason, after)
    return SendResult("drop_message", reason)


def retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """Return the wait of a Retry-After header, in seconds or by date; an hour at most, None where it is not
    valid.
    """
    if value is None:
        return None
    try:
        wait = timedelta(seconds=int(value)) if value.strip().isdecimal() else _wait_until(value, now)
    except (ValueError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), MAX_WAIT)


def _wait_until(value: str, now: datetime) -> timedelta:
    when = parsedate_to_datetime(value)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)) - now

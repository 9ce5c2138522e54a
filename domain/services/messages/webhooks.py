"""What another system is told by a webhook: that an event happened to a member, in codes, figures and ids;
nothing personal.

    {"delivery": "…", "hook": "shop", "event": "purchase.completed", "occurredAt": "2026-03-02T12:00:00.000Z",
    "member": "…",
     "rule": "big-basket", "data": {"externalId": "r-1", "store": "lisboa", "currency": "EUR", "total": 4990}}

`delivery` is the same at every attempt, and what an operator sees in `selo outbox list`; `occurredAt` is UTC;
`member` and the ids in `data` (`voucher`, `friend`, `referredBy`) are the API's own. `rule` is the rule that
asked for it, `badge:CODE` for a badge and `referral:friend` or `referral:referrer` for a referral. `data` is
the event's, as expressions see it; of a purchase and of a refund what they are known by, with what was paid
or taken back in minor units. Somebody's age is not told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from domain.model.event_names import BIRTHDAY
from domain.model.ledger.events import Json
from domain.services.senders import WebhookMessage
from domain.store.messages.outbox import OutboxRow

ApiId = Callable[[str, str], str]

_ID_KINDS: Final[Mapping[str, str]] = {"voucher": "Voucher", "friend": "Member", "referredBy": "Member"}


def webhook_message(row: OutboxRow, *, api_id: ApiId) -> WebhookMessage:
    """Return what a hook is sent. `api_id` gives the API's id of a kind's thing."""
    payload = {
        "delivery": row.id,
        "hook": row.code,
        "event": row.event,
        "occurredAt": row.event_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "member": api_id("Member", row.member),
        "rule": row.rule or None,
        "data": _event_payload(row, api_id),
    }
    return WebhookMessage(
        row.id, row.code, json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    )


def _event_payload(row: OutboxRow, api_id: ApiId) -> dict[str, Json]:
    if row.event == BIRTHDAY:
        return {}
    return {
        name: api_id(_ID_KINDS[name], value) if name in _ID_KINDS and isinstance(value, str) else value
        for name, value in row.event_data.items()
    }

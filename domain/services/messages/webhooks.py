"""The payload of a webhook: an event of a member in codes, figures and ids, with nothing personal.

    {"delivery": "…", "hook": "shop", "event": "purchase.completed",
     "occurredAt": "2026-03-02T12:00:00.000Z", "member": "…", "rule": "big-basket",
     "data": {"externalId": "r-1", "store": "lisboa", "currency": "EUR", "total": 4990}}

`delivery` is the same at every attempt; `selo outbox list` shows it. `occurredAt` is UTC. `member`, and in
`data` `voucher`, `friend` and `referredBy`, are ids of the API. `rule` is the rule that asked for the
webhook, `badge:CODE` for a badge, `referral:friend` or `referral:referrer` for a referral. `data` is the
event's data as expressions see them; for a purchase and a refund it is their identity and the amount in minor
units. The age, a birthday's data, is left out.
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
    """Return the message of a webhook. `api_id` returns the API's id of an object by kind and id."""
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

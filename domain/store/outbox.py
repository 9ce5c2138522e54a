"""The outbox: one row a (cause, message), holding code and figures, no personal data; rendered when it is sent.

Written by the commit that promises it, so that a crash after it loses nothing; delivered by the worker, once or more.
"""

from __future__ import annotations

from datetime import datetime

from domain.model.decision import Row
from domain.store.base import Write, insert

COLLECTION = "outbox"


def promised(member: str, row: Row, *, now: datetime) -> list[Write]:
    """Return the rows of what a journal row wants said and done outside: messages, webhooks, surveys."""
    out = []
    for at, message in enumerate(row.messages):
        out.append(_row(member, row, at, "message", message.code, now, [[name, value] for name, value in message.data.items()]))
    for at, effect in enumerate(row.effects):
        out.append(_row(member, row, len(row.messages) + at, effect.kind, effect.code, now, []))
    return out


def _row(member: str, row: Row, at: int, kind: str, code: str, now: datetime, data: list[list[object]]) -> Write:
    return insert(
        COLLECTION,
        {
            "_id": f"{member}:{row.seq}:{at}",
            "member": member,
            "seq": row.seq,
            "kind": kind,
            "code": code,
            "event": row.event.name,
            "version": row.version,
            "data": data,
            "at": row.event.at,
            "state": "pending",
            "due": now,
        },
    )

"""Telling other systems that a profile changed: which fields, never to what. Consents and attributes have
events of their own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from domain.services.runtime import Runtime
from domain.store.document_store import Write
from domain.store.ledger.members import StoredMember
from domain.store.messages import outbox_writes
from domain.store.people.details import Details

FIELDS: Final = ("name", "email", "phone", "birthday", "locale", "timezone")


def changed_fields(before: Details, after: Details) -> tuple[str, ...]:
    """Return the names of the fields that differ."""
    return tuple(field for field in FIELDS if getattr(before, field) != getattr(after, field))


def told_writes(
    runtime: Runtime, stored_member: StoredMember, details: Details, *, now: datetime
) -> list[Write]:
    """Return what promises to the webhooks that subscribe to it that a profile becomes `details`; to be
    written in the transaction that changes the profile.
    """
    fields = changed_fields(stored_member.details, details)
    if not fields:
        return []
    return outbox_writes.profile_writes(
        stored_member.member.id,
        fields,
        seq=stored_member.member.seq,
        profile_version=stored_member.profile_version,
        programme_version=runtime.programmes.current().number,
        now=now,
        subscriptions=runtime.subscriptions,
    )

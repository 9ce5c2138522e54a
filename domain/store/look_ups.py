"""The trail of look-ups, append-only: which employee asked for which member, when, where and by what.

A row holds ids and words, no contact: of a look-up that found nobody it says only by what kind of text. It is
a collection of its own, so that the audit trail reads what was done without what was only looked at. The
database deletes a row after 400 days.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import ClassVar, Literal

from pymongo import IndexModel

from domain.store import audit
from domain.store.audit import AuditAct
from domain.store.document_store import DocumentStore, Write, insert
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "look_ups"
STORED_FOR = timedelta(days=400)

# What the employee gave: text that somebody typed, or the id of a customer whom they had before.
LookUpKey = Literal["NUMBER", "EMAIL", "PHONE", "ID", "NAME", "DIGITS"]


class LookUpDocument(StoredDocument):
    """A look-up in the database."""

    at: datetime
    actor: str
    store: str
    session: str
    request: str | None
    member: str | None
    by: LookUpKey
    purge_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"store": 1, "at": 1}),
            IndexModel({"member": 1, "at": 1}),
            IndexModel({"at": 1}),
            ttl_index("purge_at"),
        )


def counter_id(employee: str, day: date) -> str:
    """Return the id of the document, among those of shifts, that counts an employee's look-ups of a day."""
    return f"{audit.shift_id(employee, day)}:look-ups"


def look_up_write(
    *,
    at: datetime,
    actor: str,
    store: str,
    session: str,
    request: str | None,
    member: str | None,
    by: LookUpKey,
) -> Write:
    """Return the insertion of a look-up; `member` is None where nobody was found."""
    return insert(
        COLLECTION,
        {
            "_id": secrets.token_hex(16),
            "at": at,
            "actor": actor,
            "store": store,
            "session": session,
            "request": request,
            "member": member,
            "by": by,
            "purge_at": at + STORED_FOR,
        },
    )


async def find_look_ups(
    store: DocumentStore,
    *,
    since: datetime,
    until: datetime,
    store_code: str | None = None,
    member: str | None = None,
) -> list[AuditAct]:
    """Return the look-ups from one instant to another, by store or member or all, newest first.

    They come as rows of the audit trail, whose subject says by what.
    """
    query = audit.between(since=since, until=until, store_code=store_code, member=member)
    documents = await store.documents(LookUpDocument).find(query).to_list()
    return audit.newest_of_store(map(_act, documents), store_code)


def _act(document: LookUpDocument) -> AuditAct:
    return AuditAct(
        id=document.id,
        at=document.at,
        actor=document.actor,
        action="MEMBER_LOOKED_UP",
        store=document.store,
        session=document.session,
        request=document.request,
        member=document.member,
        subject=document.by,
    )

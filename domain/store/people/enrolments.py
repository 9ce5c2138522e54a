"""Enrolments: memberships that somebody applied for and that have not begun.

`_id` is the hash of the token that only the applicant holds, so several may wait for one contact, and none
can change another's. A row is deleted when its membership begins, else after a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from pymongo import DeleteOne, IndexModel, ReplaceOne

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Stale, Write
from domain.store.people.consent_answers import ConsentAnswer, consent_rows, read_consents
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "enrolments"
KEPT_FOR = timedelta(hours=25)


class EnrolmentDocument(StoredDocument):
    """An enrolment in the database; `contact` is the contact's hash, `code` the digests of the code."""

    contact: str
    name: str
    locale: str
    timezone: str
    birthday: str | None = None
    terms: str
    consents: list[list[Any]]
    referred_by: str | None = None
    code: list[str] | None = None
    at: datetime
    purge_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"contact": 1}), ttl_index("purge_at"))


@dataclass(frozen=True, slots=True)
class Reservation:
    """A membership applied for: what the applicant said, until they prove their contact. `code_digests` are
    those of the code that they gave.
    """

    name: str
    locale: str
    timezone: str
    birthday: date | None
    terms: str
    consents: tuple[ConsentAnswer, ...]
    referred_by: str | None
    at: datetime
    code_digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredEnrolment:
    """A reservation, with its id and the hash of the contact that it is for."""

    id: str
    contact_hash: str
    reservation: Reservation


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, id: str) -> StoredEnrolment | None:
    """Return an enrolment by the hash of its token."""
    document = await store.documents(EnrolmentDocument).find_one({"_id": id})
    if document is None:
        return None
    reservation = Reservation(
        name=document.name,
        locale=document.locale,
        timezone=document.timezone,
        birthday=date.fromisoformat(document.birthday) if document.birthday else None,
        terms=document.terms,
        consents=read_consents(document.consents),
        referred_by=document.referred_by,
        at=document.at,
        code_digests=tuple(document.code or ()),
    )
    return StoredEnrolment(document.id, document.contact, reservation)


# ---------------------------------------------------------------- writes
def put_write(enrolment: StoredEnrolment) -> Write:
    """Return the write that keeps an enrolment, over the lapsed one of a key that is used again after 30
    days.
    """
    reservation = enrolment.reservation
    document = EnrolmentDocument(
        id=enrolment.id,
        contact=enrolment.contact_hash,
        name=reservation.name,
        locale=reservation.locale,
        timezone=reservation.timezone,
        birthday=reservation.birthday.isoformat() if reservation.birthday else None,
        terms=reservation.terms,
        consents=consent_rows(reservation.consents),
        referred_by=reservation.referred_by,
        code=list(reservation.code_digests) or None,
        at=reservation.at,
        purge_at=reservation.at + KEPT_FOR,
    )
    return Write(COLLECTION, ReplaceOne({"_id": enrolment.id}, document.row(), upsert=True))


def begin_write(id: str) -> Write:
    """Return the write that ends an enrolment because its membership begins; it raises Stale."""
    return Write(COLLECTION, DeleteOne({"_id": id}), Stale("the membership has begun meanwhile"))

"""One-time codes: one record a contact, under the contact's hash.

The record also holds the reservation of a membership that has not begun. Every write replaces the record as
it was read (`rev`), so that attempts are counted exactly however many come at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from beanie.exceptions import DocumentNotFound
from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, StoreFault, Write, insert, replace, update
from domain.store.people.consent_answers import ConsentAnswer, consent_rows, read_consents
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "sign_in_codes"
KEPT_FOR = timedelta(hours=25)


class SignInDocument(StoredDocument):
    """A record in the database; `_id` is the contact's hash."""

    rev: int
    sent: list[datetime]
    purge_at: datetime
    live: dict[str, Any] | None = None
    reserved: dict[str, Any] | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (ttl_index("purge_at"),)


class CodeGone(StoreFault):
    """The code was used or replaced meanwhile."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A membership applied for: what the applicant said, until they prove their contact."""

    name: str
    locale: str
    timezone: str
    birthday: date | None
    terms: str
    consents: tuple[ConsentAnswer, ...]
    referred_by: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LiveCode:
    """A code that was sent: its hash, what it is for, until when it works, and how often it was tried."""

    code_hash: str
    purpose: str
    expires_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class SignInRecord:
    """What is known of one contact: `sent_at` are the instants of the last hour's codes."""

    id: str
    rev: int = 0
    sent_at: tuple[datetime, ...] = ()
    live: LiveCode | None = None
    reservation: Reservation | None = None


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, id: str) -> SignInRecord:
    """Return what is known of a contact by its hash; an empty record where nothing is."""
    document = await store.documents(SignInDocument).find_one({"_id": id})
    return SignInRecord(id) if document is None else _read_record(document)


# ---------------------------------------------------------------- writes
async def put(store: DocumentStore, record: SignInRecord, *, now: datetime) -> bool:
    """Write a record over the one it was read as; False where somebody wrote meanwhile."""
    documents = store.documents(SignInDocument)
    document = _record_document(record, now)
    try:
        if record.rev:
            await documents.find_one({"_id": record.id, "rev": record.rev}).replace_one(document)
        else:
            await document.insert()
    except (DocumentNotFound, DuplicateKeyError):
        return False
    return True


def put_write(record: SignInRecord, *, now: datetime) -> Write:
    """Return the same as a write of a transaction; it raises Stale."""
    row = _record_document(record, now).row()
    if record.rev:
        query = {"_id": record.id, "rev": record.rev}
        return replace(COLLECTION, query, row, if_missed=Stale("another code meanwhile"))
    return insert(COLLECTION, row)


def use_write(id: str, *, code_hash: str) -> Write:
    """Return the write that uses up a live code and its reservation; it raises CodeGone otherwise."""
    change = {"$unset": {"live": "", "reserved": ""}, "$inc": {"rev": 1}}
    return update(COLLECTION, {"_id": id, "live.hash": code_hash}, change, if_missed=CodeGone(id))


# ---------------------------------------------------------------- the record as it is stored
def _record_document(record: SignInRecord, now: datetime) -> SignInDocument:
    return SignInDocument(
        id=record.id,
        rev=record.rev + 1,
        sent=list(record.sent_at),
        purge_at=now + KEPT_FOR,
        live=_live_fields(record.live) if record.live else None,
        reserved=_reservation_fields(record.reservation) if record.reservation else None,
    )


def _live_fields(live: LiveCode) -> dict[str, Any]:
    return {
        "hash": live.code_hash,
        "purpose": live.purpose,
        "expires_at": live.expires_at,
        "attempts": live.attempts,
    }


def _reservation_fields(reservation: Reservation) -> dict[str, Any]:
    return {
        "name": reservation.name,
        "locale": reservation.locale,
        "timezone": reservation.timezone,
        "birthday": reservation.birthday.isoformat() if reservation.birthday else None,
        "terms": reservation.terms,
        "consents": consent_rows(reservation.consents),
        "referred_by": reservation.referred_by,
        "at": reservation.at,
    }


def _read_record(document: SignInDocument) -> SignInRecord:
    live = document.live
    return SignInRecord(
        id=document.id,
        rev=document.rev,
        sent_at=tuple(document.sent),
        live=LiveCode(live["hash"], live["purpose"], live["expires_at"], live["attempts"]) if live else None,
        reservation=_read_reservation(document.reserved) if document.reserved else None,
    )


def _read_reservation(row: Raw) -> Reservation:
    return Reservation(
        name=row["name"],
        locale=row["locale"],
        timezone=row["timezone"],
        birthday=date.fromisoformat(row["birthday"]) if row["birthday"] else None,
        terms=row["terms"],
        consents=read_consents(row["consents"]),
        referred_by=row["referred_by"],
        at=row["at"],
    )

"""One-time codes: one record a contact, under the contact's hash. It also holds the reservation of a
membership that has not begun.

Every write replaces the record as it was read (`rev`), so that attempts are counted exactly however many come
at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from pymongo.errors import DuplicateKeyError

from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, StoreFault, Write, insert, replace, update
from domain.store.ttl import ttl_index

COLLECTION = "sign_in_codes"
KEPT_FOR = timedelta(hours=25)


class CodeGone(StoreFault):
    """The code was used, or another took its place, meanwhile."""


@dataclass(frozen=True, slots=True)
class ConsentAnswer:
    """An answer to one purpose, as it was given: when, to which wording, and where."""

    purpose: str
    granted: bool
    at: datetime
    wording: str
    wording_version: int
    source: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """A membership asked for: what the member said, until they prove their contact."""

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
    """All that is known of one contact here: `sent` are the codes of the last hour."""

    id: str
    rev: int = 0
    sent_at: tuple[datetime, ...] = ()
    live: LiveCode | None = None
    reservation: Reservation | None = None


async def ensure_indexes(store: DocumentStore) -> None:
    """Make the index that clears records away."""
    await store[COLLECTION].create_indexes([ttl_index("purge_at")])


async def find(store: DocumentStore, id: str) -> SignInRecord:
    """Return what is known of a contact by its hash; an empty record where nothing is."""
    row = await store[COLLECTION].find_one({"_id": id})
    return SignInRecord(id) if row is None else _read_record(row)


async def put(store: DocumentStore, record: SignInRecord, *, now: datetime) -> bool:
    """Write a record over the one it was read as; False where somebody wrote meanwhile."""
    row = _record_document(record, now)
    if record.rev:
        result = await store[COLLECTION].replace_one({"_id": record.id, "rev": record.rev}, row)
        return result.matched_count == 1
    try:
        await store[COLLECTION].insert_one(row)
    except DuplicateKeyError:
        return False
    return True


def put_write(record: SignInRecord, *, now: datetime) -> Write:
    """Return the same as a write of a transaction; it raises Stale."""
    if record.rev:
        return replace(
            COLLECTION,
            {"_id": record.id, "rev": record.rev},
            _record_document(record, now),
            if_missed=Stale("another code meanwhile"),
        )
    return insert(COLLECTION, _record_document(record, now))


def use_write(id: str, *, code_hash: str) -> Write:
    """Return the write that uses a code up, and the reservation with it; it raises CodeGone where that very
    code is no longer live.
    """
    change = {"$unset": {"live": "", "reserved": ""}, "$inc": {"rev": 1}}
    return update(COLLECTION, {"_id": id, "live.hash": code_hash}, change, if_missed=CodeGone(id))


# ---------------------------------------------------------------- the record as it is kept
def _record_document(record: SignInRecord, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {
        "_id": record.id,
        "rev": record.rev + 1,
        "sent": list(record.sent_at),
        "purge_at": now + KEPT_FOR,
    }
    if record.live:
        live = record.live
        row["live"] = {
            "hash": live.code_hash,
            "purpose": live.purpose,
            "expires_at": live.expires_at,
            "attempts": live.attempts,
        }
    if record.reservation:
        row["reserved"] = _reservation_document(record.reservation)
    return row


def _reservation_document(reservation: Reservation) -> dict[str, Any]:
    return {
        "name": reservation.name,
        "locale": reservation.locale,
        "timezone": reservation.timezone,
        "birthday": reservation.birthday.isoformat() if reservation.birthday else None,
        "terms": reservation.terms,
        "consents": [
            [c.purpose, c.granted, c.at, c.wording, c.wording_version, c.source] for c in reservation.consents
        ],
        "referred_by": reservation.referred_by,
        "at": reservation.at,
    }


def _read_record(row: Raw) -> SignInRecord:
    live, reservation = cast(Raw | None, row.get("live")), cast(Raw | None, row.get("reserved"))
    return SignInRecord(
        id=row["_id"],
        rev=row["rev"],
        sent_at=tuple(row["sent"]),
        live=LiveCode(live["hash"], live["purpose"], live["expires_at"], live["attempts"]) if live else None,
        reservation=_read_reservation(reservation) if reservation else None,
    )


def _read_reservation(row: Raw) -> Reservation:
    return Reservation(
        name=row["name"],
        locale=row["locale"],
        timezone=row["timezone"],
        birthday=date.fromisoformat(row["birthday"]) if row["birthday"] else None,
        terms=row["terms"],
        consents=tuple(ConsentAnswer(*one) for one in row["consents"]),
        referred_by=row["referred_by"],
        at=row["at"],
    )

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

from domain.store.base import Stale, Store, StoreFault, Write, insert, replace, update
from domain.store.clearing import cleared_at
from domain.store.connect import Raw

COLLECTION = "sign_in_codes"
KEPT = timedelta(hours=25)


class CodeGone(StoreFault):
    """The code was used, or another took its place, meanwhile."""


@dataclass(frozen=True, slots=True)
class GivenConsent:
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
    consents: tuple[GivenConsent, ...]
    referred_by: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LiveCode:
    """A code that was sent: its hash, what it is for, until when it works, and how often it was tried."""

    hashed: str
    purpose: str
    expires_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of one contact here: `sent` are the codes of the last hour."""

    id: str
    rev: int = 0
    sent: tuple[datetime, ...] = ()
    live: LiveCode | None = None
    reserved: Reservation | None = None


async def ensure_indexes(store: Store) -> None:
    """Make the index that clears records away."""
    await store[COLLECTION].create_indexes([cleared_at("purge_at")])


async def find(store: Store, id: str) -> Record:
    """Return what is known of a contact by its hash; an empty record where nothing is."""
    row = await store[COLLECTION].find_one({"_id": id})
    return Record(id) if row is None else _record(row)


async def put(store: Store, record: Record, *, now: datetime) -> bool:
    """Write a record over the one it was read as; False where somebody wrote meanwhile."""
    row = _row(record, now)
    if record.rev:
        done = await store[COLLECTION].replace_one({"_id": record.id, "rev": record.rev}, row)
        return done.matched_count == 1
    try:
        await store[COLLECTION].insert_one(row)
    except DuplicateKeyError:
        return False
    return True


def putting(record: Record, *, now: datetime) -> Write:
    """Return the same as a write of a transaction; it raises Stale."""
    if record.rev:
        return replace(
            COLLECTION,
            {"_id": record.id, "rev": record.rev},
            _row(record, now),
            missed=Stale("another code meanwhile"),
        )
    return insert(COLLECTION, _row(record, now))


def using(id: str, *, hashed: str) -> Write:
    """Return the write that uses a code up, and the reservation with it; it raises CodeGone where that very
    code is no longer live.
    """
    change = {"$unset": {"live": "", "reserved": ""}, "$inc": {"rev": 1}}
    return update(COLLECTION, {"_id": id, "live.hash": hashed}, change, missed=CodeGone(id))


# ---------------------------------------------------------------- the record as it is kept
def _row(record: Record, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {
        "_id": record.id,
        "rev": record.rev + 1,
        "sent": list(record.sent),
        "purge_at": now + KEPT,
    }
    if record.live:
        live = record.live
        row["live"] = {
            "hash": live.hashed,
            "purpose": live.purpose,
            "expires_at": live.expires_at,
            "attempts": live.attempts,
        }
    if record.reserved:
        row["reserved"] = _reserved_row(record.reserved)
    return row


def _reserved_row(reserved: Reservation) -> dict[str, Any]:
    return {
        "name": reserved.name,
        "locale": reserved.locale,
        "timezone": reserved.timezone,
        "birthday": reserved.birthday.isoformat() if reserved.birthday else None,
        "terms": reserved.terms,
        "consents": [
            [c.purpose, c.granted, c.at, c.wording, c.wording_version, c.source] for c in reserved.consents
        ],
        "referred_by": reserved.referred_by,
        "at": reserved.at,
    }


def _record(row: Raw) -> Record:
    live, reserved = cast(Raw | None, row.get("live")), cast(Raw | None, row.get("reserved"))
    return Record(
        id=row["_id"],
        rev=row["rev"],
        sent=tuple(row["sent"]),
        live=LiveCode(live["hash"], live["purpose"], live["expires_at"], live["attempts"]) if live else None,
        reserved=_reserved(reserved) if reserved else None,
    )


def _reserved(row: Raw) -> Reservation:
    return Reservation(
        name=row["name"],
        locale=row["locale"],
        timezone=row["timezone"],
        birthday=date.fromisoformat(row["birthday"]) if row["birthday"] else None,
        terms=row["terms"],
        consents=tuple(GivenConsent(*one) for one in row["consents"]),
        referred_by=row["referred_by"],
        at=row["at"],
    )

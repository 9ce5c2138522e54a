"""One-time codes: one record a contact, under the contact's hash. It also holds the reservation of a membership that has not begun.

Every write replaces the record as it was read (`rev`), so that attempts are counted exactly however many come at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, cast

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

Raw = Mapping[str, Any]
Data = AsyncDatabase[Raw]

COLLECTION = "sign_in_codes"
KEPT = timedelta(hours=25)


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
class Desk:
    """All that is known of one contact here: `sent` are the codes of the last hour."""

    id: str
    rev: int = 0
    sent: tuple[datetime, ...] = ()
    live: LiveCode | None = None
    reserved: Reservation | None = None


async def ensure_indexes(data: Data) -> None:
    """Make the index that clears records away."""
    await data[COLLECTION].create_index({"purge_at": 1}, expireAfterSeconds=0)


async def find(data: Data, id: str) -> Desk:
    """Return what is known of a contact by its hash; an empty record where nothing is."""
    row = await data[COLLECTION].find_one({"_id": id})
    return Desk(id) if row is None else _desk(row)


async def put(data: Data, desk: Desk, *, now: datetime, within: AsyncClientSession | None = None) -> Desk | None:
    """Write the record over the one that was read; None where somebody wrote meanwhile.

    Within a transaction a record that came to be meanwhile raises DuplicateKeyError, since the transaction is lost.
    """
    after = replace(desk, rev=desk.rev + 1)
    row = {**_row(after), "purge_at": now + KEPT}
    if desk.rev:
        done = await data[COLLECTION].replace_one({"_id": desk.id, "rev": desk.rev}, row, session=within)
        return after if done.matched_count == 1 else None
    try:
        await data[COLLECTION].insert_one(row, session=within)
    except DuplicateKeyError:
        if within is not None:
            raise
        return None
    return after


# ---------------------------------------------------------------- the record as it is kept
def _row(desk: Desk) -> dict[str, Any]:
    row: dict[str, Any] = {"_id": desk.id, "rev": desk.rev, "sent": list(desk.sent)}
    if desk.live:
        live = desk.live
        row["live"] = {"hash": live.hashed, "purpose": live.purpose, "expires_at": live.expires_at, "attempts": live.attempts}
    if desk.reserved:
        row["reserved"] = _reserved_row(desk.reserved)
    return row


def _reserved_row(reserved: Reservation) -> dict[str, Any]:
    return {
        "name": reserved.name,
        "locale": reserved.locale,
        "timezone": reserved.timezone,
        "birthday": reserved.birthday.isoformat() if reserved.birthday else None,
        "terms": reserved.terms,
        "consents": [[c.purpose, c.granted, c.at, c.wording, c.wording_version, c.source] for c in reserved.consents],
        "referred_by": reserved.referred_by,
        "at": reserved.at,
    }


def _desk(row: Raw) -> Desk:
    live, reserved = cast(Raw | None, row.get("live")), cast(Raw | None, row.get("reserved"))
    return Desk(
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

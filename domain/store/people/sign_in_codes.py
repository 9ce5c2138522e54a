"""One-time codes: one record a contact, under the contact's hash.

A record holds the contact's challenges, each with its code and its tries, and counts what the last hour saw:
apart for each device that has signed in with the contact before, and together for all others. Every write
replaces the record as it was read (`rev`), so that attempts are counted exactly however many come at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie.exceptions import DocumentNotFound
from pydantic import Field
from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Stale, StoreFault, Write, insert, replace, update
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "sign_in_codes"
KEPT_FOR = timedelta(hours=25)
ANY_DEVICE = ""  # the counts of all devices that have not signed in with the contact before


class SignInDocument(StoredDocument):
    """A record in the database; `_id` is the contact's hash. `sent` and `tried` are those of any device."""

    rev: int
    sent: list[datetime]
    purge_at: datetime
    tried: list[datetime] = Field(default_factory=list)
    devices: dict[str, dict[str, list[datetime]]] = Field(default_factory=dict)
    challenges: list[dict[str, Any]] = Field(default_factory=list)

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        keep_nulls = False
        indexes: ClassVar[Sequence[IndexModel]] = (ttl_index("purge_at"),)


class CodeGone(StoreFault):
    """The code was used meanwhile, or has lapsed."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A code that was sent: its hash, what it is for, for which device, until when it works, and how often it
    was tried.
    """

    id: str
    code_hash: str
    purpose: str
    device: str
    expires_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class CodeCounts:
    """The instants of the last hour's codes, and of the tries of codes."""

    sent_at: tuple[datetime, ...] = ()
    tried_at: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class SignInRecord:
    """What is known of one contact: its challenges, the newest last, and the counts of each device."""

    id: str
    rev: int = 0
    challenges: tuple[Challenge, ...] = ()
    counts: Mapping[str, CodeCounts] = field(default_factory=dict)

    def counts_of(self, device: str) -> CodeCounts:
        """Return the counts of a device."""
        return self.counts.get(device, CodeCounts())


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


def use_write(id: str, *, challenge: str) -> Write:
    """Return the write that uses up a challenge; it raises CodeGone where that was used or has lapsed."""
    change = {"$pull": {"challenges": {"id": challenge}}, "$inc": {"rev": 1}}
    return update(COLLECTION, {"_id": id, "challenges.id": challenge}, change, if_missed=CodeGone(id))


def turn_to_proof_write(id: str, *, challenge: str, proof: Challenge) -> Write:
    """Return the write that uses up a challenge and keeps, in its place, the proof that it became; it raises
    CodeGone like `use_write`.
    """
    change = {"$set": {"challenges.$": _challenge_fields(proof)}, "$inc": {"rev": 1}}
    return update(COLLECTION, {"_id": id, "challenges.id": challenge}, change, if_missed=CodeGone(id))


# ---------------------------------------------------------------- the record as it is stored
def _record_document(record: SignInRecord, now: datetime) -> SignInDocument:
    any_device = record.counts_of(ANY_DEVICE)
    return SignInDocument(
        id=record.id,
        rev=record.rev + 1,
        sent=list(any_device.sent_at),
        tried=list(any_device.tried_at),
        devices={
            device: {"sent": list(counts.sent_at), "tried": list(counts.tried_at)}
            for device, counts in record.counts.items()
            if device != ANY_DEVICE
        },
        purge_at=now + KEPT_FOR,
        challenges=[_challenge_fields(challenge) for challenge in record.challenges],
    )


def _challenge_fields(challenge: Challenge) -> dict[str, Any]:
    return {
        "id": challenge.id,
        "hash": challenge.code_hash,
        "purpose": challenge.purpose,
        "device": challenge.device,
        "expires_at": challenge.expires_at,
        "attempts": challenge.attempts,
    }


def _read_record(document: SignInDocument) -> SignInRecord:
    return SignInRecord(
        id=document.id,
        rev=document.rev,
        challenges=tuple(
            Challenge(
                row["id"], row["hash"], row["purpose"], row["device"], row["expires_at"], row["attempts"]
            )
            for row in document.challenges
        ),
        counts={
            ANY_DEVICE: CodeCounts(tuple(document.sent), tuple(document.tried)),
            **{
                device: CodeCounts(tuple(counts["sent"]), tuple(counts["tried"]))
                for device, counts in document.devices.items()
            },
        },
    )

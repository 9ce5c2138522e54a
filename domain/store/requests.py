"""Idempotency: a key that a success has bound, with the input's hash and what it takes to answer again.

The record's `_id` is the scope (a member, a store, a contact's hash) and the client's key. It is inserted
first in the transaction that acts, so a key acts once; it is kept 30 days, and one that has lapsed gives way
whatever the clearing job has done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar, cast

import orjson
from pymongo import IndexModel

from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, StoreFault, Write, insert, replace
from domain.store.stored_document import StoredDocument
from domain.store.ttl import ttl_index

COLLECTION = "requests"
KEPT_FOR = timedelta(days=30)

Reply = Mapping[str, object]


class RequestDocument(StoredDocument):
    """A bound key in the database; `asked` is the hash of the input."""

    asked: str
    reply: dict[str, Any]
    at: datetime
    expires_at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (ttl_index("expires_at"),)


# ---------------------------------------------------------------- errors
class KeyBound(StoreFault):
    """The key has acted already: `recall` tells whether for this very request."""


class KeyReused(Exception):
    """The key was used with another input."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class RequestKey:
    """A client's key within its scope, and the hash of the input that came with it."""

    id: str
    input_hash: str


def member_scope(member: str) -> str:
    """Return the scope of a member's own keys."""
    return f"member:{member}"


def store_scope(store: str) -> str:
    """Return the scope of the keys of a store's staff."""
    return f"store:{store}"


def client_scope(source: str) -> str:
    """Return the scope of the keys of a system that reports as a source."""
    return f"client:{source}"


def contact_scope(contact_hash: str) -> str:
    """Return the scope of an enrolment's keys."""
    return f"contact:{contact_hash}"


def request_key(*, scope: str, key: str, operation: str, request_input: Mapping[str, object]) -> RequestKey:
    """Return the identity of a request; the operation's name and the input are hashed in one spelling."""
    text = orjson.dumps(
        [operation, request_input], option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z, default=_to_plain
    )
    return RequestKey(joined_hash(scope, key), sha256(text).hexdigest())


def joined_hash(*parts: str) -> str:
    """Return the SHA-256 of parts. Each part's length precedes it, so that no two lists are spelled alike."""
    return sha256(
        b"".join(b"%d:%s" % (len(raw), raw) for raw in (part.encode() for part in parts))
    ).hexdigest()


def _to_plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (tuple, frozenset)):
        return sorted(value) if isinstance(value, frozenset) else list(value)
    raise TypeError(f"{type(value).__name__} is no part of a request")


# ---------------------------------------------------------------- reads
async def recall(store: DocumentStore, request: RequestKey, *, now: datetime) -> Reply | None:
    """Return what a success with this key answered; None where there was none.

    Raises KeyReused where that success had another input.
    """
    row = await store[COLLECTION].find_one({"_id": request.id})
    if row is None or row["expires_at"] <= now:
        return None
    if row["asked"] != request.input_hash:
        raise KeyReused
    return cast(Reply, row["reply"])


async def lapsed_at(store: DocumentStore, request: RequestKey, *, now: datetime) -> datetime | None:
    """Return when the record under this key lapsed; None where there is no record, or it still holds."""
    row = await store[COLLECTION].find_one({"_id": request.id}, {"expires_at": 1})
    return row["expires_at"] if row is not None and row["expires_at"] <= now else None


# ---------------------------------------------------------------- writes
def bind_write(
    request: RequestKey, reply: Reply, *, now: datetime, lapsed_expires_at: datetime | None = None
) -> Write:
    """Return the write that binds a key, over a lapsed record where there is one.

    It raises KeyBound where the key is bound.
    """
    row: Raw = {
        "_id": request.id,
        "asked": request.input_hash,
        "reply": reply,
        "at": now,
        "expires_at": now + KEPT_FOR,
    }
    if lapsed_expires_at is None:
        return insert(COLLECTION, row, if_taken=KeyBound())
    return replace(
        COLLECTION, {"_id": request.id, "expires_at": lapsed_expires_at}, row, if_missed=KeyBound()
    )

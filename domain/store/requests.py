"""Idempotency: a key that a success has bound, with the hash of what was asked and what is needed to answer
it again.

The record's `_id` is the scope (a member, a store, a contact's hash) and the client's key. It is inserted
first in the transaction that acts, so a key acts once; it is kept 30 days, and one that has lapsed gives way
whatever the clearing job has done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import cast

import orjson

from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, StoreFault, Write, insert, replace

COLLECTION = "requests"
KEPT_FOR = timedelta(days=30)

Reply = Mapping[str, object]


# ---------------------------------------------------------------- errors
class KeyBound(StoreFault):
    """The key has acted already: `recall` tells whether for this very request."""


class KeyReused(Exception):
    """The key was used with another input."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class RequestKey:
    """A client's key within its scope, and the hash of what was asked with it."""

    id: str
    input_hash: str


def member_scope(member: str) -> str:
    """Return the scope of a member's own keys."""
    return f"member:{member}"


def store_scope(store: str) -> str:
    """Return the scope of the keys of a store's staff and systems."""
    return f"store:{store}"


def contact_scope(contact_hash: str) -> str:
    """Return the scope of an enrolment's keys."""
    return f"contact:{contact_hash}"


def request_key(*, scope: str, key: str, operation: str, request_input: Mapping[str, object]) -> RequestKey:
    """Return the identity of a request: what was asked is hashed in one spelling, with the operation's
    name.
    """
    text = orjson.dumps(
        [operation, request_input], option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z, default=_to_plain
    )
    return RequestKey(joined_hash(scope, key), sha256(text).hexdigest())


def joined_hash(*parts: str) -> str:
    """Return the SHA-256 of parts, each with its length before it, so that no two lists of parts are spelled
    alike.
    """
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
    """Return what a success with this key answered, None where none did. Raises Conflicting where it was
    asked something else.
    """
    row = await store[COLLECTION].find_one({"_id": request.id})
    if row is None or row["expires_at"] <= now:
        return None
    if row["asked"] != request.input_hash:
        raise KeyReused
    return cast(Reply, row["reply"])


async def lapsed_at(store: DocumentStore, request: RequestKey, *, now: datetime) -> datetime | None:
    """Return when a record that is still there under this key has lapsed; None where there is none or it
    holds.
    """
    row = await store[COLLECTION].find_one({"_id": request.id}, {"expires_at": 1})
    return row["expires_at"] if row is not None and row["expires_at"] <= now else None


# ---------------------------------------------------------------- writes
def bind_write(
    request: RequestKey, reply: Reply, *, now: datetime, lapsed_expires_at: datetime | None = None
) -> Write:
    """Return the write that binds a key, in the place of a lapsed record where there is one; it raises
    KeyBound where the key is bound.
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

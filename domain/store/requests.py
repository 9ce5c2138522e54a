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

from domain.store.base import Store, StoreFault, Write, insert, replace
from domain.store.connect import Raw

COLLECTION = "requests"
KEPT = timedelta(days=30)

Reply = Mapping[str, object]


# ---------------------------------------------------------------- errors
class KeyBound(StoreFault):
    """The key has acted already: `recall` tells whether for this very request."""


class Conflicting(Exception):
    """The key was used with another input."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class RequestKey:
    """A client's key within its scope, and the hash of what was asked with it."""

    id: str
    asked: str


def member_scope(member: str) -> str:
    """Return the scope of a member's own keys."""
    return f"member:{member}"


def store_scope(store: str) -> str:
    """Return the scope of the keys of a store's staff and systems."""
    return f"store:{store}"


def contact_scope(contact_hash: str) -> str:
    """Return the scope of an enrolment's keys."""
    return f"contact:{contact_hash}"


def request_key(*, scope: str, key: str, operation: str, asked: Mapping[str, object]) -> RequestKey:
    """Return the identity of a request: what was asked is hashed in one spelling, with the operation's
    name.
    """
    text = orjson.dumps([operation, asked], option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z, default=_plain)
    return RequestKey(joined_hash(scope, key), sha256(text).hexdigest())


def joined_hash(*parts: str) -> str:
    """Return the SHA-256 of parts, each with its length before it, so that no two lists of parts are spelled
    alike.
    """
    return sha256(
        b"".join(b"%d:%s" % (len(raw), raw) for raw in (part.encode() for part in parts))
    ).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (tuple, frozenset)):
        return sorted(value) if isinstance(value, frozenset) else list(value)
    raise TypeError(f"{type(value).__name__} is no part of a request")


# ---------------------------------------------------------------- reads
async def recall(store: Store, request: RequestKey, *, now: datetime) -> Reply | None:
    """Return what a success with this key answered, None where none did. Raises Conflicting where it was
    asked something else.
    """
    found = await store[COLLECTION].find_one({"_id": request.id})
    if found is None or found["expires_at"] <= now:
        return None
    if found["asked"] != request.asked:
        raise Conflicting
    return cast(Reply, found["reply"])


async def lapsed_at(store: Store, request: RequestKey, *, now: datetime) -> datetime | None:
    """Return when a record that is still there under this key has lapsed; None where there is none or it
    holds.
    """
    found = await store[COLLECTION].find_one({"_id": request.id}, {"expires_at": 1})
    return found["expires_at"] if found is not None and found["expires_at"] <= now else None


# ---------------------------------------------------------------- writes
def bind(request: RequestKey, reply: Reply, *, now: datetime, lapsed: datetime | None = None) -> Write:
    """Return the write that binds a key, in the place of a lapsed record where there is one; it raises
    KeyBound where the key is bound.
    """
    row: Raw = {
        "_id": request.id,
        "asked": request.asked,
        "reply": reply,
        "at": now,
        "expires_at": now + KEPT,
    }
    if lapsed is None:
        return insert(COLLECTION, row, taken=KeyBound())
    return replace(COLLECTION, {"_id": request.id, "expires_at": lapsed}, row, missed=KeyBound())

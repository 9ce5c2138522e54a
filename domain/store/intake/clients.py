"""Systems that hold keys: what they report as, what they may do, and the hashes of their keys.

A change replaces the whole row, guarded by its revision, so that the change stream hands every process the
system as it is now; when a key was last used is written beside, and tells nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, ClassVar

from pymongo import IndexModel, UpdateOne

from domain.model.intake.client_keys import ClientBounds, ClientKey, KeyKind, Scope
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, StoreFault, Write, insert, replace
from domain.store.stored_document import StoredDocument

COLLECTION = "clients"
MOST_CLIENTS = 500


class ClientDocument(StoredDocument):
    """A system in the database; `_id` is its name. `used` is when its keys were last used, by their ids."""

    source: str
    store: str
    kind: KeyKind
    scopes: list[Scope]
    bounds: dict[str, int]
    addresses: list[str]
    keys: list[dict[str, Any]]
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    rev: int
    used: dict[str, datetime]

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (
            IndexModel({"source": 1}, unique=True),
            IndexModel({"keys.id": 1}),
        )


# ---------------------------------------------------------------- errors
class ClientTaken(StoreFault):
    """Another system has the name or the source, or changed meanwhile."""


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class StoredClient:
    """A system at a revision. `addresses` are networks that its keys may come from, all where there are
    none; `used` by the ids of keys.
    """

    name: str
    source: str
    store: str
    kind: KeyKind
    scopes: tuple[Scope, ...]
    bounds: ClientBounds
    addresses: tuple[str, ...]
    keys: tuple[ClientKey, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    rev: int = 1
    used: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """Return the source that it reports as."""
        return self.source

    @property
    def actor(self) -> str:
        """Return who acts, as the audit trail names it."""
        return actor_of(self.name)

    def is_live(self, now: datetime) -> bool:
        """Tell whether its keys work at all."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def live_keys(self, now: datetime) -> tuple[ClientKey, ...]:
        """Return the keys that work."""
        return tuple(key for key in self.keys if key.is_live(now)) if self.is_live(now) else ()


def actor_of(name: str) -> str:
    """Return a system as the audit trail names it."""
    return f"client:{name}"


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, name: str) -> StoredClient | None:
    """Return a system by its name."""
    row = await store[COLLECTION].find_one({"_id": name})
    return None if row is None else read_client(row)


async def find_by_source(store: DocumentStore, source: str) -> StoredClient | None:
    """Return the system that reports as a source."""
    row = await store[COLLECTION].find_one({"source": source})
    return None if row is None else read_client(row)


async def find_by_key(store: DocumentStore, key: str) -> StoredClient | None:
    """Return the system that a key is of, by the key's id."""
    row = await store[COLLECTION].find_one({"keys.id": key})
    return None if row is None else read_client(row)


async def find_all(store: DocumentStore) -> list[StoredClient]:
    """Return all systems, by name."""
    rows = store[COLLECTION].find({"_id": {"$gt": ""}}).sort("_id", 1).limit(MOST_CLIENTS)
    return [read_client(row) async for row in rows]


# ---------------------------------------------------------------- writes
def add_write(client: StoredClient) -> Write:
    """Return the insertion of a system; it raises ClientTaken."""
    return insert(COLLECTION, _row(client), if_taken=ClientTaken(client.name))


def change_write(client: StoredClient) -> Write:
    """Return the write of a system at its next revision; it raises ClientTaken."""
    query = {"_id": client.name, "rev": client.rev - 1}
    return replace(COLLECTION, query, _row(client), if_missed=ClientTaken(client.name))


def used_write(name: str, key: str, at: datetime) -> Write:
    """Return the write that notes the use of a key."""
    return Write(COLLECTION, UpdateOne({"_id": name}, {"$max": {f"used.{key}": at}}))


def _row(client: StoredClient) -> Raw:
    bounds = client.bounds
    return {
        "_id": client.name,
        "source": client.source,
        "store": client.store,
        "kind": client.kind,
        "scopes": list(client.scopes),
        "bounds": {name: getattr(bounds, name) for name in bounds.__dataclass_fields__},
        "addresses": list(client.addresses),
        "keys": [
            {
                "id": key.id,
                "hash": key.hashed,
                "at": key.created_at,
                "by": key.created_by,
                "ends_at": key.ends_at,
            }
            for key in client.keys
        ],
        "created_at": client.created_at,
        "created_by": client.created_by,
        "expires_at": client.expires_at,
        "revoked_at": client.revoked_at,
        "rev": client.rev,
        "used": dict(client.used),
    }


def read_client(row: Raw) -> StoredClient:
    """Return a system from its row."""
    return StoredClient(
        row["_id"],
        row["source"],
        row["store"],
        row["kind"],
        tuple(row["scopes"]),
        ClientBounds(**row["bounds"]),
        tuple(row["addresses"]),
        tuple(ClientKey(key["id"], key["hash"], key["at"], key["by"], key["ends_at"]) for key in row["keys"]),
        row["created_at"],
        row["created_by"],
        row["expires_at"],
        row["revoked_at"],
        row["rev"],
        row["used"],
    )

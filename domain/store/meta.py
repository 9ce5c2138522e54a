"""The collection `meta`: a few documents that say something of the whole database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.store.stored_document import StoredDocument

COLLECTION = "meta"
PROGRAMME_ID = "programme"
FORMAT_ID = "format"
MIGRATION_ID = "migration"
DEMO_ID = "demo"
CLOCK_ID = "clock"
FIGURES_ID = "figures"
ARCHIVE_ID = "archive"
SECRET_ID = "secret"  # noqa: S105 - the document's id


class MetaDocument(StoredDocument):
    """One of several documents, each with fields of its own.

    `programme` holds the version that rules. `format` holds the format's number, the format that a running
    migration leads to, and the digest of the indexes that were built; its `copied` says how far a copy of
    another database into this one has come, its `origin` which copy this is, its `moved` where it has gone.
    `migration` holds the position of its step, and the lease of its runner. `secret` holds the fingerprint of
    the secret that seals and hashes in this database. `figures` holds the lease of whoever folds, whether
    that is done, from which day on it is to be made again (`since`; without it all of it), and which `folds`
    made them. `demo` marks a demo, and `clock` says by how much its programme is ahead of the world's time.
    `archive` says up to when journal rows may stand in the archive.
    """

    version: int | None = None

    number: int | None = None
    folds: int | None = None
    migrating_to: int | None = None
    indexes: str | None = None
    copied: dict[str, Any] | None = None
    origin: str | None = None
    moved: dict[str, Any] | None = None

    step: int | None = None
    position: str | None = None
    changed: int | None = None
    lease: str | None = None
    lease_until: datetime | None = None

    fingerprint: str | None = None

    until: datetime | None = None
    done: bool | None = None
    since: str | None = None

    ahead_ms: int | None = None

    archived_before: datetime | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION

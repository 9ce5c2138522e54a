"""The collection `meta`: a few documents that say something of the whole database."""

from __future__ import annotations

from datetime import datetime

from domain.store.stored_document import StoredDocument

COLLECTION = "meta"
PROGRAMME_ID = "programme"
FORMAT_ID = "format"
MIGRATION_ID = "migration"
SECRET_ID = "secret"  # noqa: S105 - the document's id


class MetaDocument(StoredDocument):
    """One of several documents, each with fields of its own.

    `programme` holds the version that rules. `format` holds the format's number, the format that a running
    migration leads to, and the digest of the indexes that were built. `migration` holds the position of its
    step, and the lease of its runner. `secret` holds the fingerprint of the secret that seals and hashes in
    this database. `demo` marks a demo.
    """

    version: int | None = None

    number: int | None = None
    migrating_to: int | None = None
    indexes: str | None = None

    step: int | None = None
    position: str | None = None
    changed: int | None = None
    lease: str | None = None
    lease_until: datetime | None = None

    fingerprint: str | None = None

    until: datetime | None = None
    done: bool | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION

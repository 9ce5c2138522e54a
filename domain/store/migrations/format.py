"""The format of a database: which it is, and the sentence for whoever starts a version that reads another."""

from __future__ import annotations

from domain.model.values import dataclass
from domain.store import meta
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore


class FormatMismatch(Exception):
    """The database holds another format than this version reads; the message is for whoever starts it."""


@dataclass(frozen=True, slots=True)
class StoredFormat:
    """The format of a database. `number` is None before there were formats; a migration leads to another.

    `copied` says how far a copy into it has come, `origin` which copy it was once, and `moved` where a
    database has gone.
    """

    number: int | None
    migrating_to: int | None = None
    indexes: str | None = None
    copied: Raw | None = None
    origin: str | None = None
    moved: Raw | None = None

    @property
    def newest(self) -> int:
        """Return the newest format that some document may have."""
        return max(self.number or 0, self.migrating_to or 0)


async def read_format(store: DocumentStore) -> StoredFormat:
    """Return the format of a database."""
    return stored_format(await store.mongo[meta.COLLECTION].find_one({"_id": meta.FORMAT_ID}))


def stored_format(document: Raw | None) -> StoredFormat:
    """Return the format of its document in `meta`."""
    if document is None:
        return StoredFormat(None)
    return StoredFormat(
        document["number"],
        document.get("migrating_to"),
        document.get("indexes"),
        document.get("copied"),
        document.get("origin"),
        document.get("moved"),
    )


def expect_known(stored: StoredFormat, *, database: str, supported: int) -> None:
    """Raise FormatMismatch where a database is of no format, or of a newer one than is supported; also where
    it is a part of one, or was moved.
    """
    if stored.copied is not None:
        raise FormatMismatch(
            f"The database {database} holds a part of another, whose copy was cut off: run the same selo ops"
            " restore or selo ops move again, which goes on, or drop this database."
        )
    if stored.moved is not None:
        raise FormatMismatch(
            f"The database {database} was moved to {stored.moved['to']}: start there, by MONGODB_URI. selo"
            " ops move --cancel returns to this one, without anything that has happened there."
        )
    if stored.number is None:
        raise FormatMismatch(
            f"The database {database} holds data of an earlier format, and this version of Selo reads format"
            f" {supported}: go on with the version that wrote it, or begin anew with another data folder"
            " (--data) or another database (SELO_DATABASE)."
        )
    if stored.newest > supported:
        raise FormatMismatch(
            f"The database {database} holds data of format {stored.newest}, and this version of Selo reads"
            f" format {supported}: start the version that migrated it, or a newer one."
        )


def expect_current(stored: StoredFormat, *, database: str, supported: int) -> None:
    """Raise FormatMismatch where a database must be migrated first."""
    if stored.number is not None and stored.number < supported:
        raise FormatMismatch(
            f"The database {database} holds data of format {stored.number}, and this version of Selo reads"
            f" format {supported}: stop the servers of the version that wrote it, and run: selo migrate."
        )


def expect_indexes(stored: StoredFormat, *, database: str, digest: str) -> None:
    """Raise FormatMismatch where a database in use lacks indexes that this version needs: on many documents
    they take long. A new database has none yet.
    """
    if stored.indexes is not None and stored.indexes != digest:
        raise FormatMismatch(
            f"The database {database} has other indexes than this version of Selo needs, and they may take"
            " long to build: run selo migrate, which does, and start then."
        )

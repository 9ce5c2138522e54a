"""Pictures that operators added for the programme, each under the digest of its content: it never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from typing import ClassVar

from pymongo import IndexModel

from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, Write, insert
from domain.store.stored_document import StoredDocument

COLLECTION = "programme_pictures"


class ProgrammePictureDocument(StoredDocument):
    """A picture in the database; `_id` is the digest of its content."""

    body: bytes
    media_type: str
    width: int
    height: int
    size: int
    staff: str
    at: datetime

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = (IndexModel({"at": 1}),)


@dataclass(frozen=True, slots=True)
class ProgrammePicture:
    """A picture as it was drawn anew, of `width` by `height` pixels and `size` bytes."""

    digest: str
    media_type: str
    width: int
    height: int
    size: int
    staff: str
    at: datetime
    body: bytes = field(default=b"", repr=False)


async def find(store: DocumentStore, digest: str) -> ProgrammePicture | None:
    """Return a picture with its content."""
    row = await store[COLLECTION].find_one({"_id": digest})
    return None if row is None else _read(row)


async def find_newest(store: DocumentStore, *, now: datetime, first: int) -> list[ProgrammePicture]:
    """Return the newest pictures without their contents, the newest first."""
    rows = store[COLLECTION].find({"at": {"$lte": now}}, {"body": 0}).sort("at", -1).limit(first)
    return [_read(row) async for row in rows]


async def count(store: DocumentStore, *, most: int) -> int:
    """Return how many pictures there are, up to a bound."""
    return len([row async for row in store[COLLECTION].find({"_id": {"$gt": ""}}, {"_id": 1}).limit(most)])


def add_write(picture: ProgrammePicture) -> Write:
    """Return the insertion of a picture; it raises Stale where it is there."""
    document = ProgrammePictureDocument(
        id=picture.digest,
        body=picture.body,
        media_type=picture.media_type,
        width=picture.width,
        height=picture.height,
        size=picture.size,
        staff=picture.staff,
        at=picture.at,
    )
    return insert(COLLECTION, document.row(), if_taken=Stale("the picture is there"))


def _read(row: Raw) -> ProgrammePicture:
    document = ProgrammePictureDocument(**{"body": b"", **row, "id": row["_id"]})
    return ProgrammePicture(
        document.id,
        document.media_type,
        document.width,
        document.height,
        document.size,
        document.staff,
        document.at,
        document.body,
    )

"""Merges: which membership was merged into which, and what of the profile it filled in, so that it can be
undone. No names and no contacts: those of the closed membership stay with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from pymongo import DeleteOne, IndexModel

from domain.model.values import dataclass
from domain.store.document_store import DocumentStore, Stale, Write, insert
from domain.store.stored_document import StoredDocument

COLLECTION = "merges"


class MergeDocument(StoredDocument):
    """A merge in the database; `_id` is the membership that was closed, `seq` its closing row."""

    into: str
    at: datetime
    seq: int
    filled: list[str]
    devices: list[str]

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = ()


@dataclass(frozen=True, slots=True)
class StoredMerge:
    """A merge of `member` into `into`: `filled` are the fields of the profile that it filled in, `devices`
    those that moved.
    """

    member: str
    into: str
    at: datetime
    seq: int
    filled: tuple[str, ...]
    devices: tuple[str, ...]


async def find(store: DocumentStore, member: str) -> StoredMerge | None:
    """Return the merge that closed a membership; None where none did."""
    document = await store.documents(MergeDocument).find_one({"_id": member})
    if document is None:
        return None
    return StoredMerge(
        document.id,
        document.into,
        document.at,
        document.seq,
        tuple(document.filled),
        tuple(document.devices),
    )


def note_write(merge: StoredMerge) -> Write:
    """Return the insertion of a merge."""
    row = {
        "_id": merge.member,
        "into": merge.into,
        "at": merge.at,
        "seq": merge.seq,
        "filled": list(merge.filled),
        "devices": list(merge.devices),
    }
    return insert(COLLECTION, row, if_taken=Stale("the membership was merged meanwhile"))


def forget_write(merge: StoredMerge) -> Write:
    """Return the deletion of a merge that is undone; it raises Stale where it was undone meanwhile."""
    operation = DeleteOne({"_id": merge.member, "at": merge.at})
    return Write(COLLECTION, operation, Stale("the merge was undone meanwhile"))

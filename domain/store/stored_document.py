"""The base of every Beanie document: each collection is declared by one, in the file of its noun.

A document declares the collection's name, its indexes and its fields. Cold collections are read and written
through it; growing ones are read raw and written by `commit.py`, because a save of a whole document would
lose what others wrote meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from beanie import Document
from beanie.odm.utils.dump import get_dict
from pydantic import ConfigDict
from pymongo import IndexModel
from pymongo.results import UpdateResult

from domain.store.connect import Raw

PENDING = {"state": "pending"}
TROUBLE_INDEX = IndexModel({"trouble": 1}, partialFilterExpression={"trouble": {"$exists": True}})


class StoredDocument(Document):
    """A document of ours: `_id` is a string that we make. Pydantic builds its parts at their first use."""

    model_config = ConfigDict(defer_build=True)

    id: str  # type: ignore[assignment]  # Beanie's own is an ObjectId or nothing

    class Settings:
        """The collection's name and indexes; an index begins with the field that readers ask for first."""

        name: ClassVar[str]
        indexes: ClassVar[Sequence[IndexModel]] = ()

    def row(self) -> dict[str, Any]:
        """Return the document as the database stores it, for a write of a transaction."""
        row: dict[str, Any] = get_dict(self, to_db=True, keep_nulls=self.get_settings().keep_nulls)
        return row

    @classmethod
    async def update_first(cls, query: Raw, change: Raw) -> UpdateResult:
        """Update the document that matches, where there is one."""
        result = await cls.find_one(query).update(change)
        assert isinstance(result, UpdateResult), "an update without upsert inserts nothing"
        return result

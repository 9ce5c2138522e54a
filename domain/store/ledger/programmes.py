"""Published programmes: immutable, numbered from 1, held in memory.

A process notices a new one within a second, without a read per request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.model.programme import Programme
from domain.model.programme.loading import load, load_published
from domain.model.programme.parsing import content_hash
from domain.store import audit, meta
from domain.store.document_store import DocumentStore, Stale, insert, update
from domain.store.ledger import stock
from domain.store.meta import MetaDocument
from domain.store.stored_document import StoredDocument

COLLECTION = "programmes"


class ProgrammeVersion(StoredDocument):
    """One published version: the file's text as it was; an equal `digest` means equal content."""

    id: int  # type: ignore[assignment]  # the version's number is its identity
    digest: str
    text: str
    published_at: datetime
    published_by: str | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION


class NothingPublished(Exception):
    """No programme is published: `selo programme publish FILE` does it."""


@dataclass(frozen=True, slots=True)
class PublishedProgramme:
    """A programme and its number."""

    programme: Programme
    number: int
    digest: str


class Programmes:
    """The published versions that were loaded, and the one that rules."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self._loaded: dict[int, PublishedProgramme] = {}
        self._published_at: dict[int, datetime] = {}
        self._current: int | None = None

    def current(self) -> PublishedProgramme:
        """Return the programme that rules, from memory. Raises NothingPublished."""
        if self._current is None:
            raise NothingPublished
        return self._loaded[self._current]

    async def load_version(self, number: int) -> PublishedProgramme:
        """Return a published version; it is read once. Raises KeyError."""
        if number not in self._loaded:
            document = await self._read(number)
            # A large file takes seconds: beside the event loop, and whoever was first is kept.
            programme = await asyncio.to_thread(load_published, document.text)
            self._loaded.setdefault(number, PublishedProgramme(programme, number, document.digest))
        return self._loaded[number]

    async def load_versions(self, numbers: Iterable[int]) -> None:
        """Load versions, so that `loaded_or_current` answers at once."""
        for number in set(numbers) - self._loaded.keys():
            await self.load_version(number)

    def loaded_or_current(self, number: int) -> Programme:
        """Return a version that is in memory, else the one that rules."""
        return (self._loaded.get(number) or self.current()).programme

    async def version_at(self, at: datetime) -> PublishedProgramme:
        """Return the version that ruled at an instant: the last one published by then.

        The first version also rules all time before it.
        """
        known_count, last = len(self._published_at), self.current().number
        if known_count < last:
            rows = self._store[COLLECTION].find(
                {"_id": {"$gt": known_count, "$lte": last}}, {"published_at": 1}
            )
            self._published_at.update({row["_id"]: row["published_at"] async for row in rows})
        return await self.load_version(
            max((number for number, stamp in self._published_at.items() if stamp <= at), default=1)
        )

    async def read_text(self, number: int) -> str:
        """Return a version as it was written. Raises KeyError."""
        return (await self._read(number)).text

    async def _read(self, number: int) -> ProgrammeVersion:
        document = await self._store.documents(ProgrammeVersion).find_one({"_id": number})
        if document is None:
            raise KeyError(number)
        return document

    async def refresh(self) -> None:
        """Load the version that rules by now, where it is another."""
        pointer = await self._store.documents(MetaDocument).find_one({"_id": meta.PROGRAMME_ID})
        if pointer is not None and pointer.version is not None and pointer.version != self._current:
            await self.load_version(pointer.version)
            self._current = pointer.version

    async def publish(self, text: str, *, now: datetime, by: str | None = None) -> PublishedProgramme:
        """Publish a programme file as the next version, unless its content is that of the one that rules.

        Raises ProgrammeFaults.
        """
        programme = await asyncio.to_thread(load, text)
        digest = await asyncio.to_thread(content_hash, text)

        async def attempt() -> None:
            await self.refresh()
            if self._current is not None and self._loaded[self._current].digest == digest:
                return
            number = (self._current or 0) + 1
            row = {"_id": number, "digest": digest, "text": text, "published_at": now, "published_by": by}
            query = {"_id": meta.PROGRAMME_ID, "version": self._current}
            pointer_write = (
                update(
                    meta.COLLECTION,
                    query,
                    {"$set": {"version": number}},
                    if_missed=Stale("another was first"),
                )
                if self._current
                else insert(meta.COLLECTION, {"_id": meta.PROGRAMME_ID, "version": number})
            )
            await stock.create_counters(self._store, programme)
            audit_write = audit.simple_act_write(
                "PROGRAMME_PUBLISHED", actor=by or audit.COMMAND_LINE, now=now, subject=f"version {number}"
            )
            await self._store.transact([insert(COLLECTION, row), pointer_write, audit_write])

        await self._store.run_rounds(attempt, queue="programme")
        await self.refresh()
        return self.current()

"""Published programmes: immutable, numbered from 1, kept in memory. A new one is noticed within a second,
without a read per request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.model.programme import Programme
from domain.model.programme.loading import load, load_published
from domain.model.programme.parsing import content_hash
from domain.store import audit
from domain.store.document_store import DocumentStore, Stale, insert, update
from domain.store.documents import ProgrammeVersion
from domain.store.ledger import stock

POINTER = "programme"


class NothingPublished(Exception):
    """No programme is published: `selo programme publish FILE` does it."""


@dataclass(frozen=True, slots=True)
class PublishedProgramme:
    """A programme and its number."""

    programme: Programme
    number: int
    digest: str


class Programmes:
    """Every published version that was asked for, and which one rules."""

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
            document = await ProgrammeVersion.get(number)
            if document is None:
                raise KeyError(number)
            self._loaded[number] = PublishedProgramme(load_published(document.text), number, document.digest)
        return self._loaded[number]

    async def load_versions(self, numbers: Iterable[int]) -> None:
        """Have versions in memory, so that `known` answers at once."""
        for number in set(numbers) - self._loaded.keys():
            await self.load_version(number)

    def loaded_or_current(self, number: int) -> Programme:
        """Return a version that is in memory, else the one that rules."""
        return (self._loaded.get(number) or self.current()).programme

    async def version_at(self, at: datetime) -> PublishedProgramme:
        """Return the version that ruled at an instant: the last one published by then, or the first, which
        rules all time before it.
        """
        known_count, last = len(self._published_at), self.current().number
        if known_count < last:
            rows = self._store["programmes"].find(
                {"_id": {"$gt": known_count, "$lte": last}}, {"published_at": 1}
            )
            self._published_at.update({row["_id"]: row["published_at"] async for row in rows})
        return await self.load_version(
            max((number for number, stamp in self._published_at.items() if stamp <= at), default=1)
        )

    async def read_text(self, number: int) -> str:
        """Return a version as it was written. Raises KeyError."""
        document = await ProgrammeVersion.get(number)
        if document is None:
            raise KeyError(number)
        return document.text

    async def refresh(self) -> None:
        """Look whether another version rules by now."""
        pointer = await self._store["meta"].find_one({"_id": POINTER})
        if pointer is not None and pointer["version"] != self._current:
            await self.load_version(pointer["version"])
            self._current = pointer["version"]

    async def publish(self, text: str, *, now: datetime, by: str | None = None) -> PublishedProgramme:
        """Publish a programme file as the next version; the same content as the one that rules is no new one.
        Raises ProgrammeFaults.
        """
        programme, digest = load(text), content_hash(text)

        async def attempt() -> None:
            await self.refresh()
            if self._current is not None and self._loaded[self._current].digest == digest:
                return
            number = (self._current or 0) + 1
            row = {"_id": number, "digest": digest, "text": text, "published_at": now, "published_by": by}
            pointer_insert, query = (
                insert("meta", {"_id": POINTER, "version": number}),
                {"_id": POINTER, "version": self._current},
            )
            pointer_update = update(
                "meta", query, {"$set": {"version": number}}, if_missed=Stale("another came first")
            )
            await stock.create_counters(self._store, programme)
            audit_write = audit.simple_act_write(
                "PROGRAMME_PUBLISHED", actor=by or audit.COMMAND_LINE, now=now, subject=f"version {number}"
            )
            await self._store.transact(
                [insert("programmes", row), pointer_update if self._current else pointer_insert, audit_write]
            )

        await self._store.run_rounds(attempt, queue="programme")
        await self.refresh()
        return self.current()

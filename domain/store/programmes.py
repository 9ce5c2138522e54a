"""Published programmes: immutable, numbered from 1, kept in memory. A new one is noticed within a second,
without a read per request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.model.programme import Programme
from domain.model.programme.loading import load, load_published
from domain.model.programme.reading import content_hash
from domain.store import audit, stock
from domain.store.base import Stale, Store, insert, update
from domain.store.documents import ProgrammeVersion

POINTER = "programme"


class NothingPublished(Exception):
    """No programme is published: `selo programme publish FILE` does it."""


@dataclass(frozen=True, slots=True)
class Published:
    """A programme and its number."""

    programme: Programme
    version: int
    digest: str


class Programmes:
    """Every published version that was asked for, and which one rules."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[int, Published] = {}
        self._stamps: dict[int, datetime] = {}
        self._current: int | None = None

    def current(self) -> Published:
        """Return the programme that rules, from memory. Raises NothingPublished."""
        if self._current is None:
            raise NothingPublished
        return self._known[self._current]

    async def version(self, number: int) -> Published:
        """Return a published version; it is read once. Raises KeyError."""
        if number not in self._known:
            found = await ProgrammeVersion.get(number)
            if found is None:
                raise KeyError(number)
            self._known[number] = Published(load_published(found.text), number, found.digest)
        return self._known[number]

    async def know(self, numbers: Iterable[int]) -> None:
        """Have versions in memory, so that `known` answers at once."""
        for number in set(numbers) - self._known.keys():
            await self.version(number)

    def known(self, number: int) -> Programme:
        """Return a version that is in memory, else the one that rules."""
        return (self._known.get(number) or self.current()).programme

    async def at_time(self, at: datetime) -> Published:
        """Return the version that ruled at an instant: the last one published by then, or the first, which
        rules all time before it.
        """
        known, last = len(self._stamps), self.current().version
        if known < last:
            found = self._store["programmes"].find({"_id": {"$gt": known, "$lte": last}}, {"published_at": 1})
            self._stamps.update({row["_id"]: row["published_at"] async for row in found})
        return await self.version(
            max((number for number, stamp in self._stamps.items() if stamp <= at), default=1)
        )

    async def text(self, number: int) -> str:
        """Return a version as it was written. Raises KeyError."""
        found = await ProgrammeVersion.get(number)
        if found is None:
            raise KeyError(number)
        return found.text

    async def refresh(self) -> None:
        """Look whether another version rules by now."""
        found = await self._store["meta"].find_one({"_id": POINTER})
        if found is not None and found["version"] != self._current:
            await self.version(found["version"])
            self._current = found["version"]

    async def publish(self, text: str, *, now: datetime, by: str | None = None) -> Published:
        """Publish a programme file as the next version; the same content as the one that rules is no new one.
        Raises ProgrammeFaults.
        """
        programme, digest = load(text), content_hash(text)

        async def attempt() -> None:
            await self.refresh()
            if self._current is not None and self._known[self._current].digest == digest:
                return
            number = (self._current or 0) + 1
            row = {"_id": number, "digest": digest, "text": text, "published_at": now, "published_by": by}
            first, asked = (
                insert("meta", {"_id": POINTER, "version": number}),
                {"_id": POINTER, "version": self._current},
            )
            later = update("meta", asked, {"$set": {"version": number}}, missed=Stale("another came first"))
            await stock.lay_out(self._store, programme)
            noted = audit.deed(
                "PROGRAMME_PUBLISHED", actor=by or audit.COMMAND_LINE, now=now, subject=f"version {number}"
            )
            await self._store.transact([insert("programmes", row), later if self._current else first, noted])

        await self._store.rounds(attempt, queue="programme")
        await self.refresh()
        return self.current()

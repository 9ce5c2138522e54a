"""Published programmes: immutable, numbered from 1, held in memory.

A process notices a new one within a second, without a read per request.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from domain.model.ledger.sweeping.due_change import EVERYONE, NO_CHANGE, DueChange, due_change
from domain.model.programme import Programme
from domain.model.programme.loading import load, load_published
from domain.model.programme.parsing import content_hash
from domain.model.values import dataclass
from domain.store import audit, meta
from domain.store.document_store import DocumentStore, Stale, StoreFault, Write, insert, update
from domain.store.ledger import stock
from domain.store.ledger.due import sweeps
from domain.store.ledger.due.due_changes import change_values, read_change
from domain.store.ledger.members import StoredMember
from domain.store.meta import MetaDocument
from domain.store.stored_document import StoredDocument

COLLECTION = "programmes"
PUBLISH_QUEUE = "programme"
CHANGES_KNOWN: Final = 200  # a member whose instant is of a version before these is looked at


class ProgrammeVersion(StoredDocument):
    """One published version: the file's text as it was; an equal `digest` means equal content."""

    id: int  # type: ignore[assignment]  # the version's number is its identity
    digest: str
    text: str
    published_at: datetime
    published_by: str | None = None
    note: str | None = None  # absent in versions of an older release, as the next one
    approved_by: str | None = None
    due_change: dict[str, Any] | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION


class NothingPublished(Exception):
    """No programme is published: `selo programme publish FILE` does it."""


class VersionOvertaken(StoreFault):
    """Another version was published since the one that a draft was made from; `current` rules by now."""

    def __init__(self, current: int) -> None:
        super().__init__(f"version {current} was published meanwhile")
        self.current = current


class VersionUnchanged(StoreFault):
    """The draft says what the version that rules says."""


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A published version without its text. `published_by` is an employee's id, or `cli:NAME` for the shell,
    and so is `approved_by`, where it took four eyes.
    """

    number: int
    digest: str
    published_at: datetime
    published_by: str | None
    note: str | None
    approved_by: str | None


@dataclass(frozen=True, slots=True)
class NextVersion:
    """A version that can be published: the text was loaded, and is sound."""

    programme: Programme
    text: str
    digest: str
    note: str | None = None


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
        self._changes_since: dict[int, DueChange] = {}

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

    async def read_versions(self) -> dict[int, ProgrammeVersion]:
        """Return all published versions as they were written."""
        documents = self._store.documents(ProgrammeVersion).find({"_id": {"$gt": 0}})
        return {document.id: document async for document in documents}

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
            self._changes_since = await self._read_changes(pointer.version)
            self._current = pointer.version

    def may_be_due(self, stored_member: StoredMember, *, now: datetime) -> bool:
        """Tell whether time may have brought something to a member by now, or a version since theirs may
        have changed when it does.
        """
        next_due, current = stored_member.next_due, self.current().number
        if next_due.is_due(now=now):
            return True
        if next_due.version == current:
            return False
        return self._changes_since.get(next_due.version, EVERYONE).concerns(stored_member.member)

    async def due_change_of(self, number: int) -> DueChange:
        """Return whose next due instant a version may have changed. Raises KeyError."""
        return read_change((await self._read(number)).due_change)

    async def _read_changes(self, current: int) -> dict[int, DueChange]:
        """Return for each of the last versions whose next due instant may have changed since."""
        query = {"_id": {"$gt": current - CHANGES_KNOWN, "$lte": current}}
        rows = self._store[COLLECTION].find(query, {"due_change": 1})
        changes = {row["_id"]: read_change(row.get("due_change")) async for row in rows}
        since, changes_since = NO_CHANGE, dict[int, DueChange]()
        for number in sorted(changes, reverse=True):
            changes_since[number] = since
            since |= changes[number]
        return changes_since

    async def find_versions(self, *, first: int, before: int | None = None) -> list[VersionRecord]:
        """Return published versions without their texts, newest first, from the one before `before`."""
        query = {} if before is None else {"_id": {"$lt": before}}
        rows = self._store[COLLECTION].find(query, {"text": 0}).sort("_id", -1).limit(first)
        return [
            VersionRecord(
                row["_id"],
                row["digest"],
                row["published_at"],
                row.get("published_by"),
                row.get("note"),
                row.get("approved_by"),
            )
            async for row in rows
        ]

    async def publish(
        self, text: str, *, now: datetime, by: str | None = None, note: str | None = None
    ) -> PublishedProgramme:
        """Publish a programme file as the next version, unless its content is that of the one that rules.

        Raises ProgrammeInvalid, Busy.
        """
        version = await next_version(text, note=note)

        async def attempt() -> None:
            with contextlib.suppress(VersionUnchanged):
                await self.publish_once(version, now=now, by=by)

        await self._store.run_rounds(attempt, queue=PUBLISH_QUEUE)
        await self.refresh()
        return self.current()

    async def publish_once(
        self,
        version: NextVersion,
        *,
        now: datetime,
        by: str | None = None,
        base: int | None = None,
        approved_by: str | None = None,
        writes: Sequence[Write] = (),
    ) -> int:
        """Publish a version in one transaction with `writes`, within a round; return its number.

        Raises VersionUnchanged; VersionOvertaken where `base` is named and does not rule any more; Stale.
        """
        await self.refresh()
        if base is not None and base != self._current:
            raise VersionOvertaken(self._current or 0)
        if self._current is not None and self._loaded[self._current].digest == version.digest:
            raise VersionUnchanged(version.digest)
        number, change = (self._current or 0) + 1, NO_CHANGE
        if self._current is not None:
            change = due_change(self._loaded[self._current].programme, version.programme)
        row = {
            "_id": number,
            "digest": version.digest,
            "text": version.text,
            "published_at": now,
            "published_by": by,
            "note": version.note,
            "approved_by": approved_by,
            "due_change": change_values(change),
        }
        query = {"_id": meta.PROGRAMME_ID, "version": self._current}
        pointer_write = (
            update(
                meta.COLLECTION, query, {"$set": {"version": number}}, if_missed=Stale("another was first")
            )
            if self._current
            else insert(meta.COLLECTION, {"_id": meta.PROGRAMME_ID, "version": number})
        )
        await stock.create_counters(self._store, version.programme)
        audit_write = audit.simple_act_write(
            "PROGRAMME_PUBLISHED",
            actor=by or audit.COMMAND_LINE,
            now=now,
            subject=f"version {number}",
            reason=version.note,
        )
        sweep_writes = sweeps.start_writes(self._store, version=number, now=now) if change else []
        await self._store.transact(
            [insert(COLLECTION, row), pointer_write, audit_write, *sweep_writes, *writes]
        )
        return number


async def next_version(text: str, *, note: str | None = None) -> NextVersion:
    """Load a programme file beside the event loop, to publish it. Raises ProgrammeInvalid."""
    programme = await asyncio.to_thread(load, text)
    return NextVersion(programme, text, await asyncio.to_thread(content_hash, text), note)

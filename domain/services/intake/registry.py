"""Who may send: the published sources, in memory. A new version is noticed within a second of being asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

import structlog

from domain.model.intake.sources import Source, load_sources
from domain.model.programme.faults import ProgrammeInvalid
from domain.store.document_store import DocumentStore
from domain.store.intake import source_files
from domain.store.intake.source_files import StoredSources

LOOK_SECONDS = 1.0

log = structlog.get_logger(__name__)


class SourceRegistry:
    """The sources of the newest published file."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self._number, self._looked_at, self._loading = 0, float("-inf"), asyncio.Lock()
        self._sources: dict[str, Source] = {}
        self._published_at: datetime | None = None

    async def find(self, code: str) -> Source | None:
        """Return a source by its code."""
        await self._refresh()
        return self._sources.get(code)

    def known(self, code: str) -> Source | None:
        """Return a source as it was read last."""
        return self._sources.get(code)

    async def find_all(self) -> Mapping[str, Source]:
        """Return all sources by their codes."""
        await self._refresh()
        return self._sources

    async def find_published_at(self) -> datetime | None:
        """Return when the file that is in force was published; None where there is none."""
        await self._refresh()
        return self._published_at

    async def _refresh(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._looked_at < LOOK_SECONDS:
            return
        newest = await source_files.find_newest(self._store, after=self._number)
        if newest is not None:
            async with self._loading:  # whoever asks meanwhile waits: to those it is published as well
                if newest.number > self._number:
                    await self._take(newest)
        self._looked_at = now

    async def _take(self, newest: StoredSources) -> None:
        try:
            # A large file takes a while to check: beside the event loop.
            sources = await asyncio.to_thread(load_sources, newest.text, newest.files)
        except ProgrammeInvalid as invalid:  # published by a version that checked less: the last one stays
            log.error("intake.sources_unreadable", version=newest.number, faults=len(invalid.faults))
        else:
            self._sources = {source.code: source for source in sources}
            self._published_at = newest.published_at
        self._number = newest.number

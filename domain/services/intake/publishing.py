"""Publishing a sources file: checked as a whole, numbered; the same content again is no new version.

A code stays with the store that it has reported for: the store is part of each receipt's identity, so that
with another one every order that is told of again would count twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from domain.model.intake.sources import Source, check_stores, load_sources
from domain.model.programme.faults import ProgrammeInvalid
from domain.services.runtime import Runtime
from domain.store.intake import clients, orders, source_files
from domain.store.intake.source_files import StoredSources
from domain.store.people import stores


async def publish(
    runtime: Runtime, *, text: str, files: Mapping[str, str], now: datetime, actor: str | None = None
) -> StoredSources:
    """Publish a sources file with the CSV files that it names. Raises ProgrammeInvalid, Busy."""

    async def attempt() -> StoredSources:
        newest = await source_files.find_newest(runtime.store)
        if newest is not None and newest.text == text and dict(newest.files) == dict(files):
            return newest
        await check(runtime, text=text, files=files)
        next_version = StoredSources((newest.number if newest else 0) + 1, text, files)
        await source_files.publish(runtime.store, next_version, now=now, by=actor)
        return next_version

    return await runtime.store.run_rounds(attempt, queue="sources")


async def check(runtime: Runtime, *, text: str, files: Mapping[str, str]) -> None:
    """Check a sources file, and that its stores are there and those of before. Raises ProgrammeInvalid."""
    sources = load_sources(text, files)
    reported_for = {source.code: await find_store(runtime, source.code) for source in sources}
    check_stores(
        text,
        sources,
        stores=[each.code for each in await stores.find_all(runtime.store)],
        reported_for={code: store for code, store in reported_for.items() if store is not None},
    )


async def find_store(runtime: Runtime, code: str) -> str | None:
    """Return the store that a source reports for: by the newest file, its orders, or a system's key. None for
    a code that is new.
    """
    try:
        _, published = await load_newest(runtime)
    except ProgrammeInvalid:  # published by a version that checked less
        published = ()
    if (source := next((each for each in published if each.code == code), None)) is not None:
        return source.store
    if (store := await orders.find_store(runtime.store, code)) is not None:
        return store
    client = await clients.find_by_source(runtime.store, code)
    return None if client is None else client.store


async def load_newest(runtime: Runtime) -> tuple[int, tuple[Source, ...]]:
    """Return the newest version's number and its sources; 0 and none where nothing is published."""
    newest = await source_files.find_newest(runtime.store)
    return (0, ()) if newest is None else (newest.number, load_sources(newest.text, newest.files))

"""Publishing a programme: versions are immutable and numbered; the same content gets no new number."""

from __future__ import annotations

from datetime import datetime

from domain.services.runtime import Runtime
from domain.store.ledger.programmes import NothingPublished, PublishedProgramme

__all__ = ["NothingPublished", "PublishedProgramme", "load_published", "publish"]


async def publish(
    runtime: Runtime, *, text: str, now: datetime, actor: str | None = None
) -> PublishedProgramme:
    """Publish a programme file; the current one again is returned as it is. Raises ProgrammeInvalid, Busy."""
    return await runtime.programmes.publish(text, now=now, by=actor)


async def load_published(runtime: Runtime, *, version: int | None = None) -> tuple[PublishedProgramme, str]:
    """Return a published version with its text, else the current one. Raises NothingPublished, KeyError."""
    await runtime.programmes.refresh()
    number = version or runtime.programmes.current().number
    return await runtime.programmes.load_version(number), await runtime.programmes.read_text(number)

"""Publishing a programme: immutable, numbered, and no new number for the same content."""

from __future__ import annotations

from datetime import datetime

from domain.services.house import House
from domain.store.ledger.programmes import NothingPublished, PublishedProgramme

__all__ = ["NothingPublished", "PublishedProgramme", "publish", "shown"]


async def publish(house: House, *, text: str, now: datetime, by: str | None = None) -> PublishedProgramme:
    """Publish a programme file; the one that rules already is given back as it is. Raises ProgrammeFaults,
    Busy.
    """
    return await house.programmes.publish(text, now=now, by=by)


async def shown(house: House, *, version: int | None = None) -> tuple[PublishedProgramme, str]:
    """Return a published version, else the one that rules, with its text. Raises NothingPublished,
    KeyError.
    """
    await house.programmes.refresh()
    number = version or house.programmes.current().number
    return await house.programmes.load_version(number), await house.programmes.read_text(number)

"""Pictures for the programme: added by an operator, drawn anew, under the digest of their content."""

from __future__ import annotations

import hashlib
from datetime import datetime

from domain.model.values import dataclass
from domain.services.errors import InvalidInput
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.publishing import pictures
from domain.store.publishing.pictures import ProgrammePicture

MOST_PICTURES = 1_000
SHOWN = 50
DIGEST_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class DrawnUpload:
    """What was drawn of a file that somebody sent: no byte of the file itself is in it."""

    body: bytes
    media_type: str
    width: int
    height: int


async def add(runtime: Runtime, *, till: Till, drawn: DrawnUpload, now: datetime) -> ProgrammePicture:
    """Store a picture; one that is there already stays as it is. Raises NotAllowed, Busy, and InvalidInput
    beyond a thousand pictures.
    """
    till.require_operator()
    digest = hashlib.sha256(drawn.body).hexdigest()[:DIGEST_CHARACTERS]
    picture = ProgrammePicture(
        digest,
        drawn.media_type,
        drawn.width,
        drawn.height,
        len(drawn.body),
        till.staff,
        now,
        drawn.body,
    )

    async def attempt() -> ProgrammePicture:
        known = await pictures.find(runtime.store, digest)
        if known is not None:
            return known
        if await pictures.count(runtime.store, most=MOST_PICTURES) >= MOST_PICTURES:
            raise InvalidInput("content", f"There are {MOST_PICTURES} pictures already: use one of those.")
        act = till.act_writes("PICTURE_ADDED", now=now, subject=digest)
        await runtime.store.transact([pictures.add_write(picture), *act])
        return picture

    return await runtime.store.run_rounds(attempt, queue="pictures")


async def list_newest(runtime: Runtime, *, now: datetime) -> list[ProgrammePicture]:
    """Return the newest pictures without their contents, the newest first."""
    return await pictures.find_newest(runtime.store, now=now, first=SHOWN)


async def find(runtime: Runtime, digest: str) -> ProgrammePicture | None:
    """Return a picture with its content."""
    return await pictures.find(runtime.store, digest)

"""The inbox as its owner sees it: a window of letters, how many nobody has read, and marking them read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.services.errors import NotFound
from domain.services.house import House
from domain.store.messages import inbox
from domain.store.messages.inbox import Letter, Mailbox

MARKED_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Opened:
    """A window of the inbox, newest first; `more` tells whether there are older ones. `unread` counts all of
    it.
    """

    letters: tuple[Letter, ...]
    more: bool
    unread: int


# ---------------------------------------------------------------- reads
async def mailbox(house: House, *, member_id: str) -> Mailbox:
    """Return what is counted of a member's messages."""
    return await inbox.find_mailbox(house.store, member_id)


async def opened(
    house: House, *, member_id: str, first: int, before: int | None = None, box: Mailbox | None = None
) -> Opened:
    """Return letters below a number, from the newest where none is given, with their programme versions in
    memory.

    `box` where the caller has counted the letters already.
    """
    box = box or await inbox.find_mailbox(house.store, member_id)
    below = box.letter_count + 1 if before is None else before
    found = (
        await inbox.find_window(house.store, member_id, before=below, first=first) if box.letter_count else ()
    )
    await house.programmes.load_versions(one.version for one in found)
    return Opened(found, below - first > 1, box.unread_count)


async def letter(house: House, *, letter_id: str, member_id: str) -> Letter:
    """Return one letter of a member. Raises NotFound."""
    found = [one for one in await inbox.find_many(house.store, [letter_id]) if one.member == member_id]
    if not found:
        raise NotFound(letter_id)
    await house.programmes.load_versions([found[0].version])
    return found[0]


# ---------------------------------------------------------------- writes
async def mark_read(house: House, *, member_id: str, letter_ids: Sequence[str], now: datetime) -> int:
    """Mark letters as read; return how many are not yet. Doing it again changes nothing. Raises NotFound for
    somebody else's.
    """
    ids = sorted(set(letter_ids))

    async def attempt() -> int:
        found = await inbox.find_many(house.store, ids)
        if len(found) != len(ids) or any(one.member != member_id for one in found):
            raise NotFound(member_id)
        box = await inbox.find_mailbox(house.store, member_id)
        fresh = [one for one in found if one.read_at is None]
        after = replace(box, unread_count=max(0, box.unread_count - len(fresh)))
        if fresh:
            await house.store.transact(
                [*(inbox.mark_read_write(one, at=now) for one in fresh), inbox.mailbox_write(box, after)]
            )
        return after.unread_count

    return await house.store.run_rounds(attempt, queue=f"mailbox:{member_id}")

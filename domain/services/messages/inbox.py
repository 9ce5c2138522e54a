"""The inbox as its owner sees it: a window of letters, how many are unread, and marking them as read.

Letters of a membership that was merged into the owner's stay in its own mailbox. They are shown after the
owner's, and none of them is unread: who took it over starts with the count of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.model.values import dataclass
from domain.services.decisions import is_same_member
from domain.services.errors import NotFound
from domain.services.runtime import Runtime
from domain.store.ledger import merges
from domain.store.messages import inbox, pushed_taps
from domain.store.messages.inbox import Letter, Mailbox

MAX_MARKED = 100
MAX_WINDOW = 100
MAX_SEARCHED = 1_000


@dataclass(frozen=True, slots=True)
class InboxPage:
    """A window of the inbox, newest first. `has_more` tells whether there are older letters.

    `unread_count` counts the whole inbox. Where a filter left the window short, `read_down_to` is the number
    down to which it was searched.
    """

    letters: tuple[Letter, ...]
    has_more: bool
    unread_count: int
    read_down_to: int | None = None


# ---------------------------------------------------------------- reads
async def find_mailbox(runtime: Runtime, *, member_id: str) -> Mailbox:
    """Return the counters of a member's messages."""
    return await inbox.find_mailbox(runtime.store, member_id)


async def list_letters(
    runtime: Runtime,
    *,
    member_id: str,
    first: int,
    before: int | None = None,
    mailbox: Mailbox | None = None,
    is_unread: bool | None = None,
) -> InboxPage:
    """Return letters below a number, else the newest, with their programme versions in memory; of those that
    are unread or read, where that is said, among the 1,000 below.

    `mailbox` is given where the caller has read it already.
    """
    mailbox = mailbox or await inbox.find_mailbox(runtime.store, member_id)
    below = mailbox.letter_count + 1 if before is None else before
    if is_unread is not None:
        return await _search(runtime, mailbox, below, first, is_unread=is_unread)
    letters = (
        await inbox.find_window(runtime.store, member_id, before=below, first=first)
        if mailbox.letter_count
        else ()
    )
    await runtime.programmes.load_versions(one.version for one in letters)
    letters = await runtime.once_texts.put_in(runtime.store, letters)
    return InboxPage(letters, below - first > 1, mailbox.unread_count)


async def _search(
    runtime: Runtime, mailbox: Mailbox, below: int, first: int, *, is_unread: bool
) -> InboxPage:
    """Return the first letters below a number that are unread, or that are read."""
    found_letters: list[Letter] = []
    floor = max(1, below - MAX_SEARCHED)
    while below > floor and len(found_letters) <= first:
        size = min(MAX_WINDOW, below - floor)
        letters = await inbox.find_window(runtime.store, mailbox.member, before=below, first=size)
        found_letters += [one for one in letters if (one.read_at is None) is is_unread]
        below -= size
    page = tuple(found_letters[:first])
    await runtime.programmes.load_versions(one.version for one in page)
    page = await runtime.once_texts.put_in(runtime.store, page)
    is_full = len(found_letters) > first
    read_down_to = below if below > 1 and not is_full else None
    return InboxPage(page, is_full or below > 1, mailbox.unread_count, read_down_to)


async def list_merged_letters(
    runtime: Runtime, *, member_id: str, first: int, before: int | None = None
) -> InboxPage:
    """Return letters of a membership that was merged into another one, below a number, else the newest."""
    page = await list_letters(runtime, member_id=member_id, first=first, before=before)
    return replace(page, letters=await _as_read(runtime, member_id, page.letters))


async def count_letters(runtime: Runtime, member_ids: Sequence[str]) -> int:
    """Return how many letters the mailboxes of members have."""
    if not member_ids:
        return 0
    mailboxes = await inbox.find_mailboxes(runtime.store, member_ids)
    return sum(mailbox.letter_count for mailbox in mailboxes.values())


async def _as_read(runtime: Runtime, merged: str, letters: Sequence[Letter]) -> tuple[Letter, ...]:
    """Return letters of a merged membership: those that were unread are read since the merge."""
    if all(letter.read_at is not None for letter in letters):
        return tuple(letters)
    merge = await merges.find(runtime.store, merged)
    return tuple(
        letter
        if letter.read_at is not None or merge is None
        else replace(letter, read_at=max(merge.at, letter.sent_at))
        for letter in letters
    )


async def load_letter(runtime: Runtime, *, letter_id: str, member_id: str) -> Letter:
    """Return one letter as a member reads it. Raises NotFound."""
    letter = await load_stored_letter(runtime, letter_id=letter_id, member_id=member_id)
    if letter.member == member_id:
        return letter
    [letter_as_read] = await _as_read(runtime, letter.member, [letter])
    return letter_as_read


async def load_stored_letter(runtime: Runtime, *, letter_id: str, member_id: str) -> Letter:
    """Return one letter of a member, or of a membership that was merged into theirs. Raises NotFound."""
    letters = await inbox.find_many(runtime.store, [letter_id])
    if not letters or not await is_same_member(runtime, letters[0].member, member_id):
        raise NotFound(letter_id)
    await runtime.programmes.load_versions([letters[0].version])
    [letter] = await runtime.once_texts.put_in(runtime.store, letters)
    return letter


# ---------------------------------------------------------------- writes
@dataclass(frozen=True, slots=True)
class ReadLetters:
    """What marking letters came to: how many of the inbox are unread, and how many were until then."""

    unread_count: int
    before: int


async def mark_read(
    runtime: Runtime, *, member_id: str, letter_ids: Sequence[str], is_clicked: bool = False, now: datetime
) -> ReadLetters:
    """Mark letters as read, where `is_clicked` also as followed where they lead; return how many are unread.
    Again changes nothing; those of a merged membership are read. With `is_clicked` also pushes that lie in no
    inbox, by the ids that they have. Raises NotFound for another member's.
    """
    ids = sorted(set(letter_ids))

    async def attempt() -> ReadLetters:
        letters = await inbox.find_many(runtime.store, ids)
        missing = set(ids) - {one.id for one in letters} if is_clicked else set()
        pushed = await pushed_taps.find_pushed(runtime.store, sorted(missing)) if missing else []
        others = {one.member for one in letters} | {one.member for one in pushed}
        others.discard(member_id)
        if len(letters) + len(pushed) != len(ids) or not all(
            [await is_same_member(runtime, other, member_id) for other in others]
        ):
            raise NotFound(member_id)
        mailbox = await inbox.find_mailbox(runtime.store, member_id)
        unread_letters = [one for one in letters if one.read_at is None and one.member == member_id]
        mailbox_after = mailbox.with_changed(unread_letters)
        changed = [one for one in letters if one.clicked_at is None] if is_clicked else unread_letters
        mark = inbox.click_write if is_clicked else inbox.mark_read_write
        writes = [mark(one, at=now) for one in changed]
        writes += [pushed_taps.tap_write(one, at=now) for one in pushed if not one.is_tapped]
        if unread_letters:
            writes.append(inbox.mailbox_write(mailbox, mailbox_after))
        if writes:
            await runtime.store.transact(writes)
        return ReadLetters(mailbox_after.unread_count, mailbox.unread_count)

    return await runtime.store.run_rounds(attempt, queue=f"mailbox:{member_id}")

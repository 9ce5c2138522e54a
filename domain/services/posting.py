"""Posting: messages put into the inboxes of their members, each once and in its order, many members' at a
time.

Of one member's messages each is posted after the one before it; those of different members go together, in a
few commands for all. One that fails spoils no other: what failed together is tried alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from domain.services.house import House
from domain.services.messages import balance_of, letter_of, too_soon
from domain.services.sending import Job
from domain.store.messages import inbox
from domain.store.messages.inbox import Mailbox

Posted = Literal["there", "too_soon"] | Exception


async def posted(house: House, jobs: Sequence[Job], *, now: datetime) -> Mapping[str, Posted]:
    """Post messages that keep to the inbox, or that may come only so often; return what became of each row,
    or why nothing did.
    """
    out: dict[str, Posted] = {}
    for together in _waves(jobs):
        try:
            out |= await _wave(house, together, now)
        except Exception as fault:  # noqa: BLE001 - handed to whoever asked, who tells a fault of the database from one of the row
            if len(together) == 1:
                out[together[0].row.id] = fault
            else:
                for job in together:
                    out |= await posted(house, [job], now=now)
    return out


def _waves(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    """Yield jobs of different members together: everybody's first, then everybody's second, and so on."""
    waiting = defaultdict[str, list[Job]](list)
    for job in reversed(jobs):
        waiting[job.row.member].append(job)
    while waiting:
        yield [theirs.pop() for theirs in waiting.values()]
        waiting = defaultdict(list, {member: theirs for member, theirs in waiting.items() if theirs})


async def _wave(house: House, jobs: Sequence[Job], now: datetime) -> Mapping[str, Posted]:
    async def attempt() -> Mapping[str, Posted]:
        boxes = await inbox.find_mailboxes(house.store, [job.row.member for job in jobs])
        held = [box.held_letter for box in boxes.values() if box.held_letter is not None]
        there = {
            one.id
            for one in await inbox.find_many(
                house.store, [*(job.row.id for job in jobs), *(one.id for one in held)]
            )
        }
        await inbox.insert_letters(
            house.store, [one for one in held if one.id not in there]
        )  # where a worker died between the two
        there.update(one.id for one in held)
        out: dict[str, Posted] = {}
        moved = list[tuple[Mailbox, Mailbox]]()
        for job in jobs:
            box = boxes.get(job.row.member) or await inbox.find_mailbox(house.store, job.row.member)
            after = (
                _after(job, box, now) if job.row.id not in there else box
            )  # else a worker that died had come so far
            out[job.row.id] = "there" if after is not None else "too_soon"
            if after is not None and after is not box:
                moved.append((box, after))
        if moved:
            await inbox.post(house.store, moved)
        return out

    return await house.store.run_rounds(attempt)


def _after(job: Job, box: Mailbox, now: datetime) -> Mailbox | None:
    """Return a mailbox with a message that came; None where it came too soon after one of its kind."""
    row, spec = job.row, job.spec
    assert spec is not None, "a webhook goes into no inbox"
    if too_soon(job.programme, spec, box, row):
        return None
    after = box
    if "inbox" in spec.channels:
        letter = letter_of(
            row, n=box.letter_count + 1, balance=balance_of(job.programme, job.kept, now=now), now=now
        )
        after = replace(
            box, letter_count=letter.number, unread_count=box.unread_count + 1, held_letter=letter
        )
    return after.with_received(spec.code, row.event_at, by=row.id) if spec.once is not None else after

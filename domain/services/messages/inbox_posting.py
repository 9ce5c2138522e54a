"""Posting: messages are put into inboxes, each once and in order, for many members at once.

Messages of one member are posted one after another; those of different members together, in a few commands.
Where a group fails, each of it is tried alone, so that one fault affects one message.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from domain.services.messages.delivery_jobs import DeliveryJob
from domain.services.messages.message_rules import is_too_soon, main_balance, make_letter
from domain.services.runtime import Runtime
from domain.store.messages import inbox
from domain.store.messages.inbox import Mailbox

PostingResult = Literal["there", "too_soon"] | Exception


async def post_to_inboxes(
    runtime: Runtime, jobs: Sequence[DeliveryJob], *, now: datetime
) -> Mapping[str, PostingResult]:
    """Post messages that go to the inbox or are limited in time; return the result or error of each row."""
    results: dict[str, PostingResult] = {}
    for wave in _waves_of_jobs(jobs):
        try:
            results |= await _post_wave(runtime, wave, now)
        except Exception as fault:  # noqa: BLE001 - handed to whoever asked, who tells a fault of the database from one of the row
            if len(wave) == 1:
                results[wave[0].row.id] = fault
            else:
                for job in wave:
                    results |= await post_to_inboxes(runtime, [job], now=now)
    return results


def _waves_of_jobs(jobs: Sequence[DeliveryJob]) -> Iterator[Sequence[DeliveryJob]]:
    """Yield jobs of different members together: the first of each member, then the second, and so on."""
    jobs_by_member = defaultdict[str, list[DeliveryJob]](list)
    for job in reversed(jobs):
        jobs_by_member[job.row.member].append(job)
    while jobs_by_member:
        yield [theirs.pop() for theirs in jobs_by_member.values()]
        jobs_by_member = defaultdict(
            list, {member: theirs for member, theirs in jobs_by_member.items() if theirs}
        )


async def _post_wave(
    runtime: Runtime, jobs: Sequence[DeliveryJob], now: datetime
) -> Mapping[str, PostingResult]:
    async def attempt() -> Mapping[str, PostingResult]:
        mailboxes = await inbox.find_mailboxes(runtime.store, [job.row.member for job in jobs])
        held_letters = [box.held_letter for box in mailboxes.values() if box.held_letter is not None]
        stored_ids = {
            one.id
            for one in await inbox.find_many(
                runtime.store, [*(job.row.id for job in jobs), *(one.id for one in held_letters)]
            )
        }
        # A worker may have died after it wrote the mailbox, and before it wrote the letter.
        await inbox.insert_letters(runtime.store, [one for one in held_letters if one.id not in stored_ids])
        stored_ids.update(one.id for one in held_letters)
        results: dict[str, PostingResult] = {}
        mailbox_changes = list[tuple[Mailbox, Mailbox]]()
        for job in jobs:
            mailbox = mailboxes.get(job.row.member) or await inbox.find_mailbox(runtime.store, job.row.member)
            # Where the letter is stored, a worker that died has counted it already.
            mailbox_after = mailbox if job.row.id in stored_ids else _mailbox_after(job, mailbox, now)
            results[job.row.id] = "there" if mailbox_after is not None else "too_soon"
            if mailbox_after is not None and mailbox_after is not mailbox:
                mailbox_changes.append((mailbox, mailbox_after))
        if mailbox_changes:
            await inbox.post(runtime.store, mailbox_changes)
        return results

    return await runtime.store.run_rounds(attempt)


def _mailbox_after(job: DeliveryJob, mailbox: Mailbox, now: datetime) -> Mailbox | None:
    """Return a mailbox after a message; None where it came too soon after one of its kind."""
    row, spec = job.row, job.spec
    assert spec is not None, "a webhook goes into no inbox"
    if is_too_soon(job.programme, spec, mailbox, row):
        return None
    mailbox_after = mailbox
    if "inbox" in spec.channels:
        letter = make_letter(
            row,
            number=mailbox.letter_count + 1,
            balance=main_balance(job.programme, job.stored_member, now=now),
            now=now,
        )
        mailbox_after = replace(
            mailbox, letter_count=letter.number, unread_count=mailbox.unread_count + 1, held_letter=letter
        )
    return (
        mailbox_after.with_received(spec.code, row.event_at, by=row.id)
        if spec.once is not None
        else mailbox_after
    )

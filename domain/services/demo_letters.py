"""The inboxes of the demo's members: what they would have been told lately, and the older letters read.

In the long demo they are opened and followed as often as people do so, and figures hold what became of all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from domain.model.calendar import local_day
from domain.model.figures.folds.rules import varied_paths
from domain.model.figures.increments import Increments
from domain.model.figures.message_fates import PLACE, Fate
from domain.model.ledger.decision import JournalRow
from domain.model.programme import MessageSpec, Programme
from domain.model.programme.messages import SERVICE_PURPOSE
from domain.services.messages.message_rules import find_message_spec, is_too_soon, make_letter
from domain.store.document_store import Write
from domain.store.messages import inbox, outbox, outbox_writes
from domain.store.messages.inbox import Letter, Mailbox
from domain.store.people.details import Details

SINCE = timedelta(days=90)
UNREAD_FOR = timedelta(days=5)
READ_AFTER = timedelta(hours=2)
# How many letters are opened, beside those of variants that are more welcome; how many of them are followed.
OPENED: Final = 0.5
OPENED_OF_VARIANT: Final = {"coin": 0.72}
FOLLOWED: Final = 0.4

Reading = tuple[Fate, ...]  # what comes after it was sent
Reads = Callable[[outbox.OutboxRow, MessageSpec], Reading]


def read_always(_row: outbox.OutboxRow, _spec: MessageSpec) -> Reading:
    """Have every letter opened: the short demo's people read all."""
    return ("opened",)


def read_mostly(row: outbox.OutboxRow, spec: MessageSpec) -> Reading:
    """Return what became of a letter: drawn by its id, so that it is the same wherever one asks."""
    if _draw(row.id, "opened") >= OPENED_OF_VARIANT.get(row.variant or "", OPENED):
        return ()
    is_followed = spec.link is not None and _draw(row.id, "followed") < FOLLOWED
    return ("opened", "clicked") if is_followed else ("opened",)


def _draw(id: str, what: str) -> float:
    return int.from_bytes(hashlib.sha256(f"{what}\n{id}".encode()).digest()[:4], "big") / 2**32


def inbox_writes(
    programme: Programme,
    member: str,
    rows: Sequence[JournalRow],
    details: Details,
    *,
    now: datetime,
    reads: Reads = read_always,
) -> list[Write]:
    """Return the insertions of a member's letters of the last 90 days; of the last five none is read yet."""
    mailbox, letters, balance = Mailbox(member), list[Letter](), 0
    for row in rows:
        # What there was to spend then is not kept anywhere: the balance with what was pending is near enough.
        balance = next(
            (each.balance for each in reversed(row.entries) if each.wallet == programme.wallets[0].code),
            balance,
        )
        if row.event.at < now - SINCE:
            continue
        for outbox_row in _promised_rows(member, row):
            spec = find_message_spec(programme, outbox_row.kind, outbox_row.code)
            if (
                spec is None
                or "inbox" not in spec.channels
                or is_too_soon(programme, spec, mailbox, outbox_row)
            ):
                continue
            if spec.purpose not in (SERVICE_PURPOSE, *details.profile.consents):
                continue
            sent_at = row.event.at
            if outbox_row.kind == "survey" and sent_at < now - UNREAD_FOR:
                continue  # answered or not, nobody wants to read the same question month after month
            letter = make_letter(outbox_row, number=len(letters) + 1, balance=max(0, balance), now=sent_at)
            reading = reads(outbox_row, spec) if sent_at < now - UNREAD_FOR else ()
            read_at = sent_at + READ_AFTER if reading else None
            clicked_at = read_at if "clicked" in reading else None
            letters.append(replace(letter, read_at=read_at, clicked_at=clicked_at))
            if spec.once is not None:
                mailbox = mailbox.with_received(spec.code, sent_at, by=outbox_row.id)
    unread = sum(letter.read_at is None for letter in letters)
    mailbox = replace(mailbox, letter_count=len(letters), unread_count=unread)
    return inbox.fill_writes(mailbox, letters) if letters else []


def _promised_rows(member: str, row: JournalRow) -> Iterator[outbox.OutboxRow]:
    for write in outbox_writes.promise_writes(member, row, now=row.event.at):
        assert write.document is not None, "a promise is an insertion"
        outbox_row = outbox.read_row(write.document)
        if outbox_row.kind != "webhook":
            yield outbox_row


def add_fates(
    increments: Increments,
    programme: Programme,
    member: str,
    rows: Sequence[JournalRow],
    details: Details,
    *,
    now: datetime,
) -> None:
    """Add what became of a member's messages, as if each had been sent at once: the inbox says the same."""
    mailbox = Mailbox(member)
    for row in rows:
        for outbox_row in _promised_rows(member, row):
            spec = find_message_spec(programme, outbox_row.kind, outbox_row.code, outbox_row.variant)
            if outbox_row.kind != "message" or spec is None:
                continue
            sent_at = row.event.at
            if is_too_soon(programme, spec, mailbox, outbox_row):
                fates: tuple[Fate, ...] = ("dropped",)
            elif spec.purpose not in (SERVICE_PURPOSE, *details.profile.consents):
                fates = ("no_consent",)
            else:
                in_inbox = "inbox" in spec.channels and sent_at < now - UNREAD_FOR
                fates = ("sent", *(read_mostly(outbox_row, spec) if in_inbox else ()))
                mailbox = mailbox.with_received(spec.code, sent_at, by=outbox_row.id)
            for path in varied_paths(f"messages.{outbox_row.code}", outbox_row.variant):
                for fate in fates:
                    increments.add_on_day(local_day(sent_at, programme.zone), f"{path}.{fate}", 1, **PLACE)

"""The inboxes of the demo's members: what they would have been told lately, and the older letters read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.model.ledger.decision import JournalRow
from domain.model.programme import Programme
from domain.model.programme.messages import SERVICE_PURPOSE
from domain.services.messages.message_rules import find_message_spec, is_too_soon, make_letter
from domain.store.document_store import Write
from domain.store.messages import inbox, outbox, outbox_writes
from domain.store.messages.inbox import Letter, Mailbox
from domain.store.people.details import Details

SINCE = timedelta(days=90)
UNREAD_FOR = timedelta(days=5)
READ_AFTER = timedelta(hours=2)


def inbox_writes(
    programme: Programme, member: str, rows: Sequence[JournalRow], details: Details, *, now: datetime
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
            is_read = sent_at < now - UNREAD_FOR
            letters.append(replace(letter, read_at=sent_at + READ_AFTER if is_read else None))
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

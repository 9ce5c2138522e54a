"""The inbox of a demo's member: the messages and questions of their last weeks, the newest two unread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from domain.model.ledger.decision import JournalRow
from domain.model.ledger.member import Member
from domain.model.programme import Programme
from domain.store.connect import Raw
from domain.store.document_store import Write
from domain.store.messages import inbox, outbox_writes
from domain.store.messages.inbox import Letter

SHOWN_FOR = timedelta(days=60)
UNREAD_COUNT = 2
READ_AFTER = timedelta(hours=3)


def letter_writes(
    programme: Programme, member: Member, rows: Sequence[JournalRow], *, until: datetime
) -> list[Write]:
    """Return the insertions of a member's mailbox and letters; none where nothing was said."""
    promises = list(_promises(programme, member, rows, until))
    balance = member.wallets[programme.wallets[0].code].available
    letters = [
        Letter(
            promise["_id"],
            member.id,
            number,
            promise["kind"],
            promise["code"],
            promise["version"],
            promise["event"],
            dict(promise["data"]),
            balance,
            promise["at"],
            read_at=promise["at"] + READ_AFTER if number <= len(promises) - UNREAD_COUNT else None,
        )
        for number, promise in enumerate(promises, start=1)
    ]
    return inbox.filled_mailbox_writes(member.id, letters) if letters else []


def _promises(
    programme: Programme, member: Member, rows: Sequence[JournalRow], until: datetime
) -> Iterator[Raw]:
    """Yield what the rows of the last weeks promised to the inbox, as the outbox would have it."""
    for row in rows:
        if row.event.at <= until - SHOWN_FOR:
            continue
        for write in outbox_writes.promise_writes(member.id, row, now=row.event.at):
            promise = write.document
            assert promise is not None, "a promise is inserted"
            is_letter = promise["kind"] == "survey" or (
                promise["kind"] == "message" and "inbox" in programme.message(promise["code"]).channels
            )
            if is_letter:
                yield promise

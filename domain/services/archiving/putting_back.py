"""A member's archived rows read, and put back into the database where a case asks for all of them: their
receipts are open for refunds again. The files stay as they are, and the next run takes the rows out once
more.
"""

from __future__ import annotations

from domain.services.errors import NotFound
from domain.services.ledger.proof.folded_journal import FoldedJournal
from domain.services.ledger.proof.journal_base import compare_base
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.ledger import journal_rows, receipts
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.archived.journal_bases import ArchiveAway
from domain.store.ledger.history_entries import HistoryEntry, row_history

ROWS_AT_ONCE = 500


class ArchiveIncomplete(Exception):
    """The files do not have all rows that a member's base stands for; the message says which differ."""


async def read_entries(store: DocumentStore, member: str) -> list[HistoryEntry]:
    """Return the entries of a member's archived rows, oldest first. Raises ArchiveAway, ArchiveIncomplete,
    ArchiveDamaged; NotFound where none of theirs are archived.
    """
    rows = await _read_whole(store, member)
    return [entry for row in rows for entry in row_history(journal_rows.read_row(row))]


async def read_rows(store: DocumentStore, member: str) -> list[Raw]:
    """Return a member's archived rows as the journal stored them. Raises as `read_entries`."""
    return await _read_whole(store, member)


async def put_back(store: DocumentStore, member: str) -> int:
    """Put a member's archived rows into the database again; return how many. One that is cut off is begun
    again. Raises as `read_entries`.
    """
    rows = await _read_whole(store, member)
    assert store.archive is not None, "the rows were read from it"
    seq = rows[-1]["seq"]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        await journal_bases.insert_missing(store, rows[start : start + ROWS_AT_ONCE])
    closed = store.archive.receipts_of(member, until_seq=seq)
    for start in range(0, len(closed), ROWS_AT_ONCE):
        await store.transact([*map(receipts.reopen_write, closed[start : start + ROWS_AT_ONCE])])
    await store.transact(journal_bases.forget_writes(member, seq=seq))
    return len(rows)


async def _read_whole(store: DocumentStore, member: str) -> list[Raw]:
    base = await journal_bases.find(store, member)
    if base is None:
        raise NotFound(member)
    if store.archive is None:
        raise ArchiveAway(f"rows of {member} stand in the archive")
    rows, folded = store.archive.rows_of(member, until_seq=base["seq"]), FoldedJournal(member)
    for row in rows:
        folded.add_row(row)
    if differences := compare_base(base, folded):
        raise ArchiveIncomplete("; ".join(map(str, differences[:3])))
    return rows

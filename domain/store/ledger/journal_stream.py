"""The journal read by time over all members, or whole: for what leaves for other systems, for figures and
proofs.

Rows that stand in the archive are read with the rest. Whoever needs them where the archive is away is refused
by ArchiveAway: half a journal is nobody's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime

from domain.model.ledger.decision import JournalRow
from domain.model.values import dataclass
from domain.store.connect import Raw
from domain.store.document_store import EPOCH, DocumentStore, Stale
from domain.store.ledger import journal, journal_rows
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.archived.journal_bases import ArchiveAway
from domain.store.ledger.journal import COLLECTION

BATCH_SIZE = 200


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A row of a member's journal. `decided_until` is the instant that the member is decided for since this
    row; None where an earlier row had brought them that far, as with an event that came late.
    """

    member: str
    row: JournalRow
    decided_until: datetime | None


async def find_first_at(store: DocumentStore, *, until: datetime) -> datetime | None:
    """Return the instant of the earliest event up to an instant, in the archive too where it is here; None
    where there is none.
    """
    archived_at = store.archive.find_first_at() if store.archive is not None else None
    query = {"at": {"$gt": EPOCH, "$lte": until}}
    async for document in store[COLLECTION].find(query, {"at": 1}).sort("at", 1).limit(1):
        at: datetime = document["at"]
        return min(at, archived_at or at)
    return archived_at


async def stream_rows(store: DocumentStore, *, start: datetime, end: datetime) -> AsyncIterator[MemberRow]:
    """Yield the rows whose event lies in [start, end), in the order of their instants. Raises ArchiveAway."""
    async for document in stream_documents(store, start=start, end=end):
        yield _read(document)


async def stream_documents(
    store: DocumentStore, *, start: datetime, end: datetime, fields: Raw | None = None
) -> AsyncIterator[Raw]:
    """Yield the documents of these rows; of those in the database only `fields`,
    `at`, `member` and `seq` among them. Raises ArchiveAway.

    The filter is the range alone: with another field in it the embedded server reads the whole collection.
    """
    archived = await _archived_between(store, start, end)
    waiting = sorted(archived.values(), key=lambda row: row["at"])
    query, place = {"at": {"$gte": start, "$lt": end}}, 0
    async for document in store[COLLECTION].find(query, fields).sort("at", 1).batch_size(BATCH_SIZE):
        while place < len(waiting) and waiting[place]["at"] <= document["at"]:
            yield waiting[place]
            place += 1
        if (document["member"], document["seq"]) not in archived:
            yield document
    for document in waiting[place:]:
        yield document


async def _archived_between(
    store: DocumentStore, start: datetime, end: datetime
) -> Mapping[tuple[str, int], Raw]:
    """Return the rows of a time that stand in the archive, by member and seq."""
    before = await journal_bases.read_archived_before(store)
    if before is None or start >= before:
        return {}
    if store.archive is None:
        raise ArchiveAway(f"rows of before {before:%Y-%m-%d} stand in the archive")
    rows = store.archive.rows_between(start, min(end, before))
    seqs = await journal_bases.find_seqs(store, sorted({member for member, _ in rows}))
    return {key: row for key, row in rows.items() if key[1] <= seqs.get(key[0], 0)}


async def stream_member(store: DocumentStore, member: str, *, until_seq: int) -> AsyncIterator[JournalRow]:
    """Yield a member's rows up to a seq, in their order. Raises ArchiveAway, and Stale where rows leave for
    the archive meanwhile.
    """
    seq = await journal_bases.find_seq(store, member)
    if seq:
        for document in journal_bases.archived_rows(store, member, seq=seq):
            if document["seq"] <= until_seq:
                yield journal_rows.read_row(document)
    query = {"member": member, "seq": {"$gt": seq, "$lte": until_seq}}
    async for document in store[COLLECTION].find(query).sort("seq", 1).batch_size(BATCH_SIZE):
        if document["seq"] > seq + 1 and await journal_bases.find_seq(store, member) > seq:
            raise Stale("rows have left for the archive")
        seq = document["seq"]
        yield journal_rows.read_row(document)


async def find_rows_anywhere(
    store: DocumentStore, keys: Sequence[tuple[str, int]]
) -> Mapping[tuple[str, int], MemberRow]:
    """Return rows by member and seq, those that there are, of the archive too. Raises ArchiveAway."""
    rows = await find_rows(store, keys)
    archived = map(_read, await find_archived(store, set(keys) - rows.keys()))
    return {**rows, **{(each.member, each.row.seq): each for each in archived}}


async def find_between(
    store: DocumentStore, member: str, *, start: datetime, end: datetime
) -> list[JournalRow]:
    """Return a member's rows whose event lies in [start, end], of the archive too, by instant, then by seq.
    Raises ArchiveAway.
    """
    rows = await journal.find_between(store, member, start=start, end=end)
    archived = await journal_bases.find_archived(store, member)
    if archived is None or start >= archived.before:
        return rows
    seq = await journal_bases.find_seq(store, member)
    rows += [
        journal_rows.read_row(row)
        for row in journal_bases.archived_rows(store, member, seq=seq)
        if start <= row["at"] <= end
    ]
    return sorted(rows, key=lambda row: (row.event.at, row.seq))


async def find_rows_of(store: DocumentStore, member: str, seqs: Sequence[int]) -> dict[int, JournalRow]:
    """Return rows of a member by their seq, of the archive too. Raises ArchiveAway."""
    query = {"member": member, "seq": {"$in": list(seqs)}}
    documents = [row async for row in store[COLLECTION].find(query)]
    missing = set(seqs) - {row["seq"] for row in documents}
    documents += await find_archived(store, [(member, seq) for seq in missing])
    return {row["seq"]: journal_rows.read_row(row) for row in documents}


async def find_archived(store: DocumentStore, keys: Collection[tuple[str, int]]) -> list[Raw]:
    """Return those of the rows of members that stand in the archive. Raises ArchiveAway."""
    seqs = await journal_bases.find_seqs(store, sorted({member for member, _ in keys}))
    wanted = {(member, seq) for member, seq in keys if seq <= seqs.get(member, 0)}
    return [
        row
        for member in sorted({member for member, _ in wanted})
        for row in journal_bases.archived_rows(store, member, seq=seqs[member])
        if (member, row["seq"]) in wanted
    ]


async def find_rows(
    store: DocumentStore, keys: Sequence[tuple[str, int]]
) -> Mapping[tuple[str, int], MemberRow]:
    """Return rows by member and seq, those that there are in the database: one command."""
    ids = [f"{member}:{seq}" for member, seq in keys]
    found_rows = [_read(document) async for document in store[COLLECTION].find({"_id": {"$in": ids}})]
    return {(each.member, each.row.seq): each for each in found_rows}


def _read(document: Raw) -> MemberRow:
    row = journal_rows.read_row(document)
    decided_until = row.changes.get("decided_at")
    return MemberRow(document["member"], row, decided_until if isinstance(decided_until, datetime) else None)

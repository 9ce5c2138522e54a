"""Bases of journals: what the rows of a member that stand in the archive came to, folded up to a seq.

Rows up to `seq` are in the archive alone, all above it in the journal alone: one transaction moves them and
the base. So a journal with a base is proved, and a state of before a row restored, without the archive.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pymongo import DeleteMany, DeleteOne, IndexModel, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from domain.model.ledger.decision import StateValue
from domain.store import meta
from domain.store.archive.archived_history import ArchivedHistory
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore, Stale, StoreFault, Write, insert, replace, update
from domain.store.ledger import journal, members, receipts
from domain.store.stored_document import StoredDocument

COLLECTION = "journal_bases"
MEMBERS_AT_ONCE = 500


class JournalBaseDocument(StoredDocument):
    """A base; `_id` is the member. `state` is that after row `seq`, path by path; the rest are the sums and
    counters of those rows, as `FoldedJournal` has them. `acts` is when each kind of input was decided last.
    """

    seq: int
    before: datetime
    state: list[list[Any]]
    entries: int
    wallets: list[list[Any]]
    newest: list[list[int]]
    turned_at: datetime | None
    purchases: int
    vouchers: list[list[Any]]
    codes: list[list[Any]]
    batches: list[list[Any]]
    transfers: list[list[Any]]
    acts: list[list[Any]]

    class Settings(StoredDocument.Settings):
        name = COLLECTION
        indexes: ClassVar[Sequence[IndexModel]] = ()


# ---------------------------------------------------------------- errors
class ArchiveAway(StoreFault):
    """Rows are asked for that stand in the archive, and this process was not told where that is."""


# ---------------------------------------------------------------- reads
async def find(store: DocumentStore, member: str, *, session: AsyncClientSession | None = None) -> Raw | None:
    """Return the base of a member's journal; None where all of it stands in the database."""
    return await store[COLLECTION].find_one({"_id": member}, session=session)


async def find_seq(store: DocumentStore, member: str) -> int:
    """Return up to which seq a member's rows stand in the archive; 0 where none does."""
    base = await store[COLLECTION].find_one({"_id": member}, {"seq": 1})
    return 0 if base is None else int(base["seq"])


async def find_seqs(store: DocumentStore, members: Sequence[str]) -> dict[str, int]:
    """Return up to which seq the rows of members stand in the archive, of those of whom some do."""
    seqs: dict[str, int] = {}
    for start in range(0, len(members), MEMBERS_AT_ONCE):
        query = {"_id": {"$in": list(members[start : start + MEMBERS_AT_ONCE])}}
        seqs |= {row["_id"]: row["seq"] async for row in store[COLLECTION].find(query, {"seq": 1})}
    return seqs


async def find_archived(store: DocumentStore, member: str) -> ArchivedHistory | None:
    """Return where a member's history begins; None where all of it is there."""
    fields = {"before": 1, "entries": 1, "purchases": 1}
    return ArchivedHistory.read(await store[COLLECTION].find_one({"_id": member}, fields))


async def find_state(store: DocumentStore, member: str) -> tuple[int, dict[str, StateValue]]:
    """Return the seq of a member's base and their state after it; 0 and nothing where there is no base."""
    base = await store[COLLECTION].find_one({"_id": member}, {"seq": 1, "state": 1})
    return (0, {}) if base is None else (base["seq"], dict(base["state"]))


async def find_last_act(store: DocumentStore, member: str, *, besides: Collection[str]) -> datetime | None:
    """Return when one of the archived rows was decided last on an input other than these events."""
    base = await store[COLLECTION].find_one({"_id": member}, {"acts": 1})
    return max((at for name, at in base["acts"] if name not in besides), default=None) if base else None


async def read_archived_before(store: DocumentStore) -> datetime | None:
    """Return up to when rows may stand in the archive; None where nothing was ever archived."""
    document = await store[meta.COLLECTION].find_one({"_id": meta.ARCHIVE_ID})
    before: datetime | None = None if document is None else document["archived_before"]
    return before


def archived_rows(store: DocumentStore, member: str, *, seq: int) -> list[Raw]:
    """Return the rows of a member up to the seq of their base. Raises ArchiveAway where the archive is away,
    or has not all of them, and ArchiveDamaged.
    """
    rows = [] if store.archive is None else store.archive.rows_of(member, until_seq=seq)
    if len(rows) != seq:
        raise ArchiveAway(f"rows of {member} stand in the archive")
    return rows


# ---------------------------------------------------------------- writes
async def note_archived_before(store: DocumentStore, before: datetime) -> None:
    """Note that rows of before an instant may stand in the archive, before the first of them leaves."""
    change = {"$max": {"archived_before": before}}
    await store[meta.COLLECTION].update_one({"_id": meta.ARCHIVE_ID}, change, upsert=True)


async def insert_missing(store: DocumentStore, rows: Sequence[Raw]) -> None:
    """Insert those of some rows that the journal has not, before their base goes: until then none of them
    counts there.
    """
    upserts = [UpdateOne({"_id": row["_id"]}, {"$setOnInsert": row}, upsert=True) for row in rows]
    await store[journal.COLLECTION].bulk_write(upserts, ordered=False)


def move_writes(base: Raw, *, after_seq: int, closed_receipts: Sequence[Raw]) -> list[Write]:
    """Return the writes that take a member's rows after `after_seq`, up to the seq of the new base, out of
    the database, and closes receipts of theirs. They raise Stale where another run was quicker, or such a
    receipt has changed.
    """
    member, seq = base["_id"], base["seq"]
    faults = Stale("the base has moved on")
    ids = [f"{member}:{number}" for number in range(after_seq + 1, seq + 1)]
    return [
        insert(COLLECTION, base, if_taken=faults)
        if after_seq == 0
        else replace(COLLECTION, {"_id": member, "seq": after_seq}, base, if_missed=faults),
        _note_write(member, ArchivedHistory.read(base), if_missed=faults),
        *map(receipts.close_write, closed_receipts),
        Write(journal.COLLECTION, DeleteMany({"_id": {"$in": ids}})),
    ]


def forget_writes(member: str, *, seq: int) -> list[Write]:
    """Return the writes after which a member's journal has no base; their rows must stand in it again. They
    raise Stale where the base is another.
    """
    faults = Stale("the base has moved on")
    return [
        Write(COLLECTION, DeleteOne({"_id": member, "seq": seq}), faults),
        _note_write(member, None, if_missed=faults),
    ]


def _note_write(member: str, archived: ArchivedHistory | None, *, if_missed: StoreFault) -> Write:
    """Return the update by which a member says where their history begins; None: at its beginning."""
    change = {"$set": {"archived": archived.values()}} if archived else {"$unset": {"archived": ""}}
    return update(members.COLLECTION, {"_id": member}, change, if_missed=if_missed)

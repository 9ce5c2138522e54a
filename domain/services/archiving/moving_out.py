"""The run that archives: first the files, whole and checked, then what they hold leaves the database.

    choose -> a segment for each range of members, on the disk -> read it back, checksum and rows
           -> member after member, in one transaction: the base, the receipts closed, the rows deleted

A run that is killed has lost nothing and doubled nothing: a segment that was not whole is deleted and written
anew; from one that was, the next run first takes out what is still in the database. Rows are deleted only
where what was read back from the file is what stands in the database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import datetime
from typing import Literal

import structlog

from domain.model.id_ranges import IdRange, id_ranges
from domain.model.values import dataclass
from domain.services.archiving.choosing import find_old_rows, find_receipts
from domain.services.ledger.proof.journal_base import base_document, fold_from
from domain.store.archive.folder import ArchiveFolder
from domain.store.archive.segments import ArchivedDocument, ArchiveSegment, SegmentWriter
from domain.store.connect import Raw
from domain.store.document_store import DocumentStore
from domain.store.figures import lease, member_figures
from domain.store.ledger import journal, members
from domain.store.ledger.archived import journal_bases

RANGES = 16
# A transaction is to stay under a thousand writes: a row, and for a purchase its receipt.
ROWS_AT_ONCE = 400
NAME_STAMP = "%Y%m%dT%H%M%SZ"

Progress = Callable[[Literal["read", "moved"], int], None]
Fate = Literal["moved", "left"]

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- errors
class FiguresBeingRebuilt(Exception):
    """Figures are being made again from the journal: its rows must stay where they are until that is done."""


# ---------------------------------------------------------------- values
@dataclass
class ArchiveReport:
    """What a run did, or would do: rows by their month, members and receipts; `left` counts the members whose
    rows stay for now, and `resumed` the segments that an earlier run had left half done.
    """

    members: int = 0
    receipts: int = 0
    left: int = 0
    resumed: int = 0
    rows_by_month: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Return how many rows there are in all."""
        return sum(self.rows_by_month.values())

    def add(self, old: Sequence[ArchivedDocument]) -> None:
        """Count what leaves of a member."""
        self.members += 1
        for each in old:
            if each.collection == "receipts":
                self.receipts += 1
            else:
                self.rows_by_month[each.month] = self.rows_by_month.get(each.month, 0) + 1


def no_progress(_phase: Literal["read", "moved"], _members: int) -> None:
    """Show no progress."""


# ---------------------------------------------------------------- the run
async def survey(
    store: DocumentStore, *, before: datetime, progress: Progress = no_progress
) -> ArchiveReport:
    """Return what a run would move, and touch nothing."""
    report, read_count = ArchiveReport(), 0
    async for member in members.iterate_ids(store):
        read_count += 1
        progress("read", read_count)
        if old := await find_old_rows(store, member, before=before):
            report.add(old.documents())
    return report


async def archive(
    store: DocumentStore,
    folder: ArchiveFolder,
    *,
    before: datetime,
    now: datetime,
    release: str,
    progress: Progress = no_progress,
) -> ArchiveReport:
    """Move the rows of before an instant into the folder; first what an earlier run left half done.

    Raises ArchiveBusy, ArchiveDamaged, FiguresBeingRebuilt, OSError. Whatever is raised, another run goes on.
    """
    report = ArchiveReport()
    with folder.locked():
        for segment in folder.segments:
            if not segment.is_moved:
                report.resumed += 1
                await _move_segment(store, segment, report, progress)
        # The embedded database reads all members for a range of ids.
        ranges = id_ranges(1 if store.is_embedded else RANGES)
        for place, ids in enumerate(ranges):
            writer = SegmentWriter(folder.new_segment(f"{now.strftime(NAME_STAMP)}-{place:02d}"))
            await _write_segment(store, writer, ids, before=before, progress=progress)
            written = writer.finish(made_at=now, release=release, before=before)
            if written is not None:
                await _move_segment(store, written, report, progress)
    return report


async def _write_segment(
    store: DocumentStore, writer: SegmentWriter, ids: IdRange, *, before: datetime, progress: Progress
) -> None:
    read_count = 0
    async for member in members.iterate_ids(store, ids=ids):
        read_count += 1
        progress("read", read_count)
        old = await find_old_rows(store, member, before=before)
        for each in old.documents() if old is not None else ():
            writer.add(each)


async def _move_segment(
    store: DocumentStore, segment: ArchiveSegment, report: ArchiveReport, progress: Progress
) -> None:
    segment.check()
    await journal_bases.note_archived_before(store, segment.info.before)
    for place, (member, documents) in enumerate(segment.members(), start=1):
        progress("moved", place)
        if await lease.is_rebuilding(store):
            raise FiguresBeingRebuilt
        fate = await _move_member(store, member, documents, before=segment.info.before)
        if fate == "left":
            report.left += 1
        elif fate == "moved":
            report.add(documents)
    segment.mark_moved()


async def _move_member(
    store: DocumentStore, member: str, documents: Sequence[ArchivedDocument], *, before: datetime
) -> Fate | None:
    """Take a member's rows out of the database, so many at a time. Return whether they left, or must stay for
    now; None where they had left before.
    """
    fate: Fate | None = None
    while True:
        step = await store.run_rounds(
            lambda: _move_some(store, member, documents, before=before), queue=member
        )
        if step != "moved":
            return step or fate
        fate = step


async def _move_some(
    store: DocumentStore, member: str, documents: Sequence[ArchivedDocument], *, before: datetime
) -> Fate | None:
    folded = fold_from(member, await journal_bases.find(store, member))
    after_seq = folded.seq
    rows = [each.document for each in documents if each.collection == "journal" and each.seq > after_seq]
    if not rows:
        return None
    figures = (await member_figures.find_many(store, [member])).get(member)
    if figures is None or figures.seq < rows[-1]["seq"]:
        return "left"  # figures count it anew
    rows = rows[:ROWS_AT_ONCE]
    for row in rows:
        folded.add_row(row)
    if folded.differences or not await _stand_so(store, member, rows):
        log.error("archive.member_left", member=member, why="its rows contradict each other or the file")
        return "left"
    closed, in_file = await find_receipts(store, rows), [each.document for each in documents]
    if any(receipt not in in_file for receipt in closed):
        return "left"  # a refund came in between: the next run has it
    base = base_document(folded, before=before)
    await store.transact(journal_bases.move_writes(base, after_seq=after_seq, closed_receipts=closed))
    return "moved"


async def _stand_so(store: DocumentStore, member: str, rows: Sequence[Raw]) -> bool:
    """Tell whether rows that were read from a file are those in the database, value by value."""
    query = {"member": member, "seq": {"$gte": rows[0]["seq"], "$lte": rows[-1]["seq"]}}
    stored = [row async for row in store[journal.COLLECTION].find(query).sort("seq", 1)]
    return stored == list(rows)

"""Makes the figures again from the journal alone, beside a working server: what a migration, a lost document
or a changed fold asks for.

Whoever does it holds the lease, so nobody folds meanwhile; commits go on and leave their marks. Members and
their months are written as they are folded, days at the end, since every member adds to them. A mark in the
database says that it is under way: cut off, the next projector begins it again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence, Set

import structlog

from domain.model.club.leaderboards import SCORES
from domain.model.figures.folding import fold_row
from domain.model.figures.increments import DAYS, MONTHS, DocumentKey, Increments
from domain.model.figures.member_figures import NOTHING_YET
from domain.model.figures.message_fates import is_fate
from domain.services.club.handed_over import hand_over
from domain.services.club.standings import place_scores
from domain.services.club.undone_referrals import find_undone
from domain.services.runtime import Runtime
from domain.store import bulk
from domain.store.document_store import Write
from domain.store.figures import lease, member_figures, sums
from domain.store.figures.lease import FoldingElsewhere, LeaseHolder
from domain.store.ledger import journal_stream, members
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.archived.journal_bases import ArchiveAway

MEMBERS_AT_ONCE = 50

log = structlog.get_logger(__name__)


async def rebuild(
    runtime: Runtime, holder: LeaseHolder, *, progress: Callable[[int], None] = lambda _rows: None
) -> int:
    """Make the figures again; return how many rows they hold. `progress` gets the rows folded so far.

    The lease is taken away from whoever folds. Raises FoldingElsewhere where it is taken away in turn, and
    ArchiveAway, before anything is touched, where rows stand in an archive that is not here.
    """
    archived_before = await journal_bases.read_archived_before(runtime.store)
    if archived_before is not None and runtime.store.archive is None:
        raise ArchiveAway(f"rows of before {archived_before:%Y-%m-%d} stand in the archive")
    await lease.begin_rebuild(runtime.store, holder)
    await bulk.empty_collections(runtime.store, [member_figures.COLLECTION, *sums.REBUILT])
    increments, row_count, closed = Increments(), 0, list[str]()
    stale_days = await _keep_fates(runtime, increments)
    async for chunk in _chunks(members.iterate_seqs(runtime.store)):
        writes: list[Write] = []
        for member, seq in chunk:
            folded_count, figures = await _fold_member(runtime, holder, member, seq, increments)
            row_count += folded_count
            writes += figures
        closed += await members.find_closed(runtime.store, [member for member, _ in chunk])
        await place_scores(runtime, increments)
        await _write_of_members(runtime, increments, writes)
        await _expect_lease(runtime, holder)
        progress(row_count)
    await _replace_days(runtime, holder, increments, stale_days)
    for start in range(0, len(closed), MEMBERS_AT_ONCE):
        await _hand_over(runtime, holder, closed[start : start + MEMBERS_AT_ONCE])
    await lease.end_rebuild(runtime.store, holder)
    log.info("figures.rebuilt", rows=row_count)
    return row_count


async def ask_rebuild(runtime: Runtime) -> None:
    """Have the figures made again by whoever folds: within seconds, or once a worker runs."""
    await lease.ask_rebuild(runtime.store)


async def _keep_fates(runtime: Runtime, increments: Increments) -> set[str]:
    """Add what became of messages, which the journal does not say; return the ids of the days there are."""
    ids = set[str]()
    async for document in sums.iterate_days(runtime.store):
        ids.add(document["_id"])
        fields = {name: document[name] for name in ("day", "store", "tier")}
        for path, amount in sums.flat_sums(document).items():
            if is_fate(path):
                increments.add(DocumentKey(DAYS, document["_id"]), path, amount, fields=fields)
    return ids


async def _replace_days(
    runtime: Runtime, holder: LeaseHolder, increments: Increments, old_ids: Set[str]
) -> None:
    """Write the sums of days and what stands now. Old days stay until each is replaced, so that what became
    of messages is never lost.
    """
    for collection, operations in bulk.chunks(sums.replace_writes(increments, old_ids)):
        await bulk.write_chunk(runtime.store, collection, operations)
        await _expect_lease(runtime, holder)


async def _fold_member(
    runtime: Runtime, holder: LeaseHolder, member: str, seq: int, increments: Increments
) -> tuple[int, list[Write]]:
    """Fold a member's rows up to a seq; return how many, and the write of what is kept of them. The lease is
    renewed in between: else members of many rows would take longer than it lasts.
    """
    figures, row_count = NOTHING_YET, 0
    async for row in journal_stream.stream_member(runtime.store, member, until_seq=seq):
        programme = (await runtime.programmes.load_version(row.version)).programme
        undone = await find_undone(runtime, member, row)
        figures = fold_row(programme, member, figures, row, increments, undone)
        row_count += 1
        await _expect_lease(runtime, holder)
    if not row_count:
        return 0, []
    return row_count, [member_figures.move_write(member, NOTHING_YET, figures)]


async def _hand_over(runtime: Runtime, holder: LeaseHolder, closed: Sequence[str]) -> None:
    """Move the scores of closed memberships to those that took them over, and the ranks that are written."""

    async def attempt() -> None:
        moved = Increments()
        await hand_over(runtime, moved, closed)
        proofs = await place_scores(runtime, moved)
        await runtime.store.transact([holder.write(), *proofs, *sums.increment_writes(moved)])

    await runtime.store.run_rounds(attempt)


async def _write_of_members(runtime: Runtime, increments: Increments, figures: Sequence[Write]) -> None:
    """Write the figures, months and scores of members who are folded, and forget them."""
    keys = [key for key in increments.sums if key.collection in (MONTHS, SCORES)]
    for collection, operations in bulk.chunks([*figures, *sums.insert_writes(increments, keys)]):
        await bulk.write_chunk(runtime.store, collection, operations)
    for key in keys:
        increments.forget(key)


async def _expect_lease(runtime: Runtime, holder: LeaseHolder) -> None:
    if not await holder.holds(runtime.store):
        raise FoldingElsewhere("another makes the figures again")


async def _chunks(seqs: AsyncIterator[tuple[str, int]]) -> AsyncIterator[list[tuple[str, int]]]:
    chunk: list[tuple[str, int]] = []
    async for member_seq in seqs:
        chunk.append(member_seq)
        if len(chunk) == MEMBERS_AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk

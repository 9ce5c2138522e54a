"""Makes the figures again from the journal alone, beside a working server: what a migration, a lost document
or a changed fold asks for.

Whoever does it holds the lease, so nobody folds meanwhile; commits go on and leave their marks. Members and
their months are written as they are folded, days at the end, since every member adds to them. A mark in the
database says that it is under way, and from which day on: cut off, the next projector begins it again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence, Set
from datetime import date

import structlog

from domain.model.club.leaderboards import SCORES
from domain.model.figures.folding import fold_row
from domain.model.figures.increments import DAYS, MONTHS, NOW, DocumentKey, Increments
from domain.model.figures.member_figures import NOTHING_YET
from domain.model.figures.message_fates import is_fate
from domain.model.values import dataclass
from domain.services.club.handed_over import hand_over
from domain.services.club.standings import place_scores
from domain.services.club.undone_referrals import find_undone
from domain.services.runtime import Runtime
from domain.store import bulk
from domain.store.document_store import Write
from domain.store.figures import due, lease, member_figures, sums
from domain.store.figures.lease import FoldingElsewhere, LeaseHolder, MustCountAll
from domain.store.ledger import journal_stream, members
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.archived.journal_bases import ArchiveAway

MEMBERS_AT_ONCE = 50
MEMBERS_LOOKED_AT = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Part:
    """Which documents are made again: all, or with `since` those of a day and later ones, of its month and
    later ones, of members, and what stands now. Ids of days and months begin with them.
    """

    since: date | None = None

    def holds(self, key: DocumentKey) -> bool:
        """Tell whether a document is one of them."""
        if self.since is None or key.collection == NOW:
            return True
        if key.collection == MONTHS:
            return key.id >= f"{self.since:%Y-%m}"
        return key.collection == DAYS and key.id >= self.since.isoformat()


async def rebuild(
    runtime: Runtime,
    holder: LeaseHolder,
    *,
    since: date | None = None,
    progress: Callable[[int], None] = lambda _rows: None,
) -> int:
    """Make the figures again; return how many rows they hold. `progress` gets the rows folded so far.

    With `since` documents of earlier days stay as they are, and so do leaderboards. All rows are read even
    so: what one adds depends on what its member did before. Each member is folded up to the row that their
    figures hold, and no further: a row that waits may be of an earlier day.

    The lease is taken away from whoever folds. Raises FoldingElsewhere where it is taken away in turn, and,
    before anything is touched, ArchiveAway where rows stand in an archive that is not here, and MustCountAll
    where the figures of earlier days are not whole.
    """
    part = await _begin(runtime, holder, since)
    increments, row_count, closed = Increments(), 0, list[str]()
    stale_days = await _keep_fates(runtime, increments, part)
    async for chunk in _chunks(_iterate_seqs(runtime, part)):
        writes: list[Write] = []
        for member, seq in chunk:
            folded_count, figures = await _fold_member(runtime, holder, member, seq, increments, part)
            row_count += folded_count
            writes += figures
        if part.since is None:
            closed += await members.find_closed(runtime.store, [member for member, _ in chunk])
            await place_scores(runtime, increments)
        await _write_of_members(runtime, increments, writes, part)
        await _expect_lease(runtime, holder)
        progress(row_count)
    await _replace_days(runtime, holder, increments, stale_days)
    for start in range(0, len(closed), MEMBERS_AT_ONCE):
        await _hand_over(runtime, holder, closed[start : start + MEMBERS_AT_ONCE])
    await lease.end_rebuild(runtime.store, holder)
    log.info("figures.rebuilt", rows=row_count, since=part.since and part.since.isoformat())
    return row_count


async def go_on(runtime: Runtime, holder: LeaseHolder) -> None:
    """Make the figures again that are to be made, or whose making was cut off: those from a day on, unless
    the days before it turn out not to be whole.
    """
    try:
        await rebuild(runtime, holder, since=await lease.find_since(runtime.store))
    except MustCountAll:
        await rebuild(runtime, holder)


async def _begin(runtime: Runtime, holder: LeaseHolder, since: date | None) -> _Part:
    """Take the lease, and leave out what is made again. Raises ArchiveAway and MustCountAll before that."""
    archived_before = await journal_bases.read_archived_before(runtime.store)
    if archived_before is not None and runtime.store.archive is None:
        raise ArchiveAway(f"rows of before {archived_before:%Y-%m-%d} stand in the archive")
    if since is None:
        await lease.begin_rebuild(runtime.store, holder)
        await bulk.empty_collections(runtime.store, [member_figures.COLLECTION, *sums.REBUILT])
        return _Part()
    await _expect_all_known(runtime)
    since = await lease.begin_rebuild_since(runtime.store, holder, since)
    await sums.delete_months(runtime.store, since=since)
    return _Part(since)


async def _expect_all_known(runtime: Runtime) -> None:
    """Raise MustCountAll where a member's figures are lost: nobody knows then which of their rows earlier
    days hold. Whoever has none yet, and waits, is in none of them.
    """
    async for chunk in _chunks(members.iterate_seqs(runtime.store), size=MEMBERS_LOOKED_AT):
        ids = [member for member, seq in chunk if seq]
        waiting = await due.find_marked(runtime.store, ids)
        known = await member_figures.find_seqs(runtime.store, ids)
        if lost := set(ids) - waiting - known.keys():
            raise MustCountAll(f"figures of {len(lost)} members are lost")


async def _iterate_seqs(runtime: Runtime, part: _Part) -> AsyncIterator[tuple[str, int]]:
    """Yield every member with the row up to which they are folded: the newest, or with `since` the one that
    their figures hold.
    """
    if part.since is None:
        async for member, seq in members.iterate_seqs(runtime.store):
            yield member, seq
        return
    async for chunk in _chunks(members.iterate_seqs(runtime.store)):
        for member_seq in (
            await member_figures.find_seqs(runtime.store, [member for member, _ in chunk])
        ).items():
            yield member_seq


async def ask_rebuild(runtime: Runtime) -> None:
    """Have the figures made again by whoever folds: within seconds, or once a worker runs."""
    await lease.ask_rebuild(runtime.store)


async def _keep_fates(runtime: Runtime, increments: Increments, part: _Part) -> set[str]:
    """Add what became of messages, which the journal does not say; return the ids of the days there are."""
    ids = set[str]()
    async for document in sums.iterate_days(runtime.store, since=part.since):
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
    runtime: Runtime, holder: LeaseHolder, member: str, seq: int, increments: Increments, part: _Part
) -> tuple[int, list[Write]]:
    """Fold a member's rows up to a seq; return how many, and the write of what is kept of them. The lease is
    renewed in between: else members of many rows would take longer than it lasts.
    """
    figures, row_count = NOTHING_YET, 0
    async for row in journal_stream.stream_member(runtime.store, member, until_seq=seq):
        programme = (await runtime.programmes.load_version(row.version)).programme
        undone = await find_undone(runtime, member, row) if part.since is None else ()
        figures = fold_row(programme, member, figures, row, increments, undone)
        row_count += 1
        await _expect_lease(runtime, holder)
    if not row_count:
        return 0, []
    if part.since is not None:
        return row_count, [member_figures.replace_write(member, figures)]
    return row_count, [member_figures.move_write(member, NOTHING_YET, figures)]


async def _hand_over(runtime: Runtime, holder: LeaseHolder, closed: Sequence[str]) -> None:
    """Move the scores of closed memberships to those that took them over, and the ranks that are written."""

    async def attempt() -> None:
        moved = Increments()
        await hand_over(runtime, moved, closed)
        proofs = await place_scores(runtime, moved)
        await runtime.store.transact([holder.write(), *proofs, *sums.increment_writes(moved)])

    await runtime.store.run_rounds(attempt)


async def _write_of_members(
    runtime: Runtime, increments: Increments, figures: Sequence[Write], part: _Part
) -> None:
    """Write the figures, months and scores of members who are folded; forget those, and what is not made."""
    done = [key for key in increments.sums if key.collection in (MONTHS, SCORES) or not part.holds(key)]
    wanted = [key for key in done if part.holds(key)]
    for collection, operations in bulk.chunks([*figures, *sums.insert_writes(increments, wanted)]):
        await bulk.write_chunk(runtime.store, collection, operations)
    for key in done:
        increments.forget(key)


async def _expect_lease(runtime: Runtime, holder: LeaseHolder) -> None:
    if not await holder.holds(runtime.store):
        raise FoldingElsewhere("another makes the figures again")


async def _chunks(
    seqs: AsyncIterator[tuple[str, int]], *, size: int = MEMBERS_AT_ONCE
) -> AsyncIterator[list[tuple[str, int]]]:
    chunk: list[tuple[str, int]] = []
    async for member_seq in seqs:
        chunk.append(member_seq)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk

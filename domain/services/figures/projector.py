"""The projector: it folds rows of the journal into figures, each row once, whatever crashes.

Every commit leaves a mark of its member. A round takes marks, reads those members' rows after the seq that
their figures hold, and in one transaction moves that seq, guarded, and adds the sums; then, outside it, it
deletes the marks that say no more than what was folded. A round that dies before its transaction has done
nothing; one that dies after it leaves marks of which nothing is left to fold.

Rows of one member are folded in their order, members in any. A lease keeps a second process from doing the
same work, and each transaction proves that it is still held: figures that are made again are in nobody's way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

import structlog

from domain.model.club.leaderboards import SCORES
from domain.model.event_names import UNMERGED
from domain.model.figures.folding import fold_row
from domain.model.figures.increments import Increments
from domain.model.figures.member_figures import NOTHING_YET, MemberFigures
from domain.model.ledger.decision import JournalRow
from domain.model.values import dataclass
from domain.services.club.handed_over import give_back, hand_over
from domain.services.club.periods import finish_due
from domain.services.club.product_links import measure_if_due
from domain.services.club.standings import place_scores
from domain.services.club.undone_referrals import find_undone
from domain.services.figures.lapses import DailyLapses
from domain.services.figures.message_counts import count_messages
from domain.services.figures.rebuilding import go_on
from domain.services.figures.results import DailyResults
from domain.services.runtime import Runtime
from domain.store.cancellation import raise_pending_cancellation
from domain.store.counters import FIGURE_ROWS_MISSING
from domain.store.document_store import Busy, DatabaseError, Write
from domain.store.figures import due, lease, member_figures, sums
from domain.store.figures.due import DueMember
from domain.store.figures.lease import FoldingElsewhere, LeaseHolder
from domain.store.ledger import journal_stream
from domain.store.ledger.journal_stream import MemberRow

MAX_MEMBERS = 200
MAX_ROWS, LEAST_ROWS = 200, 25
MAX_WRITES = 900  # of one transaction, under the thousand that a store takes
KEYS_AT_ONCE = 100  # the embedded server takes 0.3 ms a row for so many ids, and six times that for 1,000
POLL_SECONDS = 1.0
FINISH_EACH = timedelta(seconds=20)  # how often periods of leaderboards are looked at

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class FigureRound:
    """What a round did: rows folded, members that waited, and for how long the first of them had. `is_idle`
    where another process folds, or nothing waited.
    """

    row_count: int = 0
    member_count: int = 0
    behind: timedelta = timedelta(0)

    @property
    def is_idle(self) -> bool:
        """Tell whether there was nothing to do."""
        return not self.member_count


IDLE = FigureRound()


@dataclass(slots=True)
class _Fold:
    """A round's fold: what it adds, and each member's figures before and after."""

    increments: Increments = field(default_factory=Increments)
    before: dict[str, MemberFigures] = field(default_factory=dict)
    after: dict[str, MemberFigures] = field(default_factory=dict)
    unmerged: list[tuple[str, str]] = field(default_factory=list)  # what gave back, and to which membership
    row_count: int = 0

    @property
    def write_count(self) -> int:
        """Count what is added to, the members, and for each score the proof that its member plays."""
        scores = sum(key.collection == SCORES for key in self.increments.sums)
        return len(self.increments) + len(self.after) + scores


# ---------------------------------------------------------------- a round
async def run_round(
    runtime: Runtime, holder: LeaseHolder, *, now: datetime, most_rows: int = MAX_ROWS
) -> FigureRound:
    """Fold up to so many rows of the members that wait, or what one transaction holds. Nothing where another
    process folds. What was cut off while figures were made again is begun again first. Raises Busy.

    `now` is the programme's instant, as commits mark it.
    """
    if not await holder.holds(runtime.store):
        return IDLE
    try:
        if holder.must_rebuild:
            await go_on(runtime, holder)
        waiting = await due.find_due(runtime.store, first=MAX_MEMBERS)
        if not waiting:
            return IDLE
        row_count = await runtime.store.run_rounds(
            lambda: _fold_waiting(runtime, holder, waiting, most_rows, now=now)
        )
    except FoldingElsewhere:
        holder.held_until = None
        return IDLE
    behind = max(now - waiting[0].since, timedelta(0))
    return FigureRound(row_count, len(waiting), behind)


async def _fold_waiting(
    runtime: Runtime, holder: LeaseHolder, waiting: Sequence[DueMember], most_rows: int, *, now: datetime
) -> int:
    """Fold and commit; return how many rows. Raises FoldingElsewhere, and Stale where another was quicker."""
    known = await member_figures.find_many(runtime.store, [each.member for each in waiting])
    keys = _keys_to_fold(waiting, known, most_rows)
    rows = await _read_rows(runtime, keys)
    await runtime.programmes.load_versions({each.row.version for each in rows.values()})
    folded = _Fold()
    for member, seq in keys:
        if folded.write_count >= MAX_WRITES:
            break
        stored = rows.get((member, seq))
        if stored is None:
            FIGURE_ROWS_MISSING.inc()
            log.error("figures.row_missing", member=member, seq=seq, remedy="selo verify --member")
            continue
        await _fold_row(runtime, folded, member, stored.row, known.get(member, NOTHING_YET))
    if folded.after:
        proofs = await _place_scores(runtime, folded)
        moves = [
            member_figures.move_write(member, folded.before[member], figures)
            for member, figures in folded.after.items()
        ]
        added = sums.increment_writes(folded.increments)
        await runtime.store.transact([holder.write(), *moves, *proofs, *added])
    await _delete_marks(runtime, waiting, {**known, **folded.after}, read_at=now)
    return folded.row_count


async def _read_rows(runtime: Runtime, keys: Sequence[tuple[str, int]]) -> dict[tuple[str, int], MemberRow]:
    rows: dict[tuple[str, int], MemberRow] = {}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        rows |= await journal_stream.find_rows(runtime.store, keys[start : start + KEYS_AT_ONCE])
    return rows


def _keys_to_fold(
    waiting: Sequence[DueMember], known: Mapping[str, MemberFigures], most_rows: int
) -> list[tuple[str, int]]:
    """Return which rows a round reads: those of each member in their order, members as they wait."""
    keys: list[tuple[str, int]] = []
    for each in waiting:
        folded_seq = known[each.member].seq if each.member in known else 0
        last = min(each.seq, folded_seq + most_rows - len(keys))
        keys += [(each.member, seq) for seq in range(folded_seq + 1, last + 1)]
        if len(keys) >= most_rows:
            break
    return keys


async def _place_scores(runtime: Runtime, folded: _Fold) -> list[Write]:
    if not runtime.programme.leaderboards:
        return []
    for into, source in folded.unmerged:
        await give_back(runtime, folded.increments, source=source, into=into)
    await hand_over(runtime, folded.increments, folded.after)
    return await place_scores(runtime, folded.increments)


async def _fold_row(
    runtime: Runtime, folded: _Fold, member: str, row: JournalRow, before_round: MemberFigures
) -> None:
    before = folded.after.get(member, before_round)
    programme = runtime.programmes.loaded_or_current(row.version)
    folded.before.setdefault(member, before_round)
    undone = await find_undone(runtime, member, row)
    folded.after[member] = fold_row(programme, member, before, row, folded.increments, undone)
    if row.event.name == UNMERGED:
        folded.unmerged.append((member, str(row.event.data["member"])))
    folded.row_count += 1


async def _delete_marks(
    runtime: Runtime,
    waiting: Sequence[DueMember],
    figures: Mapping[str, MemberFigures],
    *,
    read_at: datetime,
) -> None:
    """Delete the marks of those of whom everything is folded."""
    done = {
        each.member: figures[each.member].seq
        for each in waiting
        if each.member in figures and figures[each.member].seq >= each.seq
    }
    await due.delete_folded(runtime.store, done, read_at=read_at)


# ---------------------------------------------------------------- until cancelled
async def keep_projecting(
    runtime: Runtime,
    *,
    clock: Callable[[], datetime],
    programme_clock: Callable[[], datetime],
    on_error: Callable[[Exception], None],
) -> None:
    """Fold what waits, each second and without a pause while more waits, until cancelled. One process of all
    does; another takes over some seconds after it has ended.
    """
    holder, most_rows, next_finish = LeaseHolder(clock), MAX_ROWS, clock()
    daily_results, daily_lapses = DailyResults(), DailyLapses()
    try:
        while True:
            done = IDLE
            try:
                done = await run_round(runtime, holder, now=programme_clock(), most_rows=most_rows)
                most_rows = min(most_rows * 2, MAX_ROWS)
                await count_messages(runtime, holder)
                if not _is_more(done, most_rows) and holder.held_until is not None:
                    await daily_results.measure_if_due(runtime, now=programme_clock())
                    await daily_lapses.go_on(runtime, now=programme_clock())
                    if clock() >= next_finish:
                        next_finish = clock() + FINISH_EACH
                        await finish_due(runtime, holder, now=programme_clock())
                        await measure_if_due(runtime, now=programme_clock())
            except FoldingElsewhere:
                holder.held_until = None
            except Busy:  # a slow machine: fewer at once
                most_rows = max(most_rows // 2, LEAST_ROWS)
            except Exception as fault:  # noqa: BLE001 - reported, and the next round goes on
                if isinstance(fault, DatabaseError) and fault.timeout:  # slower still
                    most_rows = max(most_rows // 2, LEAST_ROWS)
                on_error(fault)
            raise_pending_cancellation()
            await asyncio.sleep(0 if _is_more(done, most_rows) else POLL_SECONDS)
    finally:
        if holder.held_until is not None:
            await _release(runtime, holder)


def _is_more(done: FigureRound, most_rows: int) -> bool:
    """Tell whether more waits than the round took: where each second brings something, no round is idle."""
    return done.member_count == MAX_MEMBERS or done.row_count >= most_rows


async def _release(runtime: Runtime, holder: LeaseHolder) -> None:
    try:
        async with asyncio.timeout(POLL_SECONDS):
            await lease.release(runtime.store, holder=holder.name)
    except (DatabaseError, TimeoutError):
        log.info("figures.lease_left", ends_in_seconds=lease.LEASE.total_seconds())

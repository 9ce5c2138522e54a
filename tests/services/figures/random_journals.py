"""Random journals in a database, and a projector that is killed while it folds them.

Stories are those of the laws of returns: purchases, some late, refunds, corrections, vouchers, codes, levels, a
friend who was invited; then one of the two is erased, or merged into the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from domain.model.event_names import ERASED, MERGED
from domain.model.ledger.decide import decide
from domain.model.ledger.decision import JournalRow
from domain.model.ledger.events import Event
from domain.model.simulate import InputLine
from domain.services.figures import projector
from domain.services.runtime import Runtime
from domain.store.document_store import TransactionStep, Write
from domain.store.figures import due
from domain.store.figures.lease import LEASE, LeaseHolder
from domain.store.ledger import journal, journal_rows
from tests.laws.returning_histories import StoryRun, lived, random_story, settled

Rows = list[tuple[str, JournalRow]]


def random_rows(seed: int) -> dict[str, list[JournalRow]]:
    """The rows of a story's members, by ids of their own."""
    random = Random(seed)
    run = lived(random_story(random, with_others=True, with_corrections=True), is_recorded=True)
    if seed % 3 == 1:
        run.wait(run.clock + timedelta(hours=1))
        run.declare(MERGED)
        for _ in run.event(InputLine(99_999, run.clock, "ana", MERGED, "selo", {"from": "bob"})):
            pass
    run = settled(run)
    rows = {f"{seed}-{who}": list(of_member) for who, of_member in run.rows.items()}
    if seed % 3 == 2:
        rows[f"{seed}-bob"] += _erased(run)
    return rows


def _erased(run: StoryRun) -> Sequence[JournalRow]:
    at = run.clock + timedelta(hours=1)
    event = Event("erase:bob", ERASED, at, "selo")
    return decide(run.programme, run.members["bob"], event, now=at).rows


class Killed(BaseException):
    """The projector's process ends here."""


class Projector:
    """A projector of which each life is ended at a random step: before its transaction, after it, or before
    it deletes its marks.
    """

    def __init__(self, runtime: Runtime, random: Random, *, kills: int) -> None:
        self._runtime, self._random, self.kills_left = runtime, random, kills
        self._now = datetime(2027, 1, 1, tzinfo=UTC)
        self._holder = LeaseHolder(lambda: self._now)
        self._transact = runtime.store.transact
        runtime.store.transact = self._transact_or_die  # type: ignore[method-assign]

    async def run_round(self) -> projector.FigureRound:
        """Run a round; where it is killed, a new process takes over once the lease has ended."""
        try:
            return await projector.run_round(
                self._runtime, self._holder, now=self._now, most_rows=self._random.choice((5, 20, 200))
            )
        except Killed:
            self._now += LEASE + timedelta(seconds=1)
            self._holder = LeaseHolder(lambda: self._now)
            return projector.FigureRound(0, 1)

    async def run_to_the_end(self) -> None:
        """Fold everything."""
        while not (await self.run_round()).is_idle:
            pass

    async def _transact_or_die(
        self, writes: Sequence[Write], *, extra_steps: Sequence[TransactionStep] = ()
    ) -> None:
        is_last = self.kills_left > 0 and self._random.random() < 0.5
        is_before = self._random.random() < 0.5
        if is_last:
            self.kills_left -= 1
            if is_before:
                raise Killed
        await self._transact(writes, extra_steps=extra_steps)
        if is_last:
            raise Killed


async def commit_in_pieces(
    runtime: Runtime, rows_by_member: dict[str, list[JournalRow]], projector_: Projector, random: Random
) -> None:
    """Write the rows as commits do, a few of a random member at a time, with a round now and then."""
    waiting = {member: list(rows) for member, rows in rows_by_member.items() if rows}
    members = [{"_id": member, "version": len(rows)} for member, rows in waiting.items()]
    await runtime.store["members"].insert_many(members)
    while waiting:
        member = random.choice(sorted(waiting))
        count = random.randrange(1, 8)
        piece, waiting[member] = waiting[member][:count], waiting[member][count:]
        documents: list[dict[str, Any]] = [journal_rows.row_document(member, row) for row in piece]
        await runtime.store[journal.COLLECTION].insert_many(documents)
        mark = due.mark_write(member, piece[-1].seq, now=datetime(2027, 1, 1, tzinfo=UTC))
        await runtime.store[due.COLLECTION].bulk_write([mark.operation])
        if not waiting[member]:
            del waiting[member]
        if random.random() < 0.5:
            await projector_.run_round()

"""The sweep after a publish: computes the next due instant anew for those members whose it may have changed.

It moves nothing of value and adds no row to a journal, so it needs no transaction. Any number of workers
share it by claiming ranges at random. The turn never waits for it: until a member is swept, whoever reads
them looks at them, and what falls due is written down a little later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from domain.model.calendar import milliseconds
from domain.model.ledger.decision import Decision
from domain.model.ledger.sweeping.due_change import DueChange
from domain.model.values import dataclass
from domain.services.runtime import Runtime
from domain.store import commit, counters
from domain.store.cancellation import raise_pending_cancellation
from domain.store.connect import Raw
from domain.store.document_store import READ_ERRORS
from domain.store.ledger import members
from domain.store.ledger.due import sweeps
from domain.store.ledger.due.sweeps import ComputedDue, SweepRange
from domain.store.ledger.programmes import PublishedProgramme

SWEEP_SECONDS = 2.0

Progress = Callable[[int], None]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a sweep did: members looked at, those whose instant was written, and those that cannot be read."""

    looked_count: int = 0
    written_count: int = 0
    failed_count: int = 0

    def __add__(self, other: SweepReport) -> SweepReport:
        return SweepReport(
            self.looked_count + other.looked_count,
            self.written_count + other.written_count,
            self.failed_count + other.failed_count,
        )


def no_progress(looked: int) -> None:
    """Show no progress."""


async def sweep(
    runtime: Runtime, *, clock: Callable[[], datetime], progress: Progress = no_progress
) -> SweepReport:
    """Sweep ranges until none is due that nobody else has. `progress` gets the number of members looked
    at.
    """
    report = SweepReport()
    while claimed := await sweeps.claim_random(runtime.store, now=milliseconds(clock())):
        change = await runtime.programmes.due_change_of(claimed.version)
        report += await _sweep_range(runtime, claimed, change, clock=clock)
        progress(report.looked_count)
        raise_pending_cancellation()
    return report


async def _sweep_range(
    runtime: Runtime, claimed: SweepRange, change: DueChange, *, clock: Callable[[], datetime]
) -> SweepReport:
    """Sweep a claimed range to its end, or until another worker has it."""
    report = SweepReport()
    async for batch in sweeps.iterate_batches(runtime.store, claimed, change):
        dues, failed_count = _compute(runtime.programmes.current(), batch, change)
        written_count = await sweeps.write_dues(runtime.store, dues)
        done = SweepReport(len(batch), written_count, failed_count)
        _count(done)
        report += done
        held = await sweeps.note_position(runtime.store, claimed, batch[-1]["_id"], now=milliseconds(clock()))
        if held is None:
            return report
        claimed = held
    await sweeps.finish(runtime.store, claimed, now=milliseconds(clock()))
    return report


def _compute(
    published: PublishedProgramme, batch: list[Raw], change: DueChange
) -> tuple[list[ComputedDue], int]:
    """Return the instants of those members whom the change concerns, and how many cannot be read."""
    dues, failed_count = list[ComputedDue](), 0
    for row in batch:
        try:
            member = members.read_member(row).member
            if change.concerns(member):
                next_due = commit.next_due_after(published, Decision(member, member))
                dues.append(ComputedDue(member.id, member.seq, next_due))
        except READ_ERRORS as fault:
            failed_count += 1
            log.error("sweep.member_unreadable", member=row["_id"], fault=type(fault).__name__)
    return dues, failed_count


def _count(report: SweepReport) -> None:
    for what, number in (
        ("looked", report.looked_count),
        ("written", report.written_count),
        ("failed", report.failed_count),
    ):
        counters.SWEEP_MEMBERS.labels(what).inc(number)


async def keep_sweeping(
    runtime: Runtime, *, clock: Callable[[], datetime], on_error: Callable[[Exception], None]
) -> None:
    """Look for ranges every two seconds, until cancelled. `on_error` gets the error of a sweep that
    failed.
    """
    while True:
        try:
            await sweep(runtime, clock=clock)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next look comes
            on_error(error)
        raise_pending_cancellation()
        await asyncio.sleep(SWEEP_SECONDS)

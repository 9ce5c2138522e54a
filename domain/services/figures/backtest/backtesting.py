"""A back-test: a sample of members, their journals read once, decided again by a draft in processes of their
own, and compared with what is stored.

Members are taken in the order of their ids, which are random: the same ones for each draft.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from domain.model.figures.backtest.comparison import Comparison
from domain.model.figures.backtest.report import BacktestReport, report_of
from domain.model.programme.loading import load_published
from domain.model.values import dataclass
from domain.services.figures.backtest.deciding_process import CaseTexts, StoredHistory
from domain.services.figures.backtest.process_pool import DecidingProcess, core_count, open_processes
from domain.services.runtime import Runtime
from domain.store.document_store import DocumentStore
from domain.store.ledger import members
from domain.store.ledger.scans import histories

BATCH_ROWS = 1_000
BATCH_MEMBERS = 50
SAMPLE = 5_000


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """A draft's text, the instant from which on it is tried, and on how many members at most."""

    draft: str
    since: datetime
    sample: int = SAMPLE


@dataclass(frozen=True, slots=True)
class BacktestProgress:
    """How far a back-test is: members and events done, of so many members."""

    members_done: int
    members: int
    events_done: int


Progress = Callable[[BacktestProgress], None]


async def run_backtest(
    runtime: Runtime, request: BacktestRequest, *, now: datetime, progress: Progress
) -> BacktestReport:
    """Try a draft, which was checked, on what happened. Raises ProcessFailed."""
    draft = await asyncio.to_thread(load_published, request.draft)
    texts = await _case_texts(runtime, request, now=now)
    member_count = await histories.count_members(runtime.store, most=request.sample + 1)
    sampled = min(member_count, request.sample)
    total, left_out = Comparison(), _LeftOut()
    progress(BacktestProgress(0, sampled, 0))

    async def work(
        process: DecidingProcess, batches: AsyncIterator[list[StoredHistory]], lock: asyncio.Lock
    ) -> None:
        while True:
            async with lock:
                batch = await anext(batches, None)
            if batch is None:
                return
            total.add(await process.compare(batch))
            progress(BacktestProgress(total.members + total.left_out, sampled, total.events))

    batches, lock = _batches(runtime, sampled, left_out), asyncio.Lock()
    async with open_processes(texts, count=core_count()) as processes, asyncio.TaskGroup() as tasks:
        for process in processes:
            tasks.create_task(work(process, batches, lock))
    return report_of(
        total,
        runtime.programme,
        draft,
        since=request.since,
        until=now,
        is_sample=member_count > sampled,
        left_out_count=left_out.count + total.left_out,
    )


@dataclass(slots=True)
class _LeftOut:
    count: int = 0


async def _case_texts(runtime: Runtime, request: BacktestRequest, *, now: datetime) -> CaseTexts:
    versions = await runtime.programmes.read_versions()
    return CaseTexts(
        request.draft,
        {number: version.text for number, version in versions.items()},
        {number: version.published_at for number, version in versions.items()},
        request.since,
        now,
        await _is_sold_out(runtime, now=now),
    )


async def _is_sold_out(runtime: Runtime, *, now: datetime) -> bool:
    """Tell whether a limited reward is used up by now. One that was so for a while, until vouchers came back,
    is taken as never sold out.
    """
    stock = await runtime.stock.stock_state(runtime.programme, now=now)
    return bool(stock.sold_out)


async def _batches(runtime: Runtime, sample: int, left_out: _LeftOut) -> AsyncIterator[list[StoredHistory]]:
    batch, row_count = list[StoredHistory](), 0
    async for history in histories.iterate_histories(runtime.store, first=sample):
        if history is None:
            left_out.count += 1
            continue
        batch.append(StoredHistory(history.member, history.rows))
        row_count += len(history.rows)
        if row_count >= BATCH_ROWS or len(batch) >= BATCH_MEMBERS:
            yield batch
            batch, row_count = [], 0
    if batch:
        yield batch


async def numbers_of(store: DocumentStore, report: BacktestReport) -> dict[str, str]:
    """Return the membership numbers of the members whom a report names."""
    ids = [change.member for change in (*report.gaining, *report.losing)]
    return {id: stored.member.number for id, stored in (await members.find_many(store, ids)).items()}

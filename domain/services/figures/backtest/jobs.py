"""Back-tests that run beside a server: one at a time in each, its processes outside the event loop. They end
with the server, and whoever asked may end one before.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import field
from datetime import datetime

import structlog

from domain.model.ledger.decision import Refusal
from domain.model.values import dataclass
from domain.services.errors import InvalidInput, NotFound
from domain.services.figures.backtest.backtesting import BacktestProgress, BacktestRequest, run_backtest
from domain.services.runtime import Runtime
from domain.store.cancellation import raise_pending_cancellation
from domain.store.figures import backtests
from domain.store.figures.backtests import Backtest, BacktestState

MOST_MEMBERS = 20_000
SHOWN = 20
SIGN_OF_LIFE_SECONDS = 1.0
LONGEST_SECONDS = 3_600.0

log = structlog.get_logger(__name__)


class BacktestRunning(Refusal):
    """Another back-test runs on this server: wait for it, or end it."""

    def __init__(self) -> None:
        super().__init__("another back-test runs")


@dataclass
class BacktestJobs:
    """The back-tests of one process. `clock` gives the world's instant, by which their lives are counted."""

    clock: Callable[[], datetime]
    _task: asyncio.Task[None] | None = field(default=None, init=False)
    _running: str | None = field(default=None, init=False)

    async def start(
        self,
        runtime: Runtime,
        request: BacktestRequest,
        *,
        staff: str,
        now: datetime,
        digest: str | None = None,
    ) -> Backtest:
        """Start a back-test of a draft that was checked, with its digest; `now` is the programme's instant.
        Raises BacktestRunning, InvalidInput.
        """
        if not 1 <= request.sample <= MOST_MEMBERS:
            raise InvalidInput("sample", f"a back-test takes 1 to {MOST_MEMBERS} members")
        if request.since > now:
            raise InvalidInput("since", "the day is still to come; name one that has begun")
        if self._running is not None:
            raise BacktestRunning
        self._running = id = secrets.token_hex(16)
        try:
            backtest = await backtests.create(
                runtime.store, id, staff=staff, since=request.since, now=self.clock(), digest=digest
            )
        except BaseException:
            self._running = None
            raise
        self._task = asyncio.create_task(self._run(runtime, id, request, now))
        return backtest

    async def cancel(self, runtime: Runtime, id: str) -> Backtest:
        """End a back-test, whichever server runs it; one that has ended stays as it is. Raises NotFound."""
        if await self.find(runtime, id) is None:
            raise NotFound(id)
        await backtests.ask_for_end(runtime.store, id)
        if self._running == id and self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(asyncio.wait({self._task}))
        after = await self.find(runtime, id)
        assert after is not None, "it is kept for weeks"
        return after

    async def find(self, runtime: Runtime, id: str) -> Backtest | None:
        """Return a back-test."""
        return await backtests.find(runtime.store, id, now=self.clock())

    async def list_newest(self, runtime: Runtime) -> list[Backtest]:
        """Return the newest back-tests of all servers."""
        return await backtests.find_newest(runtime.store, now=self.clock(), first=SHOWN)

    async def close(self) -> None:
        """End what runs: its processes are gone after this."""
        task = self._task
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait({task})

    async def _run(self, runtime: Runtime, id: str, request: BacktestRequest, now: datetime) -> None:
        progress = BacktestProgress(0, 0, 0)
        state: BacktestState = "FAILED"
        report = None

        def note(latest: BacktestProgress) -> None:
            nonlocal progress
            progress = latest

        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                work = asyncio.ensure_future(run_backtest(runtime, request, now=now, progress=note))
                try:
                    while not (await asyncio.wait({work}, timeout=SIGN_OF_LIFE_SECONDS))[0]:
                        if await self._is_to_end(runtime, id, progress):
                            state = "CANCELLED"
                            return
                        raise_pending_cancellation()
                finally:
                    work.cancel()
                    await asyncio.wait({work})
                report, state = work.result(), "DONE"
        except asyncio.CancelledError:
            state = "CANCELLED"
        except Exception as fault:  # whatever it was, the back-test says that it failed
            log.exception("backtest.failed", fault=type(fault).__name__)
        finally:
            self._running = None
            await asyncio.shield(
                backtests.end(runtime.store, id, state=state, report=report, now=self.clock())
            )

    async def _is_to_end(self, runtime: Runtime, id: str, progress: BacktestProgress) -> bool:
        return await backtests.note_progress(
            runtime.store,
            id,
            members=progress.members,
            members_done=progress.members_done,
            events_done=progress.events_done,
            now=self.clock(),
        )

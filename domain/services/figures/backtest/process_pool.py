"""The processes of a back-test: one a core, each with one batch at a time.

They are told all by pipes, so they end with whoever started them, also where that is killed.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import domain
from domain.model.figures.backtest.comparison import Comparison
from domain.model.values import dataclass
from domain.services.figures.backtest.deciding_process import (
    LENGTH_BYTES,
    CaseTexts,
    StoredHistory,
    frame,
)

BATCH_SECONDS = 120.0  # a batch of a thousand rows takes one, on a busy machine ten
PROGRAM = "from domain.services.figures.backtest.deciding_process import main; main()"
ROOT = Path(domain.__file__).resolve().parent.parent


class ProcessFailed(Exception):
    """A process of a back-test ended, or did not answer in its time."""


def core_count() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class DecidingProcess:
    """One process, which answers a batch at a time."""

    process: asyncio.subprocess.Process

    async def compare(self, batch: list[StoredHistory]) -> Comparison:
        """Return what a batch comes to. Raises ProcessFailed."""
        try:
            async with asyncio.timeout(BATCH_SECONDS):
                answer = await self._ask(batch)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as fault:
            raise ProcessFailed(f"a process of the back-test failed ({type(fault).__name__})") from fault
        assert isinstance(answer, Comparison), "a batch is answered by a comparison"
        return answer

    async def tell(self, texts: CaseTexts) -> None:
        """Tell the process what is tried on what."""
        assert self.process.stdin is not None, "opened with a pipe"
        self.process.stdin.write(frame(texts))
        await self.process.stdin.drain()

    async def _ask(self, batch: list[StoredHistory]) -> object:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None, "opened with pipes"
        assert stdout is not None, "opened with pipes"
        stdin.write(frame(batch))
        await stdin.drain()
        length = int.from_bytes(await stdout.readexactly(LENGTH_BYTES), "big")
        return pickle.loads(await stdout.readexactly(length))  # noqa: S301 - our own process sends it


@asynccontextmanager
async def open_processes(texts: CaseTexts, *, count: int) -> AsyncIterator[list[DecidingProcess]]:
    """Start processes that know a case; at the end they are gone."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_open_process(texts)) for _ in range(count)]


@asynccontextmanager
async def _open_process(texts: CaseTexts) -> AsyncIterator[DecidingProcess]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", PROGRAM),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT)},  # our own environment holds secrets
    )
    try:
        deciding = DecidingProcess(process)
        await deciding.tell(texts)
        yield deciding
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

"""Tasks beside the requests end when they are told to, also where a cancellation got lost."""

import asyncio
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from api import background
from api.background import end_tasks, keep_running
from domain.services.ledger.turn import keep_turning
from domain.store.connect import Database
from tests.small_runtime import NOW, open_runtime


class FaultyDriver:
    """Waits, and hides a cancellation behind a fault of its own, as a driver does that cleans up."""

    def __init__(self) -> None:
        self.is_waiting = asyncio.Event()

    async def wait(self, _now: datetime | None = None) -> None:
        self.is_waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError("while it cleaned up") from None


async def test_work_beside_ends_though_its_cancellation_was_hidden() -> None:
    driver = FaultyDriver()
    task = asyncio.create_task(keep_running("a test", driver.wait), name="a test")
    await driver.is_waiting.wait()
    async with asyncio.timeout(60):
        await end_tasks([task])
    assert task.cancelled()


async def test_the_turn_ends_though_its_cancellation_was_hidden(database: Database) -> None:
    runtime, driver, met = await open_runtime(database), FaultyDriver(), list[Exception]()
    task = asyncio.create_task(
        keep_turning(
            runtime, clock=lambda: NOW, woken=asyncio.Event(), on_error=met.append, and_then=driver.wait
        )
    )
    await driver.is_waiting.wait()
    task.cancel()
    await asyncio.wait({task}, timeout=10)
    assert task.cancelled()
    assert [str(one) for one in met] == ["while it cleaned up"]


async def test_who_hides_one_cancellation_is_told_again_and_who_hides_all_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def deaf(times: int) -> None:
        for _ in range(times):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue
        await asyncio.Event().wait()

    once = asyncio.create_task(deaf(1), name="once")
    always = asyncio.create_task(deaf(background.MAX_CANCELLATIONS), name="always")
    await asyncio.sleep(0)
    monkeypatch.setattr(background, "CANCEL_AGAIN_SECONDS", 0.01)
    with capture_logs() as logs:
        await end_tasks([once, always])
    assert once.cancelled()
    assert not always.done()
    assert [one["what"] for one in logs if one["event"] == "beside.does_not_end"] == ["always"]
    always.cancel()
    await asyncio.wait({always})

"""What one process shares is opened whole, or not at all."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from api.process import open_process
from api.settings import Settings
from domain.store.connect import Database


async def test_a_start_that_was_told_to_stop_stops_though_a_library_swallowed_that(
    database: Database, tmp_path: Path
) -> None:
    opened = False

    async def start() -> None:
        nonlocal opened
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(30)
        async with open_process(Settings(data=tmp_path), database):
            opened = True

    starting = asyncio.create_task(start())
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not opened

"""The whole application, for the tests of its GraphQL API."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import RunningApp, open_running_app


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_running_app(database, command_log, tmp_path) as running:
        yield running
